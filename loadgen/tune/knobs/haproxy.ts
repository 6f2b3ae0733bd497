/** What is varied of HAProxy. */
import type { ProxyKnobs } from '../knob.ts';
import { CUTS, EVENTS } from '../knob.ts';

export const haproxy: ProxyKnobs = {
  timeouts: [
    { directive: 'timeout client', holds: '50s' },
    { directive: 'timeout server', holds: '50s' },
  ],
  time: (ms) => `${Math.round(ms)}ms`,
  knobs: [
    {
      name: 'timeout client',
      set: { 'timeout client': '1h' },
      folklore: {
        says: 'An event stream is cut by it, since its client never speaks.',
        figures: CUTS,
      },
      cost: 'a client that is gone without a word is noticed when something is sent to it, or by TCP',
      role: 'candidate',
    },
    {
      name: 'timeout server',
      set: { 'timeout server': '1h' },
      cost: 'a server that hangs is noticed after an hour; heartbeats every 30 s do without it',
      role: 'candidate',
    },
    {
      name: 'timeout client and server',
      set: { 'timeout client': '1h', 'timeout server': '1h' },
      cost: 'what hangs, on either side, is noticed after an hour',
      role: 'candidate',
    },
    {
      name: 'timeout tunnel',
      set: { 'timeout tunnel': '1h' },
      folklore: { says: 'It keeps long connections open.', figures: CUTS },
      cost: 'a WebSocket whose ends are both gone without a word stays for an hour',
      role: 'candidate',
    },
    {
      name: 'option http-no-delay',
      set: { 'option http-no-delay': 'on' },
      folklore: { says: 'Without it events wait for more to be sent.', figures: EVENTS },
      role: 'candidate',
    },
    {
      name: 'TCP keep-alive',
      set: { 'option clitcpka': 'on', 'option srvtcpka': 'on' },
      folklore: { says: 'It keeps silent streams open.', figures: CUTS },
      role: 'candidate',
    },
    {
      name: 'option http-server-close',
      set: { 'option http-server-close': 'on' },
      folklore: { says: 'It breaks WebSockets.', figures: ['works'] },
      role: 'contrast',
    },
    { name: 'tune.bufsize 65536', set: { 'tune.bufsize': '65536' }, role: 'contrast' },
  ],
  harmless: {
    'timeout client': '1h',
    'timeout server': '1h',
    'timeout tunnel': '1h',
    'option http-no-delay': 'on',
    'option http-buffer-request': 'off',
    'option http-server-close': 'off',
    'compression algo': '',
    'tcp-ut': '',
  },
};
