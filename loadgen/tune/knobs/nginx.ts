/** What is varied of nginx. */
import type { ProxyKnobs } from '../knob.ts';
import { CUTS, EVENTS } from '../knob.ts';

export const nginx: ProxyKnobs = {
  timeouts: [
    { directive: 'proxy_read_timeout', holds: '60s' },
    { directive: 'proxy_send_timeout', holds: '60s' },
    { directive: 'send_timeout', holds: '60s' },
  ],
  time: (ms) => `${Math.round(ms)}ms`,
  knobs: [
    {
      name: 'proxy_read_timeout',
      set: { proxy_read_timeout: '1h' },
      cost: 'a server that hangs is noticed after an hour; heartbeats every 30 s do without it',
      role: 'candidate',
    },
    {
      name: 'proxy_send_timeout',
      set: { proxy_send_timeout: '1h' },
      folklore: {
        says: 'It is set together with proxy_read_timeout so that WebSockets are not cut.',
        figures: CUTS,
      },
      role: 'candidate',
    },
    {
      name: 'send_timeout',
      set: { send_timeout: '1h' },
      folklore: { says: 'It is raised so that streams are not cut.', figures: CUTS },
      cost: 'clients that have stopped reading keep their connection for an hour',
      role: 'candidate',
    },
    {
      name: 'proxy_buffering',
      set: { proxy_buffering: 'off' },
      folklore: { says: 'Without it events arrive late and in clumps.', figures: EVENTS },
      role: 'candidate',
    },
    {
      name: 'proxy_max_temp_file_size',
      set: { proxy_max_temp_file_size: '0' },
      role: 'candidate',
    },
    {
      name: 'keepalive',
      set: { keepalive: '32', 'proxy_set_header Connection': '$connection_kept' },
      folklore: {
        says: 'It makes streams quicker; it is meant for requests, of which a stream is one.',
        figures: ['head'],
      },
      role: 'candidate',
    },
    { name: 'proxy_socket_keepalive', set: { proxy_socket_keepalive: 'on' }, role: 'candidate' },
    {
      name: 'tcp_nodelay off',
      set: { tcp_nodelay: 'off' },
      folklore: {
        says: 'tcp_nodelay has to be on, which it is by default, or events wait for each other.',
        figures: EVENTS,
      },
      role: 'contrast',
    },
    {
      name: 'HTTP/1.0 to the server',
      set: { proxy_http_version: '1.0' },
      folklore: {
        says: 'HTTP/1.1 to the server is needed for WebSocket only; streams do without.',
        figures: EVENTS,
      },
      role: 'contrast',
    },
    {
      name: 'HTTP/1.0, no buffering',
      set: { proxy_http_version: '1.0', proxy_buffering: 'off' },
      role: 'contrast',
    },
    {
      name: 'no Upgrade header',
      set: { 'proxy_set_header Upgrade': '' },
      role: 'contrast',
    },
  ],
  harmless: {
    proxy_http_version: '1.1',
    'proxy_set_header Upgrade': '$http_upgrade',
    'proxy_set_header Connection': '$connection_upgrade',
    proxy_buffering: 'off',
    proxy_ignore_headers: '',
    proxy_read_timeout: '1h',
    proxy_send_timeout: '1h',
    send_timeout: '1h',
    gzip: 'off',
    tcp_nodelay: 'on',
  },
};
