/**
 * The server's end of WebSocket on the `ws` package. The default sends as an application would, with
 * `ws.send`; the prepared form writes frames built once per broadcast straight to the socket.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type {
  CloseReason,
  Frame,
  Listener,
  ServerEnd,
  Session,
  SessionEvents,
} from '../../core/transport.ts';

const CLOSE_CODES: Record<CloseReason, number> = {
  'going-away': 1001,
  policy: 1008,
  slow: 1013,
  error: 1011,
};

/** Text, because the messages are; without it `ws` would send a Buffer as a binary frame. */
const AS_TEXT = { binary: false };

export type WsWriting = 'ws.send' | 'prepared';

export function attachWs(writing: WsWriting) {
  return async (listener: Listener, events: SessionEvents): Promise<ServerEnd> => {
    const address = listener.http.address();
    if (address === null || typeof address === 'string')
      throw new Error('the server is not listening');
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      // The hub knows the sessions; a second set of them would only cost memory.
      clientTracking: false,
    });
    listener.upgrade('/ws', (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (ws) => {
        const Kind = writing === 'prepared' ? PreparedWsSession : WsSession;
        const session = new Kind(events.nextId(), ws, socket);
        ws.on('message', (data) => events.upstream(session, asBuffer(data)));
        // 'close' follows every 'error' and says all there is to know about the session.
        ws.on('error', () => session.destroy());
        ws.once('close', () => events.closed(session));
        events.open(session);
      });
    });
    return {
      endpoint: { host: listener.host, port: address.port, path: '/ws' },
      encode: writing === 'prepared' ? encodeServerFrame : (message) => message,
    };
  };
}

function asBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** One final text frame from server to client: not masked. */
export function encodeServerFrame(payload: Buffer): Frame {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = Buffer.allocUnsafe(2 + extended + length);
  frame[0] = 0x81;
  frame[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  payload.copy(frame, 2 + extended);
  return frame;
}

class WsSession implements Session {
  readonly id: number;
  protected readonly ws: WebSocket;
  protected readonly socket: Duplex & { bytesWritten?: number };

  constructor(id: number, ws: WebSocket, socket: Duplex) {
    this.id = id;
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
    this.ws.send(frame, AS_TEXT);
    // `ws.send` swallows the answer of the socket's write; this is the same question.
    return !this.socket.writableNeedDrain;
  }

  heartbeat(): void {
    if (this.ws.readyState === this.ws.OPEN) this.ws.ping();
  }

  close(reason: CloseReason): void {
    this.ws.close(CLOSE_CODES[reason]);
  }

  destroy(): void {
    this.ws.terminate();
  }
}

class PreparedWsSession extends WsSession {
  override write(frame: Frame): boolean {
    // Safe beside `ws` because nothing here is compressed, so `ws` never holds a frame back.
    return this.ws.readyState === this.ws.OPEN && this.socket.write(frame);
  }
}
