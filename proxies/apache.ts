/** Apache httpd with the event MPM: a thread for every stream, in processes of 25. */
import type { Kind } from './directive.ts';
import { count, linesOf, oneOf, onOff, words } from './directive.ts';
import { defineProxy } from './proxy.ts';

const seconds: Kind = { takes: 'seconds like 60', pattern: /^\d+$/ };
const time: Kind = { takes: 'seconds like 5, or 500ms', pattern: /^\d+(ms|s)?$/ };
/** A word behind ProxyPass. */
const word =
  (name: string) =>
  (value: string): string =>
    `${name}=${value}`;

const directives = {
  StartServers: {
    kind: count,
    default: '3',
    help: 'processes at the start; more are made one by one, then two, four and more a second',
    section: 'server',
  },
  ThreadsPerChild: {
    kind: count,
    default: '25',
    help: 'threads of a process; each carries one stream',
    section: 'server',
  },
  ServerLimit: {
    kind: count,
    default: '16',
    help: 'most processes that there may be',
    section: 'server',
  },
  MaxRequestWorkers: {
    kind: count,
    default: '400 (Debian 150)',
    help: 'streams and requests at one time; the next one waits',
    section: 'server',
  },
  Timeout: {
    kind: seconds,
    default: '60 (Debian 300)',
    help: 'longest silence of a client or, without ProxyTimeout, of the server',
    section: 'server',
    fast: '3',
  },
  ProxyTimeout: {
    kind: seconds,
    default: 'Timeout',
    help: 'longest silence of the server: streams and WebSockets without a heartbeat end after it',
    section: 'server',
    fast: '3',
  },
  KeepAlive: {
    kind: oneOf('On', 'Off'),
    default: 'On',
    help: 'whether a client’s connection stays open between requests (POSTs beside a stream)',
    section: 'server',
  },
  KeepAliveTimeout: {
    kind: time,
    default: '5',
    help: 'how long it stays open',
    section: 'server',
    fast: '3',
  },
  MaxKeepAliveRequests: {
    kind: count,
    default: '100',
    help: 'requests on one connection of a client, after which it is closed; 0 never',
    section: 'server',
  },
  GracefulShutdownTimeout: {
    kind: seconds,
    default: '0: none',
    help: 'how long a graceful end waits for streams',
    section: 'server',
    fast: '3',
  },
  RequestReadTimeout: {
    kind: words,
    default: 'header=20-40,MinRate=500 body=20,MinRate=500',
    help: 'how long the head and the body of a request may take',
    section: 'server',
  },
  'AddOutputFilterByType DEFLATE': {
    kind: words,
    default: 'none (Debian: text/html and others, no event-stream)',
    help: 'types that are compressed; text/event-stream here compresses streams',
    section: 'server',
  },
  'ProxyPass upgrade': {
    kind: oneOf('websocket', 'ANY'),
    default: 'no upgrade',
    help: 'without it no WebSocket comes about',
    section: 'pass',
    line: word('upgrade'),
  },
  'ProxyPass flushpackets': {
    kind: oneOf('on', 'off', 'auto'),
    default: 'off',
    help: 'whether every piece of an answer leaves at once; auto: when the server has been silent for flushwait',
    section: 'pass',
    line: word('flushpackets'),
  },
  'ProxyPass flushwait': {
    kind: { takes: 'milliseconds like 10', pattern: /^\d+$/ },
    default: '10',
    help: 'the silence after which auto passes on what there is',
    section: 'pass',
    line: word('flushwait'),
  },
  'ProxyPass timeout': {
    kind: seconds,
    default: 'ProxyTimeout',
    help: 'the same for this server alone',
    section: 'pass',
    line: word('timeout'),
    fast: '3',
  },
  'ProxyPass connectiontimeout': {
    kind: time,
    default: 'timeout',
    help: 'how long a connection to the server may take; then 503',
    section: 'pass',
    line: word('connectiontimeout'),
    fast: '3',
  },
  'ProxyPass keepalive': {
    kind: { takes: 'On or Off', pattern: /^(On|Off)$/ },
    default: 'Off',
    help: 'whether TCP asks a silent server if it is still there',
    section: 'pass',
    line: word('keepalive'),
  },
  'ProxyPass disablereuse': {
    kind: onOff,
    default: 'off',
    help: 'whether the connection to the server is closed after every answer',
    section: 'pass',
    line: word('disablereuse'),
  },
} as const;

/** All that is needed; those of Debian's start, as far as they touch a stream. */
const MODULES = [
  'mpm_event',
  'authz_core',
  'reqtimeout',
  'filter',
  'deflate',
  'proxy',
  'proxy_http',
  'proxy_wstunnel',
];
const TLS_MODULES = ['socache_shmcb', 'ssl'];

export const apache = defineProxy({
  name: 'apache',
  title: 'Apache httpd',
  binaries: ['apache2', 'httpd'],
  packages: { debian: 'apache2-bin', homebrew: 'httpd' },
  version: { args: ['-v'], pattern: /Apache\/([\d.]+)/ },
  directives,
  presets: {
    // ProxyPass as the documentation of mod_proxy_http has it; Debian's Timeout.
    stock: {
      ServerLimit: '{processes}',
      MaxRequestWorkers: '{connections}',
      Timeout: '300',
      'ProxyPass upgrade': 'websocket',
    },
    recommended: {
      StartServers: '{processes}',
      ServerLimit: '{processes}',
      MaxRequestWorkers: '{connections}',
      // For clients as in stock, so that one that reads nothing gives its thread back; only the server may be silent.
      Timeout: '300',
      ProxyTimeout: '3600',
      KeepAliveTimeout: '75',
      MaxKeepAliveRequests: '0',
      'ProxyPass upgrade': 'websocket',
      'ProxyPass flushpackets': 'on',
      'ProxyPass keepalive': 'On',
    },
  },
  configName: 'apache.conf',
  moduleFolders: [
    '/usr/lib/apache2/modules',
    '/usr/lib64/httpd/modules',
    '/opt/homebrew/lib/httpd/modules',
    '/usr/local/lib/httpd/modules',
  ],
  config(values, tls) {
    const modules = [...MODULES, ...(tls ? TLS_MODULES : [])]
      .map((name) => `LoadModule ${name}_module {modules}/mod_${name}.so\n`)
      .join('');
    const server = linesOf(directives, values, 'server', (name, value) => `${name} ${value}`);
    const pass = linesOf(directives, values, 'pass', (name, value) => `${name}=${value}`);
    const secure = tls
      ? 'SSLEngine on\nSSLCertificateFile {cert}\nSSLCertificateKeyFile {key}\n'
      : '';
    return `ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
Mutex file:{folder} default
ErrorLog {folder}/proxy.log
ServerName 127.0.0.1
${modules}Listen {listen}
${server.map((line) => `${line}\n`).join('')}${secure}ProxyPreserveHost On
ProxyPass / http://{upstream}/${pass.map((one) => ` ${one}`).join('')}
`;
  },
  check: ({ config }) => ['-t', '-f', config],
  run: ({ config }) => ['-DFOREGROUND', '-f', config],
  reload: () => ({ signal: 'SIGUSR1' }),
  replacesProcesses: true,
  stop: 'SIGTERM',
});
