/** What is varied of Apache httpd, whose time-outs are whole seconds. */
import type { ProxyKnobs } from '../knob.ts';
import { CUTS, EVENTS } from '../knob.ts';

export const apache: ProxyKnobs = {
  timeouts: [{ directive: 'Timeout', holds: '300' }],
  time: (ms) => String(Math.max(1, Math.floor(ms / 1_000))),
  knobs: [
    {
      name: 'Timeout',
      set: { Timeout: '3600' },
      cost: 'clients that say nothing, or read nothing, keep a thread for an hour',
      role: 'candidate',
    },
    {
      name: 'ProxyTimeout',
      set: { ProxyTimeout: '3600' },
      folklore: {
        says: 'It is not enough for keeping streams open: Timeout has to be raised, too.',
        figures: CUTS,
      },
      cost: 'a server that hangs is noticed after an hour',
      role: 'candidate',
    },
    {
      name: 'flushpackets on',
      set: { 'ProxyPass flushpackets': 'on' },
      folklore: { says: 'Without it events are held back.', figures: EVENTS },
      role: 'candidate',
    },
    {
      name: 'flushpackets auto',
      set: { 'ProxyPass flushpackets': 'auto' },
      role: 'contrast',
    },
    {
      name: 'ProxyPass keepalive',
      set: { 'ProxyPass keepalive': 'On' },
      folklore: { says: 'It keeps silent streams open.', figures: CUTS },
      role: 'candidate',
    },
    {
      name: 'KeepAliveTimeout',
      set: { KeepAliveTimeout: '75' },
      folklore: { says: 'It keeps streams open; it is for requests beside them.', figures: CUTS },
      role: 'candidate',
    },
    { name: 'ProxyPass disablereuse', set: { 'ProxyPass disablereuse': 'on' }, role: 'contrast' },
    { name: 'no upgrade', set: { 'ProxyPass upgrade': '' }, role: 'contrast' },
  ],
  harmless: {
    'ProxyPass upgrade': 'websocket',
    'ProxyPass flushpackets': 'on',
    Timeout: '3600',
    ProxyTimeout: '3600',
    'ProxyPass timeout': '',
    'AddOutputFilterByType DEFLATE': '',
  },
};
