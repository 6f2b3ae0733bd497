/**
 * The least that can answer a request: an echo on the bare `ws` package, and a bare node:http server that
 * takes a POST and writes one event to a stream. What the push server's round trips are held against.
 */
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { connectToParent } from '../../core/child.ts';

export type ToBareServer = { readonly kind: 'stop' };
export type FromBareServer = { readonly kind: 'listening'; readonly port: number };

const channel = connectToParent<ToBareServer, FromBareServer>(process);
const streams = new Map<string, ServerResponse>();

const http = createServer({ noDelay: true, keepAliveTimeout: 75_000 }, (request, response) => {
  const [, what = '', id = ''] = (request.url ?? '').split('/');
  if (what === 'events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': open\n\n');
    streams.set(id, response);
    return;
  }
  const pieces: Buffer[] = [];
  request.on('data', (bytes: Buffer) => pieces.push(bytes));
  request.on('end', () => {
    response.writeHead(202).end();
    streams.get(id)?.write(`data: ${Buffer.concat(pieces).toString()}\n\n`);
  });
});
const sockets = new WebSocketServer({ server: http, path: '/ws', perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('message', (data) => socket.send(data as Buffer, { binary: false }));
});

channel.onMessage(() => {
  for (const socket of sockets.clients) socket.terminate();
  http.close();
  http.closeAllConnections();
  process.disconnect();
});
http.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
  channel.send({ kind: 'listening', port: (http.address() as AddressInfo).port });
});
