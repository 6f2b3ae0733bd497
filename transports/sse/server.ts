/**
 * The server's end of SSE on node:http. The default writes events as an application would, with
 * `response.write`; the prepared form writes bytes framed once per broadcast straight to the socket.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type {
  CloseReason,
  Connection,
  Frame,
  Host,
  Listener,
  PushEvent,
  ServerEnd,
} from '../../core/transport.ts';
import { portOf } from '../port.ts';

/** What a browser waits before it reconnects, ms; told to every client at the start of its stream. */
const RETRY_MS = 3_000;

/**
 * First bytes of every stream. Some proxies hold the response head back until the first byte of the
 * body, so a stream that starts silent looks like a server that hangs.
 */
const PREAMBLE = Buffer.from(`: stream open\nretry: ${RETRY_MS}\n\n`);
const HEARTBEAT = Buffer.from(':\n\n');

const PATH = '/events';

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  // nginx buffers a response unless told not to.
  'X-Accel-Buffering': 'no',
};

export type SseWriting = 'response.write' | 'prepared';

export function attachSse(writing: SseWriting) {
  return async (listener: Listener, host: Host): Promise<ServerEnd> => {
    for (const path of [PATH, ...host.feeds.map((feed) => `/${feed}`)]) {
      listener.route('GET', path, (request, response) => {
        const unfit = unfitFor(request, response, writing);
        if (unfit !== undefined) {
          host.refused(unfit.status);
          response.writeHead(unfit.status, { 'Content-Type': 'text/plain' }).end(`${unfit.says}\n`);
          return;
        }
        const admission = host.admit(request);
        if (!admission.ok) {
          response.writeHead(admission.status, admission.headers).end(`${admission.says}\n`);
          return;
        }
        response.writeHead(200, { ...HEADERS, ...admission.headers });
        response.write(PREAMBLE);
        const Kind = writing === 'prepared' ? PreparedSseConnection : SseConnection;
        const connection = new Kind(response, request.socket);
        const attendance = host.open(connection, admission.visit);
        // 'close' comes once, however the connection ended; an error before it has nothing to add.
        response.once('close', () => attendance.closed());
        response.on('error', () => connection.destroy());
      });
    }
    return {
      endpoint: {
        host: listener.host,
        port: portOf(listener),
        path: PATH,
        upstreamPath: '/publish',
        sessionsPath: '/sessions',
      },
      encode:
        writing === 'prepared'
          ? (event) => ({ bytes: chunk(encodeSse(event)), binary: false })
          : (event) => ({ bytes: encodeSse(event), binary: false }),
    };
  };
}

/** Why there can be no stream in answer to this request, whoever asks. */
function unfitFor(
  { httpVersionMinor }: IncomingMessage,
  response: ServerResponse,
  writing: SseWriting,
): { status: number; says: string } | undefined {
  if (writing === 'prepared' && httpVersionMinor === 0) {
    // Its frames are chunks, which HTTP/1.0 does not know.
    return { status: 505, says: 'this stream needs HTTP/1.1' };
  }
  // Behind another answer that is still under way, which may be a stream without end: nobody would read
  // it, and nobody would be told when the connection is gone.
  return response.socket === null
    ? { status: 400, says: 'a stream is not to be pipelined' }
    : undefined;
}

/**
 * One event. A line end inside the data starts a new `data:` line, or it would end the event or inject a
 * field; the receiver joins the lines with LF. Names and ids have been checked by who made the event.
 */
export function encodeSse({ event, id, data, kind }: PushEvent): Buffer {
  if (typeof data === 'string') return Buffer.from(`${headOf(event, id)}${data}\n\n`);
  if (kind === 'binary') {
    return Buffer.from(`${idLine(id)}event: binary\ndata: ${data.toString('base64')}\n\n`);
  }
  if (data.includes(0x0a) || data.includes(0x0d)) {
    const lines = data.toString('utf8').split(/\r\n|\r|\n/);
    return Buffer.from(`${headOf(event, id)}${lines.join('\ndata: ')}\n\n`);
  }
  const head = headBytes(event, id);
  // In every answer, and cheaper than Buffer.concat (the part `request` of `npm run bench:self`).
  const end = head.length + data.length;
  const bytes = Buffer.allocUnsafe(end + 2);
  bytes.set(head);
  bytes.set(data, head.length);
  bytes[end] = LF;
  bytes[end + 1] = LF;
  return bytes;
}

const LF = 0x0a;

let lastEvent = '';
let lastHead = Buffer.from('data: ');

/** Events of one name, such as 'answer', mostly follow each other; an id is another each time. */
function headBytes(event: string, id: string): Buffer {
  if (id !== '') return Buffer.from(headOf(event, id));
  if (event !== lastEvent) {
    lastHead = Buffer.from(headOf(event, id));
    lastEvent = event;
  }
  return lastHead;
}

function headOf(event: string, id: string): string {
  return `${idLine(id)}${event === '' ? '' : `event: ${event}\n`}data: `;
}

const idLine = (id: string): string => (id === '' ? '' : `id: ${id}\n`);

/** The same bytes as `response.write` would put on the wire for `content`. */
function chunk(content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${content.length.toString(16)}\r\n`),
    content,
    Buffer.from('\r\n'),
  ]);
}

class SseConnection implements Connection {
  protected readonly response: ServerResponse;
  protected readonly socket: Socket;

  constructor(response: ServerResponse, socket: Socket) {
    this.response = response;
    this.socket = socket;
  }

  get bufferedBytes(): number {
    return this.response.writableLength;
  }

  get bytesWritten(): number {
    return this.socket.bytesWritten;
  }

  write(frame: Frame): boolean {
    return this.response.write(frame.bytes);
  }

  writeAll(frames: readonly Frame[]): boolean {
    return this.response.write(Buffer.concat(frames.map(({ bytes }) => bytes)));
  }

  whenDrained(callback: () => void): void {
    this.response.once('drain', callback);
  }

  hint(retryMs: number): void {
    this.response.write(`retry: ${Math.round(retryMs)}\n\n`);
  }

  heartbeat(): void {
    this.response.write(HEARTBEAT);
  }

  close(_reason: CloseReason, retryMs?: number): void {
    // SSE has no close code: when to come back, and the end of the response, are all it can say.
    if (retryMs !== undefined) this.response.write(`retry: ${Math.round(retryMs)}\n\n`);
    this.response.end();
    // The connection is not reused for another request: the client of a stream goes away.
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

class PreparedSseConnection extends SseConnection {
  override get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  override write(frame: Frame): boolean {
    return this.socket.write(frame.bytes);
  }

  override writeAll(frames: readonly Frame[]): boolean {
    return this.socket.write(Buffer.concat(frames.map(({ bytes }) => bytes)));
  }

  override whenDrained(callback: () => void): void {
    this.socket.once('drain', callback);
  }
}
