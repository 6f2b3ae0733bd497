/** HAProxy: a master and one worker with a thread per core, in mode http. */
import type { Kind } from './directive.ts';
import { count, linesOf, oneOf, onOff, words } from './directive.ts';
import { defineProxy } from './proxy.ts';

const time: Kind = { takes: 'a time like 50s or 500ms', pattern: /^\d+(us|ms|s|m|h|d)?$/ };
/** An option is there or not, and has no value. */
const option =
  (name: string) =>
  (value: string): string =>
    value === 'on' ? name : `no ${name}`;

const directives = {
  nbthread: {
    kind: count,
    default: 'one per core',
    help: 'threads that carry connections',
    section: 'global',
  },
  maxconn: {
    kind: count,
    default: 'from the limit of open files',
    help: 'connections of clients at one time; more wait in the kernel',
    section: 'global',
  },
  'hard-stop-after': {
    kind: time,
    default: 'none',
    help: 'how long an old process may keep its streams after a reload; without it until the last client leaves',
    section: 'global',
    fast: '3s',
  },
  'close-spread-time': {
    kind: oneOf('infinite', '\\d+(us|ms|s|m|h|d)?'),
    default: 'none',
    help: 'over how long idle connections are closed after a reload, so that clients do not all come at once',
    section: 'global',
    since: '2.6',
  },
  'tune.bufsize': {
    kind: count,
    default: '16384',
    help: 'bytes of the two buffers of a connection',
    section: 'global',
  },
  'timeout connect': {
    kind: time,
    default: 'none, with a warning',
    help: 'how long a connection to the server may take; then 503',
    section: 'defaults',
    fast: '3s',
  },
  'timeout client': {
    kind: time,
    default: 'none, with a warning',
    help: 'longest silence of a client; a stream in one direction is silent in the other',
    section: 'defaults',
    fast: '3s',
  },
  'timeout server': {
    kind: time,
    default: 'none, with a warning',
    help: 'longest silence of the server: streams without a heartbeat end after it',
    section: 'defaults',
    fast: '3s',
  },
  'timeout tunnel': {
    kind: time,
    default: 'none: timeout client and timeout server go on to count',
    help: 'longest silence of a WebSocket once it is open, in place of both others',
    section: 'defaults',
    fast: '3s',
  },
  'timeout client-fin': {
    kind: time,
    default: 'timeout client',
    help: 'how long a client that was told the end may take to leave',
    section: 'defaults',
    fast: '3s',
  },
  'timeout http-request': {
    kind: time,
    default: 'timeout client',
    help: 'how long the head of a request may take',
    section: 'defaults',
    fast: '3s',
  },
  'timeout http-keep-alive': {
    kind: time,
    default: 'timeout http-request',
    help: 'how long a client’s connection stays open between requests (POSTs beside a stream)',
    section: 'defaults',
    fast: '3s',
  },
  'http-reuse': {
    kind: oneOf('never', 'safe', 'aggressive', 'always'),
    default: 'safe',
    help: 'whether requests of several clients share a connection to the server',
    section: 'defaults',
  },
  'option http-no-delay': {
    kind: onOff,
    default: 'off',
    help: 'whether every piece of an answer leaves at once, in place of waiting for more',
    section: 'defaults',
    line: option('option http-no-delay'),
  },
  'option http-buffer-request': {
    kind: onOff,
    default: 'off',
    help: 'whether a POST is read as far as it fits before the server gets it',
    section: 'defaults',
    line: option('option http-buffer-request'),
  },
  'option http-server-close': {
    kind: onOff,
    default: 'off',
    help: 'whether the connection to the server is closed after every answer',
    section: 'defaults',
    line: option('option http-server-close'),
  },
  'option clitcpka': {
    kind: onOff,
    default: 'off',
    help: 'whether TCP asks a silent client if it is still there',
    section: 'defaults',
    line: option('option clitcpka'),
  },
  'option srvtcpka': {
    kind: onOff,
    default: 'off',
    help: 'whether TCP asks a silent server if it is still there',
    section: 'defaults',
    line: option('option srvtcpka'),
  },
  'compression algo': {
    kind: oneOf('identity', 'gzip', 'deflate', 'raw-deflate'),
    default: 'none',
    help: 'how answers of compression type are compressed; never those that are chunked with no-transform',
    section: 'defaults',
  },
  'compression type': {
    kind: words,
    default: 'all types',
    help: 'types that are compressed',
    section: 'defaults',
  },
  'tcp-ut': {
    kind: time,
    default: 'the system’s, about 15 minutes',
    help: 'how long what was sent to a client may go unacknowledged (Linux)',
    section: 'bind',
  },
} as const;

export const haproxy = defineProxy({
  name: 'haproxy',
  title: 'HAProxy',
  binaries: ['haproxy'],
  packages: { debian: 'haproxy', homebrew: 'haproxy' },
  version: { args: ['-v'], pattern: /version ([\d.]+)/ },
  directives,
  presets: {
    // What Debian installs as its defaults.
    stock: {
      maxconn: '{connections}',
      'timeout connect': '5s',
      'timeout client': '50s',
      'timeout server': '50s',
    },
    recommended: {
      maxconn: '{connections}',
      'hard-stop-after': '1h',
      'timeout connect': '5s',
      'timeout client': '1h',
      'timeout server': '1h',
      'timeout tunnel': '1h',
      'timeout client-fin': '30s',
      'timeout http-request': '10s',
      'timeout http-keep-alive': '75s',
      'option http-no-delay': 'on',
      'option clitcpka': 'on',
      'option srvtcpka': 'on',
    },
  },
  configName: 'haproxy.cfg',
  config(values, tls) {
    const lines = (section: string): string[] =>
      linesOf(directives, values, section, (name, value) => `${name} ${value}`);
    const section = (name: string): string =>
      lines(name)
        .map((line) => `  ${line}\n`)
        .join('');
    const bind = ['  bind {listen}', ...(tls ? ['ssl crt {pem}'] : []), ...lines('bind')];
    return `global
  log stdout format raw local0 notice
${section('global')}
defaults
  mode http
  log global
${section('defaults')}
frontend clients
${bind.join(' ')}
  default_backend servers

backend servers
  server origin {upstream}
`;
  },
  check: ({ config }) => ['-c', '-f', config],
  run: ({ config }) => ['-W', '-f', config],
  reload: () => ({ signal: 'SIGUSR2' }),
  replacesProcesses: true,
  stop: 'SIGTERM',
});
