/** What is varied of Caddy, which has no time-outs of its own and passes event streams on at once. */
import type { ProxyKnobs } from '../knob.ts';
import { CUTS, EVENTS } from '../knob.ts';

export const caddy: ProxyKnobs = {
  timeouts: [],
  time: (ms) => `${Math.round(ms)}ms`,
  knobs: [
    {
      name: 'flush_interval',
      set: { flush_interval: '-1' },
      folklore: { says: 'Event streams need it.', figures: EVENTS },
      role: 'candidate',
    },
    {
      name: 'keepalive_idle_conns_per_host',
      set: { keepalive_idle_conns_per_host: '100' },
      role: 'candidate',
    },
    { name: 'read_buffer 64KiB', set: { read_buffer: '64KiB' }, role: 'contrast' },
    {
      name: 'read_timeout 1s',
      set: { read_timeout: '1s' },
      folklore: { says: 'A time-out for reading from the server is good practice.', figures: CUTS },
      role: 'contrast',
    },
    { name: 'timeouts write 1s', set: { 'timeouts write': '1s' }, role: 'contrast' },
    { name: 'stream_timeout 1s', set: { stream_timeout: '1s' }, role: 'contrast' },
    { name: 'buffer_responses', set: { buffer_responses: 'on' }, role: 'contrast' },
  ],
  harmless: {
    flush_interval: '-1',
    read_timeout: '',
    write_timeout: '',
    stream_timeout: '',
    'timeouts write': '',
    buffer_responses: 'off',
    encode: '',
  },
};
