/** Serves the page of the demo and its parts: a handful of files that are read once, at the start. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Listener } from '../../core/transport.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The page needs nothing but this server, runs nothing but its own files, and is nobody's frame. */
const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
  // For programs that are given the address of the page and want that of a stream.
  Link: '</events>; rel="alternate"; type="text/event-stream", </ws>; rel="alternate"',
};

export interface PageFile {
  /** Where it is served. */
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/**
 * The markup is used as it was written, the scripts as they were compiled.
 * @param folder of the package
 * @throws the error of Node when a file is missing, as scripts are before the first build
 */
export function readPage(folder: string): PageFile[] {
  const written = join(folder, 'servers', 'demo', 'page');
  const compiled = join(folder, 'dist', 'servers', 'demo', 'page');
  const scripts = readdirSync(compiled).filter((name) => extname(name) === '.js');
  return [
    fileAt('/', join(written, 'page.html')),
    ...['page.css', 'icon.svg'].map((name) => fileAt(`/demo/${name}`, join(written, name))),
    ...scripts.map((name) => fileAt(`/demo/${name}`, join(compiled, name))),
  ];
}

export function servePage(listener: Listener, files: readonly PageFile[]): void {
  for (const { path, type, bytes } of files) {
    listener.route('GET', path, (_request, response) => {
      response.writeHead(200, { ...HEADERS, 'Content-Type': type }).end(bytes);
    });
  }
}

function fileAt(path: string, file: string): PageFile {
  return { path, type: TYPES[extname(file)] ?? '', bytes: readFileSync(file) };
}
