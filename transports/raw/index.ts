/**
 * Newline-delimited JSON over plain TCP, on the same hub as the others: the least that a push costs
 * here, which the protocols are shown as multiples of. It is a yardstick, not a protocol to deploy.
 *
 * A client's first line is what the others say in their query, behind a question mark; the server's
 * first line is empty. A refusal is a line of its own, `!503 the server is full`.
 */
import type { Socket } from 'node:net';
import type {
  Attendance,
  CloseReason,
  Connect,
  Connection,
  ConnectOptions,
  Frame,
  Host,
  Listener,
  PushEvent,
  ServerEnd,
  Transport,
} from '../../core/transport.ts';
import { deliverText, encodeEnvelope } from '../envelope.ts';
import type { Decoder, LeanConnection, LeanProtocol, Opened } from '../lean/socket.ts';
import { connectLean } from '../lean/socket.ts';
import { LineParser } from './line-parser.ts';

const NEWLINE = Buffer.from('\n');
/** As long as the head of a request may be. */
const FIRST_LINE_BYTES = 16 * 1_024;
/** How long who was refused has to read why, ms. */
const FAREWELL_MS = 1_000;
const LF = 0x0a;

async function attachRaw(listener: Listener, host: Host): Promise<ServerEnd> {
  // A first line may take as long as the head of a request.
  const { headersTimeout } = listener.http;
  const port = await listener.listenTcp((socket) => greet(socket, host, headersTimeout));
  return { endpoint: { host: listener.host, port, path: '' }, encode };
}

/** Waits for the first line, and then lets the client in or not. */
function greet(socket: Socket, host: Host, firstLineMs: number): void {
  const connection = new RawConnection(socket);
  let attendance: Attendance | undefined;
  let broke: 'too-big' | undefined;
  const answer = (status: number, says: string): void => {
    socket.end(`!${status} ${says}\n`);
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.destroy(), FAREWELL_MS);
  };
  const refuse = (status: number, says: string): void => {
    host.refused(status);
    answer(status, says);
  };
  // Of the whole line: a time-out of the socket would start anew with every byte that trickles in.
  let deadline = setTimeout(() => refuse(408, 'there was no first line in time'), firstLineMs);
  const lines = new LineParser(
    (bytes, start, end) => {
      if (attendance !== undefined) {
        attendance.received(bytes.subarray(start, end), 'text');
        return;
      }
      // It was refused with an earlier line.
      if (socket.writableEnded) return;
      const line = bytes.toString('utf8', start, end);
      if (!line.startsWith('?')) {
        refuse(400, 'the first line is a question mark and the query');
        return;
      }
      const admission = host.admitQuery(line.slice(1), socket.remoteAddress ?? '');
      if (!admission.ok) {
        answer(admission.status, admission.says);
        return;
      }
      clearTimeout(deadline);
      lines.limitBytes = host.messageLimitBytes;
      socket.write(NEWLINE);
      attendance = host.open(connection, admission.visit);
    },
    FIRST_LINE_BYTES,
    () => {
      if (attendance === undefined) {
        refuse(431, `the first line has at most ${FIRST_LINE_BYTES} bytes`);
        return;
      }
      broke = 'too-big';
      socket.destroy();
    },
  );
  socket.on('data', (bytes) => {
    if (!socket.writableEnded) lines.feed(bytes, 0, bytes.length, 0);
  });
  socket.on('end', () => socket.end());
  // 'close' follows and is all the hub needs to know.
  socket.on('error', () => socket.destroy());
  socket.once('close', () => {
    clearTimeout(deadline);
    attendance?.closed(broke);
  });
}

/** A line end can only stand in text, where JSON writes it \n, or between the tokens of JSON. */
function encode(push: PushEvent): Frame {
  const { event, id, kind, data } = push;
  if (typeof data === 'string') return line(encodeEnvelope(push));
  const breaks = data.includes(LF) || data.length === 0;
  const wrapped = breaks && kind === 'text' && event === '' && id === '';
  const text = wrapped
    ? Buffer.from(`{"data":${JSON.stringify(data.toString('utf8'))}}`)
    : encodeEnvelope(push);
  const oneLine =
    breaks && kind === 'json' ? text.map((byte) => (byte === LF ? 0x20 : byte)) : text;
  return line(oneLine);
}

function line(text: Uint8Array): Frame {
  return { bytes: Buffer.concat([text, NEWLINE]), binary: false };
}

class RawConnection implements Connection {
  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  get bytesWritten(): number {
    return this.socket.bytesWritten;
  }

  write(frame: Frame): boolean {
    return this.socket.write(frame.bytes);
  }

  writeAll(frames: readonly Frame[]): boolean {
    return this.socket.write(Buffer.concat(frames.map(({ bytes }) => bytes)));
  }

  whenDrained(callback: () => void): void {
    this.socket.once('drain', callback);
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
  readonly request: string;

  constructor({ query = '' }: ConnectOptions) {
    this.request = `?${query}\n`;
  }

  handshake(bytes: Buffer, start: number, end: number): Opened | undefined {
    if (start === end) return undefined;
    if (bytes[start] !== LF) {
      const refusal = bytes.toString('utf8', start, end).trim();
      throw new Error(`the server answered ${refusal.replace(/^!/, '')}`);
    }
    return { bodyAt: start + 1, decoder: decoderOf };
  }

  send(connection: LeanConnection, message: Buffer): undefined {
    connection.write(Buffer.concat([message, NEWLINE]));
  }
}

function decoderOf({ sink, client }: LeanConnection): Decoder {
  return new LineParser((bytes, start, end, receivedAt) =>
    deliverText(sink, client, bytes, start, end, receivedAt),
  );
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
