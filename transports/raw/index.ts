/**
 * Newline-delimited JSON over plain TCP, on the same hub as the others: the least that a push costs
 * here, which the protocols are shown as multiples of. It is a yardstick, not a protocol to deploy.
 */
import type { Socket } from 'node:net';
import type {
  CloseReason,
  Connect,
  ConnectOptions,
  Frame,
  Listener,
  ServerEnd,
  Session,
  SessionEvents,
  Transport,
} from '../../core/transport.ts';
import type { Decoder, LeanConnection, LeanProtocol, Opened } from '../lean/socket.ts';
import { connectLean } from '../lean/socket.ts';
import { LineParser } from './line-parser.ts';

const NEWLINE = Buffer.from('\n');

async function attachRaw(listener: Listener, events: SessionEvents): Promise<ServerEnd> {
  const port = await listener.listenTcp((socket) => {
    const session = new RawSession(events.nextId(), socket);
    const lines = new LineParser((bytes, start, end) =>
      events.upstream(session, bytes.subarray(start, end)),
    );
    socket.on('data', (bytes) => lines.feed(bytes, 0, bytes.length, 0));
    socket.on('end', () => socket.end());
    // 'close' follows and is all the hub needs to know.
    socket.on('error', () => session.destroy());
    socket.once('close', () => events.closed(session));
    events.open(session);
  });
  return {
    endpoint: { host: listener.host, port, path: '' },
    encode: (message) => Buffer.concat([message, NEWLINE]),
  };
}

class RawSession implements Session {
  readonly id: number;
  private readonly socket: Socket;

  constructor(id: number, socket: Socket) {
    this.id = id;
    this.socket = socket;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  get bytesWritten(): number {
    return this.socket.bytesWritten;
  }

  write(frame: Frame): boolean {
    return this.socket.write(frame);
  }

  heartbeat(): void {
    this.socket.write(NEWLINE);
  }

  close(_reason: CloseReason): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

const connectRaw: Connect = (options) => connectLean(options, new RawProtocol(options));

class RawProtocol implements LeanProtocol {
  readonly request = undefined;
  private readonly options: ConnectOptions;

  constructor(options: ConnectOptions) {
    this.options = options;
  }

  handshake(): Opened {
    const { sink, client } = this.options;
    const decoder = (): Decoder =>
      new LineParser((bytes, start, end, receivedAt) =>
        sink.message(client, bytes, start, end, receivedAt),
      );
    return { bodyAt: 0, headBytes: 0, decoder };
  }

  async send(connection: LeanConnection, message: Buffer): Promise<void> {
    connection.write(Buffer.concat([message, NEWLINE]));
  }
}

export const raw: Transport = {
  title: 'raw TCP',
  explain: 'newline-delimited JSON over plain TCP on the same hub: the floor the others stand on',
  role: 'floor',
  attach: attachRaw,
  clients: {
    lean: connectRaw,
    library: {
      unavailable: 'no library speaks this protocol; it exists only here, as a yardstick',
    },
  },
};
