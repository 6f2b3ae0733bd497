/** Caddy: one process; its settings stand in a Caddyfile. */
import type { Kind } from './directive.ts';
import { count, linesOf, oneOf, onOff, words } from './directive.ts';
import { defineProxy } from './proxy.ts';

const time: Kind = {
  takes: 'a time like 30s or 1h30m',
  pattern: /^(-1|0|(\d+(\.\d+)?(ns|us|ms|s|m|h|d))+)$/,
};
const size: Kind = { takes: 'a size like 4KiB or 1MB', pattern: /^\d+([kKmMgG]i?[bB])?$/ };

const directives = {
  grace_period: {
    kind: time,
    default: 'none',
    help: 'how long requests under way may take at a reload or at the end; without it for ever',
    section: 'global',
    fast: '3s',
  },
  'timeouts read_header': {
    kind: time,
    default: 'none',
    help: 'how long the head of a request may take',
    section: 'timeouts',
    line: (value: string) => `read_header ${value}`,
    fast: '3s',
  },
  'timeouts write': {
    kind: time,
    default: 'none',
    help: 'how long a whole answer may take: streams end after it',
    section: 'timeouts',
    line: (value: string) => `write ${value}`,
  },
  'timeouts idle': {
    kind: time,
    default: '5m',
    help: 'how long a client’s connection stays open between requests (POSTs beside a stream)',
    section: 'timeouts',
    line: (value: string) => `idle ${value}`,
    fast: '3s',
  },
  encode: {
    kind: words,
    default: 'none',
    help: 'how answers are compressed (gzip, zstd); text/event-stream since 2.10 not unless it is matched',
    section: 'site',
  },
  flush_interval: {
    kind: time,
    default: 'none; at once for text/event-stream',
    help: 'how long pieces of an answer are collected; -1 passes them on at once',
    section: 'proxy',
  },
  stream_timeout: {
    kind: time,
    default: 'none',
    help: 'longest life of a WebSocket, busy or not',
    section: 'proxy',
    since: '2.7',
  },
  stream_close_delay: {
    kind: time,
    default: '0',
    help: 'how long WebSockets stay open after a reload, so that clients do not all come at once',
    section: 'proxy',
    since: '2.7',
  },
  buffer_requests: {
    kind: onOff,
    default: 'off',
    help: 'whether a POST is read before the server gets it',
    section: 'proxy',
    line: (value: string) => (value === 'on' ? 'buffer_requests' : ''),
  },
  buffer_responses: {
    kind: onOff,
    default: 'off',
    help: 'whether an answer is read to its end before it is passed on: no stream survives it',
    section: 'proxy',
    line: (value: string) => (value === 'on' ? 'buffer_responses' : ''),
  },
  dial_timeout: {
    kind: time,
    default: '3s',
    help: 'how long a connection to the server may take; then 502',
    section: 'transport',
    fast: '2s',
  },
  response_header_timeout: {
    kind: time,
    default: 'none',
    help: 'how long the head of an answer may take',
    section: 'transport',
    fast: '3s',
  },
  read_timeout: {
    kind: time,
    default: 'none',
    help: 'longest silence of the server: streams without a heartbeat end after it',
    section: 'transport',
    fast: '3s',
  },
  write_timeout: {
    kind: time,
    default: 'none',
    help: 'longest time that the server may take nothing',
    section: 'transport',
    fast: '3s',
  },
  keepalive: {
    kind: oneOf('off', '(\\d+(\\.\\d+)?(ns|us|ms|s|m|h))+'),
    default: '2m',
    help: 'how long an idle connection to the server is kept for further requests',
    section: 'transport',
    fast: '3s',
  },
  keepalive_idle_conns: {
    kind: count,
    default: 'no limit',
    help: 'idle connections to the server that are kept',
    section: 'transport',
  },
  keepalive_idle_conns_per_host: {
    kind: count,
    default: '32',
    help: 'of them to one server',
    section: 'transport',
  },
  read_buffer: {
    kind: size,
    default: '4KiB',
    help: 'buffer per connection to the server, for what it sends',
    section: 'transport',
  },
  write_buffer: {
    kind: size,
    default: '4KiB',
    help: 'buffer per connection to the server, for what it is sent',
    section: 'transport',
  },
} as const;

export const caddy = defineProxy({
  name: 'caddy',
  title: 'Caddy',
  binaries: ['caddy'],
  packages: { debian: 'caddy', homebrew: 'caddy' },
  version: { args: ['version'], pattern: /v?(\d+\.[\d.]+)/ },
  directives,
  presets: {
    // A site address and reverse_proxy: https://caddyserver.com/docs/quick-starts/reverse-proxy
    stock: {},
    // Not flush_interval -1, as is often said: streams are flushed anyway, and with it the server learns of a client that left only by the next writes.
    recommended: {
      grace_period: '10s',
      keepalive_idle_conns_per_host: '100',
    },
  },
  configName: 'Caddyfile',
  config(values, tls) {
    const lines = (section: string, indent: string): string =>
      linesOf(directives, values, section, (name, value) => `${name} ${value}`)
        .filter((line) => line !== '')
        .map((line) => `${indent}${line}\n`)
        .join('');
    const block = (head: string, section: string, indent: string): string => {
      const written = lines(section, `${indent}\t`);
      return written === '' ? '' : `${indent}${head} {\n${written}${indent}}\n`;
    };
    // HTTP/3 would open a port for UDP.
    return `{
	admin unix/{folder}/admin.sock
	auto_https off
	storage file_system {folder}/storage
${lines('global', '\t')}	servers {
		protocols h1 h2
${block('timeouts', 'timeouts', '\t\t')}	}
}
${tls ? 'https' : 'http'}://{listen} {
	bind 127.0.0.1
${tls ? '\ttls {cert} {key}\n' : ''}${lines('site', '\t')}	reverse_proxy {upstream} {
${lines('proxy', '\t\t')}${block('transport http', 'transport', '\t\t')}	}
}
`;
  },
  check: ({ config }) => ['validate', '--config', config, '--adapter', 'caddyfile'],
  run: ({ config }) => ['run', '--config', config, '--adapter', 'caddyfile'],
  // Whatever it wants to keep is kept with the rest.
  env: ({ folder }) => ({ HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }),
  reload: ({ folder, config }) => ({
    args: [
      'reload',
      ...['--config', config, '--adapter', 'caddyfile'],
      // Not left out where nothing has changed.
      ...['--address', `unix/${folder}/admin.sock`, '--force'],
    ],
  }),
  replacesProcesses: false,
  stop: 'SIGTERM',
});
