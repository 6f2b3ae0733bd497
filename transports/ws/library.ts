/** WebSocket as an application would receive it: the `ws` package's client. For cross-checks. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Client, Connect, HandshakeError } from '../../core/transport.ts';
import { deliverText } from '../envelope.ts';
import type { Stage } from '../handshake-trouble.ts';
import { brokenOff, tooSlow, unexpectedAnswer, WEB_SOCKET } from '../handshake-trouble.ts';
import { asksForIdentity, expectWelcome } from '../lean/welcome.ts';
import { deliverBinary } from './client.ts';

export const connectWsLibrary: Connect = (options) =>
  new Promise((resolve, reject) => {
    const { endpoint, client, clock, timeoutMs, query } = options;
    const { host, port, path, tls } = endpoint;
    const url = `${tls === undefined ? 'ws' : 'wss'}://${host}:${port}${path}`;
    let stage: Stage = 'connecting';
    const ws = new WebSocket(query === undefined ? url : `${url}?${query}`, {
      // On by default in this client, off in its server.
      perMessageDeflate: false,
      finishRequest(request) {
        request.once('socket', (socket) => {
          socket.once('connect', () => {
            stage = 'asking';
          });
        });
        request.end();
      },
      ...(tls === undefined ? {} : { ca: tls.ca }),
    });
    let open = false;
    let closing = false;
    let cause: string | undefined;
    let session: string | undefined;
    let refusal: HandshakeError | undefined;
    // Of the whole handshake: that of the library would start anew with every byte that trickles in.
    const timer = setTimeout(() => {
      refusal = tooSlow(stage, `${host}:${port}`, timeoutMs);
      ws.terminate();
    }, timeoutMs);
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
      stage = 'unnamed';
      if (!identified) opened();
    });
    ws.on('unexpected-response', (_: ClientRequest, response: IncomingMessage) => {
      const { statusCode = 0, statusMessage: statusText = '', headers } = response;
      const { location, 'retry-after': retryAfter } = headers;
      refusal = unexpectedAnswer(WEB_SOCKET, {
        status: statusCode,
        statusText,
        headers: { location, retryAfter },
      });
      // With a listener here the library leaves the end to us.
      ws.terminate();
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
      if (!open) reject(refusal ?? brokenOff(cause ?? `closed with ${code}`));
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
