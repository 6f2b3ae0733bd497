/**
 * The server's end of WebSocket on the `ws` package. The default sends as an application would, with
 * `ws.send`; the prepared form writes frames built once per broadcast straight to the socket.
 */
import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type {
  Admission,
  CloseReason,
  Connection,
  Frame,
  Host,
  Listener,
  PushEvent,
  ServerEnd,
} from '../../core/transport.ts';
import { encodeEnvelope } from '../envelope.ts';
import { portOf } from '../port.ts';

/** RFC 6455, 7.4.1, and the IANA registry of close codes. */
const CLOSE_CODES: Record<CloseReason, number> = {
  'going-away': 1001,
  malformed: 1007,
  policy: 1008,
  'too-big': 1009,
  error: 1011,
  restart: 1012,
  slow: 1013,
  // For the table only: nobody is there to read it.
  silent: 1001,
};

const PATH = '/ws';

/** How long the other side may take to answer a close frame and to end the connection, ms. */
const CLOSE_TIMEOUT_MS = 2_000;

const TOO_BIG: ReadonlySet<string> = new Set([
  'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
  'WS_ERR_TOO_MANY_BUFFERED_PARTS',
]);

/** Without it `ws` would send a Buffer as a binary frame. */
const AS_TEXT = { binary: false };
const AS_BINARY = { binary: true };

export type WsWriting = 'ws.send' | 'prepared';

export function attachWs(writing: WsWriting) {
  return async (listener: Listener, host: Host): Promise<ServerEnd> => {
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: host.messageLimitBytes,
      // The hub knows the connections; a second set of them would only cost memory.
      clientTracking: false,
      // For a peer that does not answer the close frame; the types do not know it.
      ...{ closeTimeout: CLOSE_TIMEOUT_MS },
    });
    server.on('wsClientError', (error, socket) => {
      host.refused(400);
      // Which version it would have to be: RFC 6455, 4.4.
      const headers = { 'Content-Type': 'text/plain', 'Sec-WebSocket-Version': '13' };
      refuse(socket, { status: 400, says: error.message, headers });
    });
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      const admission = host.admit(request);
      if (!admission.ok) {
        refuse(socket, admission);
        return;
      }
      server.handleUpgrade(request, socket, head, (ws) => {
        const Kind = writing === 'prepared' ? PreparedWsConnection : WsConnection;
        const connection = new Kind(ws, socket);
        const attendance = host.open(connection, admission.visit);
        let broke: 'malformed' | 'too-big' | undefined;
        // `ws` ends a connection whose text is not UTF-8.
        ws.on('message', (data, isBinary) =>
          attendance.received(asBuffer(data), isBinary ? 'binary' : 'checked'),
        );
        // 'close' follows every 'error', which is always a breach of the protocol. `ws` has answered with
        // the code that fits.
        ws.on('error', (error: NodeJS.ErrnoException) => {
          broke = TOO_BIG.has(error.code ?? '') ? 'too-big' : 'malformed';
        });
        ws.once('close', () => attendance.closed(broke));
      });
    };
    for (const path of [PATH, ...host.feeds.map((feed) => `${PATH}/${feed}`)]) {
      listener.upgrade(path, onUpgrade);
    }
    return {
      endpoint: { host: listener.host, port: portOf(listener), path: PATH },
      encode: writing === 'prepared' ? encodePrepared : encodeWs,
    };
  };
}

type Refused = Extract<Admission, { ok: false }>;

function refuse(
  socket: Duplex,
  { status, says, headers }: Pick<Refused, 'status' | 'says' | 'headers'>,
): void {
  // A peer that is already gone needs no answer, and one that stays must not keep the socket.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(says) + 1 });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n` +
      `${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${says}\n`,
  );
}

function asBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** A text message, or for binary data: one byte with the length of the id, the id, the data. */
function encodeWs(push: PushEvent): Frame {
  if (push.kind !== 'binary' || typeof push.data === 'string') {
    return { bytes: encodeEnvelope(push), binary: false };
  }
  const id = Buffer.from(push.id);
  return { bytes: Buffer.concat([Buffer.from([id.length]), id, push.data]), binary: true };
}

function encodePrepared(push: PushEvent): Frame {
  const { bytes, binary } = encodeWs(push);
  return { bytes: encodeServerFrame(bytes, binary ? 0x82 : 0x81), binary };
}

/** One final frame from server to client: not masked. */
export function encodeServerFrame(payload: Buffer, first = 0x81): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + length);
  frame[0] = first;
  frame[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  payload.copy(frame, 2 + extended);
  return frame;
}

class WsConnection implements Connection {
  protected readonly ws: WebSocket;
  protected readonly socket: Duplex & { bytesWritten?: number };

  constructor(ws: WebSocket, socket: Duplex) {
    this.ws = ws;
    this.socket = socket;
  }

  get bufferedBytes(): number {
    return this.ws.bufferedAmount;
  }

  get bytesWritten(): number {
    return this.socket.bytesWritten ?? 0;
  }

  write(frame: Frame): boolean {
    this.ws.send(frame.bytes, frame.binary ? AS_BINARY : AS_TEXT);
    // `ws.send` swallows the answer of the socket's write; this is the same question.
    return !this.socket.writableNeedDrain;
  }

  writeAll(frames: readonly Frame[]): boolean {
    this.socket.cork();
    for (const frame of frames) this.write(frame);
    this.socket.uncork();
    return !this.socket.writableNeedDrain;
  }

  whenDrained(callback: () => void): void {
    this.socket.once('drain', callback);
  }

  heartbeat(): void {
    if (this.ws.readyState === this.ws.OPEN) this.ws.ping();
  }

  onAnswer(callback: () => void): void {
    this.ws.on('pong', callback);
  }

  close(reason: CloseReason, retryMs?: number): void {
    this.ws.close(
      CLOSE_CODES[reason],
      retryMs === undefined ? undefined : `retry=${Math.round(retryMs)}`,
    );
  }

  destroy(): void {
    this.ws.terminate();
  }
}

class PreparedWsConnection extends WsConnection {
  override write(frame: Frame): boolean {
    // Safe beside `ws` because nothing here is compressed, so `ws` never holds a frame back.
    return this.ws.readyState === this.ws.OPEN && this.socket.write(frame.bytes);
  }
}
