/** A plain socket that says what a client would say and keeps every byte of the answer. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { createSignal } from '../recorder.ts';
import type { Protocol } from './protocols.ts';
import type { WatchedServer } from './watched-server.ts';

export interface Wire {
  readonly socket: Socket;
  /** Everything so far. */
  received(): Buffer;
  /** The part up to the end of the head, and the part behind it. */
  head(): string;
  body(): Buffer;
  /** Resolves when the body has that many bytes. */
  bodyOf(bytes: number): Promise<Buffer>;
  /** Resolves when the peer has ended the connection in good order; rejects when it was reset. */
  ended(): Promise<void>;
}

/**
 * @param request what to send first, if anything; without it there is no head to wait for either
 * @param headEnd what the head of the answer ends in
 * @param localAddress where it comes from
 */
export async function openWire(
  port: number,
  request: string | undefined,
  headEnd = '\r\n\r\n',
  localAddress = '127.0.0.1',
): Promise<Wire> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  onTestFinished(() => void socket.destroy());
  const pieces: Buffer[] = [];
  const changed = createSignal();
  let end: 'open' | 'ended' | Error = 'open';
  socket.on('data', (bytes) => {
    pieces.push(bytes);
    changed.raise();
  });
  socket.on('error', (error) => {
    end = error;
    changed.raise();
  });
  socket.on('end', () => {
    end = 'ended';
    changed.raise();
  });
  const received = () => Buffer.concat(pieces);
  const bodyAt = () => (request === undefined ? 0 : received().indexOf(headEnd) + headEnd.length);
  const wire: Wire = {
    socket,
    received,
    head: () => received().toString('latin1', 0, bodyAt()),
    body: () => received().subarray(bodyAt()),
    bodyOf: (bytes) =>
      changed.until(() => {
        const body = wire.body();
        return body.length >= bytes ? body : undefined;
      }),
    ended: async () => {
      const how = await changed.until(() => (end === 'open' ? undefined : end));
      if (how !== 'ended') throw how;
    },
  };
  await once(socket, 'connect');
  if (request !== undefined) {
    socket.write(request);
    await changed.until(() => (received().includes(headEnd) || end !== 'open' ? null : undefined));
  }
  return wire;
}

/** Connects as a session of the server, and waits for the first bytes of the stream. */
export async function openWireTo(server: WatchedServer, protocol: Protocol): Promise<Wire> {
  const before = server.hub.sessions.size;
  const wire = await openWire(
    server.endpoint.port,
    protocol.request(server.endpoint),
    protocol.headEnd,
  );
  await server.connected(before + 1);
  await wire.bodyOf(protocol.start.length);
  return wire;
}
