/** nginx: a master and its workers, which share what comes in; one configuration for both transports. */
import type { Kind } from './directive.ts';
import { count, linesOf, oneOf, onOff, words } from './directive.ts';
import { defineProxy } from './proxy.ts';

const time: Kind = { takes: 'a time like 60s or 500ms', pattern: /^\d+(ms|s|m|h|d)?$/ };
const size: Kind = { takes: 'a size like 8k or 1m', pattern: /^\d+[kKmMgG]?$/ };

const directives = {
  worker_processes: {
    kind: oneOf('auto', '\\d+'),
    default: '1',
    help: 'processes that carry connections; every distribution writes auto, one per core',
    section: 'main',
  },
  worker_shutdown_timeout: {
    kind: time,
    default: 'none',
    help: 'how long old workers may keep their streams after a reload; without it until the last client leaves',
    section: 'main',
    fast: '3s',
  },
  worker_connections: {
    kind: count,
    default: '512',
    help: 'sockets per worker, those to clients and those to the server together',
    section: 'events',
  },
  tcp_nodelay: {
    kind: onOff,
    default: 'on',
    help: 'whether small writes leave at once',
    section: 'http',
  },
  keepalive_timeout: {
    kind: time,
    default: '75s',
    help: 'how long a client’s connection stays open between requests (POSTs beside a stream)',
    section: 'http',
    fast: '3s',
  },
  keepalive_requests: {
    kind: count,
    default: '1000',
    help: 'requests on one connection of a client, after which it is closed',
    section: 'http',
  },
  send_timeout: {
    kind: time,
    default: '60s',
    help: 'how long a client may take between two reads before it is cut off',
    section: 'http',
    fast: '3s',
  },
  client_max_body_size: {
    kind: size,
    default: '1m',
    help: 'largest body of a POST; what is larger gets 413',
    section: 'http',
  },
  gzip: {
    kind: onOff,
    default: 'off',
    help: 'whether answers of gzip_types are compressed; with proxy_buffering their events wait for a whole block, without it each leaves at once',
    section: 'http',
  },
  gzip_types: {
    kind: words,
    default: 'text/html',
    help: 'types that are compressed; text/event-stream is none of them unless it is said',
    section: 'http',
  },
  gzip_min_length: {
    kind: count,
    default: '20',
    help: 'shortest answer that is compressed, by its Content-Length, which a stream has not',
    section: 'http',
  },
  keepalive: {
    kind: count,
    default: '32 since 1.29.7, none before',
    help: 'idle connections to the server that a worker keeps for further requests',
    section: 'upstream',
  },
  proxy_http_version: {
    kind: oneOf('1.0', '1.1'),
    default: '1.1 since 1.29.7, 1.0 before',
    help: 'what is spoken with the server; an upgrade to WebSocket needs 1.1',
    section: 'location',
  },
  'proxy_set_header Host': {
    kind: words,
    default: '$proxy_host',
    help: 'the Host that the server sees',
    section: 'location',
  },
  'proxy_set_header Upgrade': {
    kind: words,
    default: 'not passed on',
    help: 'without $http_upgrade here no WebSocket comes about',
    section: 'location',
  },
  'proxy_set_header Connection': {
    kind: words,
    default: 'close',
    help: '$connection_upgrade is "upgrade" for an upgrade and "close" otherwise; $connection_kept is empty otherwise, so that keepalive works',
    section: 'location',
  },
  proxy_buffering: {
    kind: onOff,
    default: 'on',
    help: 'whether an answer is collected before it is passed on; X-Accel-Buffering: no of the server turns it off',
    section: 'location',
  },
  proxy_ignore_headers: {
    kind: words,
    default: 'none',
    help: 'headers of the server that mean nothing; X-Accel-Buffering here makes proxy_buffering count',
    section: 'location',
  },
  proxy_buffer_size: {
    kind: size,
    default: '4k or 8k, one page',
    help: 'buffer for the head of an answer, and for all of it where it is not collected',
    section: 'location',
  },
  proxy_buffers: {
    kind: { takes: 'a number and a size like 8 4k', pattern: /^\d+ \d+[kKmM]?$/ },
    default: '8 4k or 8 8k',
    help: 'buffers per connection for answers that are collected',
    section: 'location',
  },
  proxy_busy_buffers_size: {
    kind: size,
    default: '8k or 16k, two buffers',
    help: 'how much of the collected may be on its way to the client',
    section: 'location',
  },
  proxy_max_temp_file_size: {
    kind: size,
    default: '1024m',
    help: 'what a slow client has not taken goes to a file up to this size; 0 holds the server back instead',
    section: 'location',
  },
  proxy_request_buffering: {
    kind: onOff,
    default: 'on',
    help: 'whether a POST is read to its end before the server gets it',
    section: 'location',
  },
  proxy_connect_timeout: {
    kind: time,
    default: '60s',
    help: 'how long a connection to the server may take; then 504',
    section: 'location',
    fast: '3s',
  },
  proxy_read_timeout: {
    kind: time,
    default: '60s',
    help: 'longest silence of the server: streams and WebSockets without a heartbeat end after it',
    section: 'location',
    fast: '3s',
  },
  proxy_send_timeout: {
    kind: time,
    default: '60s',
    help: 'longest time between two writes to the server that it takes nothing',
    section: 'location',
    fast: '3s',
  },
  proxy_socket_keepalive: {
    kind: onOff,
    default: 'off',
    help: 'whether TCP asks a silent server if it is still there',
    section: 'location',
  },
} as const;

