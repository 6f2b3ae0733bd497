/** Servers that answer wrongly, each in one way: what a client must refuse, with a sentence, and let go of. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Endpoint } from '../core/transport.ts';
import { createSignal } from './recorder.ts';

/** What is done to a connection when the head of its request has come. */
export type Behaviour = (socket: Socket, requestHead: string) => void;

export interface MisbehavingServer {
  readonly endpoint: Endpoint;
  /** Resolves when no connection is left that the server has not ended itself. */
  allGone(): Promise<void>;
  close(): Promise<void>;
}

export async function startMisbehaving(behave: Behaviour): Promise<MisbehavingServer> {
  const sockets = new Set<Socket>();
  const gone = createSignal();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      gone.raise();
    });
    // Clients that refuse an answer may reset the connection.
    socket.on('error', () => socket.destroy());
    let head = '';
    socket.on('data', (bytes) => {
      const before = head;
      head += bytes.toString('latin1');
      if (head.includes('\r\n\r\n') && !before.includes('\r\n\r\n')) behave(socket, head);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: { host: '127.0.0.1', port, path: '/stream' },
    allGone: () => gone.until(() => (sockets.size === 0 ? null : undefined)).then(() => undefined),
    async close() {
      if (!server.listening) return;
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export const says =
  (...lines: readonly string[]): Behaviour =>
  (socket) =>
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);

/** The answer to the key in a WebSocket handshake, RFC 6455, 4.2.2. */
export function acceptOf(requestHead: string): string {
  const key = /^Sec-WebSocket-Key: (.*)$/im.exec(requestHead)?.[1] ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** A correct WebSocket answer, apart from the headers given; undefined leaves one out. */
export const switches =
  (changed: Readonly<Record<string, string | undefined>>): Behaviour =>
  (socket, requestHead) => {
    const headers: Record<string, string | undefined> = {
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Accept': acceptOf(requestHead),
      ...changed,
    };
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}`],
    );
    says('HTTP/1.1 101 Switching Protocols', ...lines)(socket, requestHead);
  };

export const silence: Behaviour = () => undefined;
export const hangUp: Behaviour = (socket) => socket.end();
export const reset: Behaviour = (socket) => socket.resetAndDestroy();
export const hangUpInTheHead: Behaviour = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Ty');
export const hugeHead: Behaviour = (socket) =>
  socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(17 * 1024)}`);
export const anotherProtocol: Behaviour = (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n');
export const brokenStatusLine: Behaviour = (socket) => socket.write('HTTP/1.x nonsense\r\n\r\n');

/** A head that never ends, a byte at a time, so that the connection is never idle. */
export const trickle: Behaviour = (socket) => {
  socket.write('HTTP/1.1 200 OK\r\nX: ');
  const timer = setInterval(() => socket.write('x'), 5);
  socket.on('close', () => clearInterval(timer));
};
