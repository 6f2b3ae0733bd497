/** WebSocket as an application would receive it: the `ws` package's client. For cross-checks. */
import { WebSocket } from 'ws';
import type { Client, Connect } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';

export const connectWsLibrary: Connect = ({ endpoint, sink, client, clock, timeoutMs }) =>
  new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://${endpoint.host}:${endpoint.port}${endpoint.path}`, {
      handshakeTimeout: timeoutMs,
      // On by default in this client, off in its server.
      perMessageDeflate: false,
    });
    let open = false;
    let closing = false;
    let cause: string | undefined;
    ws.on('open', () => {
      open = true;
      resolve(connection);
    });
    ws.on('message', (data) => {
      const receivedAt = clock();
      if (!Buffer.isBuffer(data)) return;
      sink.message(client, data, 0, data.length, receivedAt);
    });
    ws.on('error', (error) => {
      cause = error.message;
    });
    ws.on('close', (code) => {
      if (!open) reject(new HandshakeError(cause ?? `closed with ${code}`));
      else if (!closing) sink.closed(client, cause ?? `closed by the server with ${code}`);
    });
    const connection: Client = {
      bytesRead: undefined,
      handshakeBytes: undefined,
      send: (message) =>
        new Promise((sent, failed) =>
          ws.send(message, { binary: false }, (error) => (error ? failed(error) : sent())),
        ),
      pause: () => ws.pause(),
      resume: () => ws.resume(),
      close: () => {
        closing = true;
        ws.close(1000);
      },
    };
  });
