/**
 * Configurations with a known fault: the directive that was made wrong is the one that is blamed. What a
 * fault does is a matter of time-outs of hundreds of ms, so a machine that stands still for as long
 * would be blamed, too.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Blame } from '../../cli/tune-blame.ts';
import { valueIn } from '../../loadgen/tune/edit.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { proxies } from '../../proxies/registry.ts';
import { runProgram, temporaryFolder } from '../program.ts';
import { programOf } from '../real-proxy.ts';

const out = temporaryFolder();

const nginx = (location: string): string => `daemon off;
pid {folder}/nginx.pid;
error_log {folder}/proxy.log notice;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen {listen};
    location / {
      proxy_pass http://{upstream};
      ${location}
    }
  }
}
`;
const UPGRADE =
  'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;';

interface Case {
  readonly name: string;
  readonly proxy: ProxyName;
  readonly config: string;
  readonly args: readonly string[];
  /** By what is wrong, over which transport: which directives, and whether each mends it alone. */
  readonly blamed: readonly (readonly [string, string, 'each' | 'together', readonly string[]])[];
}

const cases: readonly Case[] = [
  {
    name: 'buffering over HTTP/1.0',
    proxy: 'nginx',
    config: nginx('proxy_http_version 1.0; proxy_buffering on; proxy_read_timeout 1h;'),
    args: ['--transport', 'sse', '--measure', 'head,fast'],
    blamed: [['held', 'sse', 'each', ['proxy_http_version', 'proxy_buffering']]],
  },
  {
    name: 'a short read time-out',
    proxy: 'nginx',
    config: nginx(
      `proxy_http_version 1.1; ${UPGRADE} proxy_read_timeout 500ms; proxy_send_timeout 1h; proxy_buffering off;`,
    ),
    args: ['--measure', 'head,idle', '--max', '1s'],
    blamed: [
      ['cut', 'sse', 'each', ['proxy_read_timeout']],
      ['cut', 'ws', 'each', ['proxy_read_timeout']],
    ],
  },
  {
    name: 'a short time-out of the server',
    proxy: 'haproxy',
    config:
      'global\n  log stdout format raw local0 notice\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 1h\n  timeout server 400ms\nfrontend f\n  bind {listen}\n  default_backend b\nbackend b\n  server s {upstream}\n',
    args: ['--transport', 'sse', '--measure', 'head,idle', '--max', '1s'],
    blamed: [['cut', 'sse', 'each', ['timeout server']]],
  },
  {
    name: 'streams that are compressed',
    proxy: 'nginx',
    config: nginx(
      `proxy_http_version 1.1; ${UPGRADE} proxy_read_timeout 1h; gzip on; gzip_types text/event-stream; gzip_proxied any;`,
    ),
    args: ['--transport', 'sse', '--measure', 'head,compressed'],
    blamed: [['compressed', 'sse', 'each', ['gzip']]],
  },
  {
    name: 'no upgrade',
    proxy: 'nginx',
    config: nginx('proxy_set_header Host $http_host; proxy_buffering off;'),
    args: ['--measure', 'head'],
    blamed: [
      [
        'no-stream',
        'ws',
        'together',
        ['proxy_http_version', 'proxy_set_header Upgrade', 'proxy_set_header Connection'],
      ],
    ],
  },
  {
    name: 'answers read to their end',
    proxy: 'caddy',
    config:
      '{\n\tadmin unix/{folder}/admin.sock\n\tauto_https off\n\tstorage file_system {folder}/storage\n}\nhttp://{listen} {\n\tbind 127.0.0.1\n\treverse_proxy {upstream} {\n\t\tbuffer_responses\n\t}\n}\n',
    args: ['--transport', 'sse', '--measure', 'head'],
    blamed: [['no-stream', 'sse', 'each', ['buffer_responses']]],
  },
];

describe('a bad configuration', () => {
  test.for(cases)('$name', async ({ name, proxy, config, args, blamed }, context) => {
    programOf(proxy, context);
    const file = join(out, `${name.replaceAll(/\W/g, '-')}.conf`);
    writeFileSync(file, config);
    const { code, stdout, stderr } = await runProgram([
      ...['tune', '--route', proxy, '--proxy-config', file, '--repeats', '1', '--json'],
      ...[...args, '--out', out],
    ]);
    expect(code, stderr).toBe(1);
    const found = JSON.parse(stdout) as Blame;
    expect(
      found.blamed.map(({ harm, how, by }) => [
        harm.kind,
        harm.transport,
        how,
        by.map(({ directive }) => directive),
      ]),
    ).toEqual(blamed);
    const mended = readFileSync(found.mended ?? '', 'utf8');
    for (const { how, by } of found.blamed) {
      for (const { directive, harmless } of how === 'each' ? by.slice(0, 1) : by) {
        expect(valueIn(proxies[proxy], mended, directive) ?? 'off').toBe(harmless);
      }
    }
  });
});
