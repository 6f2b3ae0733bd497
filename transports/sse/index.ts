/** Server-Sent Events over HTTP/1.1, in the way applications write them and with prepared bytes. */
import type { Transport } from '../../core/transport.ts';
import { connectSse } from './client.ts';
import { connectSseLibrary } from './library.ts';
import { attachSse } from './server.ts';

const clients = { lean: connectSse, library: connectSseLibrary };

export const sse: Transport = {
  title: 'SSE',
  explain: 'Server-Sent Events on node:http, each event sent with response.write',
  role: 'candidate',
  lightest: 'sse-prepared',
  attach: attachSse('response.write'),
  clients,
};

export const ssePrepared: Transport = {
  title: 'SSE, prepared',
  explain: 'the same bytes as sse, framed once per broadcast and written straight to the socket',
  role: 'candidate',
  attach: attachSse('prepared'),
  clients,
};
