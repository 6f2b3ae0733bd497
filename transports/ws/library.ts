/** WebSocket as an application would receive it: the `ws` package's client. For cross-checks. */
import { WebSocket } from 'ws';
import type { Client, Connect } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';
import { deliverText } from '../envelope.ts';
import { asksForIdentity, expectWelcome } from '../lean/welcome.ts';
import { deliverBinary } from './client.ts';

export const connectWsLibrary: Connect = (options) =>
  new Promise((resolve, reject) => {
    const { endpoint, client, clock, timeoutMs, query } = options;
    const { host, port, path, tls } = endpoint;
    const url = `${tls === undefined ? 'ws' : 'wss'}://${host}:${port}${path}`;
    const ws = new WebSocket(query === undefined ? url : `${url}?${query}`, {
      handshakeTimeout: timeoutMs,
      // On by default in this client, off in its server.
      perMessageDeflate: false,
      ...(tls === undefined ? {} : { ca: tls.ca }),
    });
    let open = false;
    let closing = false;
    let cause: string | undefined;
    let session: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    const opened = (): void => {
      open = true;
      clearTimeout(timer);
      resolve(connection);
    };
    const identified = asksForIdentity(options);
    const sink = identified
      ? expectWelcome(options.sink, (given) => {
          session = given;
          opened();
        })
      : options.sink;
    ws.on('open', () => {
      if (!identified) return opened();
      timer = setTimeout(() => {
        cause = `no identity within ${timeoutMs} ms`;
        ws.terminate();
      }, timeoutMs);
    });
    ws.on('message', (data, isBinary) => {
      const receivedAt = clock();
      if (!Buffer.isBuffer(data)) return;
      const deliver = isBinary ? deliverBinary : deliverText;
      deliver(sink, client, data, 0, data.length, receivedAt);
    });
    ws.on('error', (error) => {
      cause = error.message;
    });
    ws.on('close', (code) => {
      clearTimeout(timer);
      if (!open) reject(new HandshakeError(cause ?? `closed with ${code}`));
      else if (!closing) sink.closed(client, cause ?? `closed by the server with ${code}`);
    });
    const connection: Client = {
      bytesRead: undefined,
      get session() {
        return session;
      },
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