export const nginx = defineProxy({
  name: 'nginx',
  title: 'nginx',
  binaries: ['nginx'],
  packages: { debian: 'nginx', homebrew: 'nginx' },
  version: { args: ['-v'], pattern: /nginx\/([\d.]+)/ },
  directives,
  presets: {
    // nginx.org, "WebSocket proxying", and nothing else: https://nginx.org/en/docs/http/websocket.html
    stock: {
      worker_processes: 'auto',
      worker_connections: '{sockets}',
      proxy_http_version: '1.1',
      'proxy_set_header Host': '$http_host',
      'proxy_set_header Upgrade': '$http_upgrade',
      'proxy_set_header Connection': '$connection_upgrade',
    },
    recommended: {
      worker_processes: 'auto',
      worker_connections: '{sockets}',
      worker_shutdown_timeout: '1h',
      keepalive: '32',
      proxy_http_version: '1.1',
      'proxy_set_header Host': '$http_host',
      'proxy_set_header Upgrade': '$http_upgrade',
      'proxy_set_header Connection': '$connection_kept',
      proxy_buffering: 'off',
      proxy_read_timeout: '1h',
      proxy_send_timeout: '1h',
      proxy_socket_keepalive: 'on',
    },
  },
  configName: 'nginx.conf',
  config(values, tls) {
    const section = (name: string, indent: string): string =>
      linesOf(directives, values, name, (key, value) => `${key} ${value};`)
        .map((line) => `${indent}${line}\n`)
        .join('');
    const secure = tls ? '    ssl_certificate {cert};\n    ssl_certificate_key {key};\n' : '';
    return `daemon off;
pid {folder}/nginx.pid;
error_log {folder}/proxy.log notice;
worker_rlimit_nofile {sockets};
${section('main', '')}events {
${section('events', '  ')}}
http {
  access_log off;
  client_body_temp_path {folder}/client_body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' close;
  }
  map $http_upgrade $connection_kept {
    default upgrade;
    '' '';
  }
${section('http', '  ')}  upstream origin {
    server {upstream};
${section('upstream', '    ')}  }
  server {
    listen {listen}${tls ? ' ssl' : ''};
${secure}    location / {
      proxy_pass http://origin;
${section('location', '      ')}    }
  }
}
`;
  },
  // The log that was compiled in belongs to the system; it is opened before the configuration is read.
  check: ({ folder, config }) => ['-e', `${folder}/proxy.log`, '-q', '-t', '-c', config],
  run: ({ folder, config }) => ['-e', `${folder}/proxy.log`, '-c', config],
  reload: () => ({ signal: 'SIGHUP' }),
  replacesProcesses: true,
  stop: 'SIGTERM',
});
