/**
 * Loads a module that a user wrote, in TypeScript or JavaScript, and says in words why it cannot be loaded.
 * Whatever it imports from 'pushbench' is this very program, wherever its file lies and whether or not the
 * package is installed there.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { reasonOf } from '../core/errors.ts';

/** What can be loaded; Node 20 knows no TypeScript, so it is not asked. */
export const MODULE_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

export type UserModule =
  | { readonly exports: Readonly<Record<string, unknown>> }
  /** Why not, as the rest of a sentence. */
  | { readonly problem: string };

/**
 * @param path absolute
 * @param others endings that whoever asks reads without loading anything, to be named beside those of modules
 */
export async function loadUserModule(
  path: string,
  others: readonly string[] = [],
): Promise<UserModule> {
  const problem = problemOfPath(path, others);
  if (problem !== undefined) return { problem };
  const [{ createJiti }, pushbench] = await Promise.all([
    import('jiti'),
    import('./package-exports.ts'),
  ]);
  const jiti = createJiti(import.meta.url, {
    // A module without a default export is to be told from one with.
    interopDefault: false,
    // It would leave files behind in node_modules, or in the system's temporary folder.
    fsCache: false,
    virtualModules: { pushbench },
  });
  try {
    return { exports: exportsOf(await jiti.import<object>(path)) };
  } catch (error) {
    return { problem: whyNot(error, path) };
  }
}

/** The default export is that of the module, or all of `module.exports`. */
function exportsOf(module: object): Record<string, unknown> {
  const isCommonJs = !('default' in module) && !('__esModule' in module);
  const all: Record<string, unknown> = { ...module };
  return isCommonJs && Object.keys(all).length > 0 ? { ...all, default: all } : all;
}

function problemOfPath(path: string, others: readonly string[]): string | undefined {
  if (!existsSync(path)) return `there is no such file (${path})`;
  if (statSync(path).isDirectory()) return 'it is a folder; name the file in it';
  if (MODULE_EXTENSIONS.includes(extname(path))) return undefined;
  return `'${extname(path) || basename(path)}' is no module; it has to end in ${[...MODULE_EXTENSIONS, ...others].join(', ')}`;
}

/** One sentence with the line, and no stack: that of whoever loads it says nothing of the file. */
function whyNot(error: unknown, path: string): string {
  const reason = reasonOf(error);
  const [first = ''] = reason.split('\n', 1);
  const says = first
    .replace(/^(?:ParseError|SyntaxError): /, '')
    .trim()
    .replace(/\.$/, '');
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = syntaxPlace(reason) ?? lineOf(stack, path);
  if (place === undefined) return says;
  const { file = path, line } = place;
  return `${file === path ? '' : `${basename(file)}, `}line ${line}: ${says}`;
}

interface Place {
  readonly file?: string;
  readonly line: string;
}

/** The parser puts it at the end: 'Unexpected token\n /folder/file.ts:2:10'. It may be of another file. */
function syntaxPlace(reason: string): Place | undefined {
  const [, file, line] = /\n\s*(\S.*):(\d+):\d+\s*$/.exec(reason) ?? [];
  return file === undefined || line === undefined ? undefined : { file, line };
}

/** Where in the file it was thrown, or what was called from there. */
function lineOf(stack: string, path: string): Place | undefined {
  const [, after = ''] = stack.split(`${path}:`);
  const line = /^\d+/.exec(after)?.[0];
  return line === undefined ? undefined : { line };
}
