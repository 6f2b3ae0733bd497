/** WebSocket over HTTP/1.1, in the way applications write it and with prepared bytes. */
import type { Transport } from '../../core/transport.ts';
import { connectWs } from './client.ts';
import { connectWsLibrary } from './library.ts';
import { attachWs } from './server.ts';

const clients = { lean: connectWs, library: connectWsLibrary };

export const ws: Transport = {
  title: 'WebSocket',
  explain: 'WebSocket on the ws package, each message sent with ws.send',
  role: 'candidate',
  lightest: 'ws-prepared',
  attach: attachWs('ws.send'),
  clients,
};

export const wsPrepared: Transport = {
  title: 'WebSocket, prepared',
  explain: 'the same bytes as ws, framed once per broadcast and written straight to the socket',
  role: 'candidate',
  attach: attachWs('prepared'),
  clients,
};
