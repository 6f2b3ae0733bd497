/**
 * The server's end of SSE on node:http. The default writes events as an application would, with
 * `response.write`; the prepared form writes bytes framed once per broadcast straight to the socket.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type {
  CloseReason,
  Frame,
  Listener,
  ServerEnd,
  Session,
  SessionEvents,
} from '../../core/transport.ts';
import { answerUpstream } from './upstream.ts';

/** What a browser waits before it reconnects, ms; told to every client at the start of its stream. */
const RETRY_MS = 3_000;

/**
 * First bytes of every stream. Some proxies hold the response head back until the first byte of the
 * body, so a stream that starts silent looks like a server that hangs.
 */
const PREAMBLE = Buffer.from(`: stream open\nretry: ${RETRY_MS}\n\n`);
const HEARTBEAT = Buffer.from(':\n\n');

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  // nginx buffers a response unless told not to.
  'X-Accel-Buffering': 'no',
};

export type SseWriting = 'response.write' | 'prepared';

export function attachSse(writing: SseWriting) {
  return async (listener: Listener, events: SessionEvents): Promise<ServerEnd> => {
    const address = listener.http.address();
    if (address === null || typeof address === 'string')
      throw new Error('the server is not listening');
    listener.route('GET', '/events', (request, response) => {
      if (writing === 'prepared' && request.httpVersionMinor === 0) {
        // Its frames are chunks, which HTTP/1.0 does not know.
        response.writeHead(505).end('this stream needs HTTP/1.1\n');
        return;
      }
      response.writeHead(200, HEADERS);
      response.write(PREAMBLE);
      const Kind = writing === 'prepared' ? PreparedSseSession : SseSession;
      const session = new Kind(events.nextId(), response, request.socket);
      // 'close' comes once, however the connection ended; an error before it has nothing to add.
      response.once('close', () => events.closed(session));
      response.on('error', () => session.destroy());
      events.open(session);
    });
    listener.route('POST', '/publish', (request, response) =>
      answerUpstream(request, response, (message) => events.upstream(undefined, message)),
    );
    return {
      endpoint: {
        host: listener.host,
        port: address.port,
        path: '/events',
        upstreamPath: '/publish',
      },
      encode: writing === 'prepared' ? (message) => chunk(encodeSse(message)) : encodeSse,
    };
  };
}

/**
 * One event with `message` as its data. A line end inside the message starts a new `data:` line, or it
 * would end the event or inject a field; the receiver joins the lines with LF.
 */
export function encodeSse(message: Buffer): Frame {
  if (!message.includes(0x0a) && !message.includes(0x0d)) {
    return Buffer.concat([DATA, message, END]);
  }
  const lines = message.toString('utf8').split(/\r\n|\r|\n/);
  return Buffer.from(`${lines.map((line) => `data: ${line}`).join('\n')}\n\n`);
}
const DATA = Buffer.from('data: ');
const END = Buffer.from('\n\n');

/** The same bytes as `response.write` would put on the wire for `content`. */
function chunk(content: Buffer): Frame {
  return Buffer.concat([
    Buffer.from(`${content.length.toString(16)}\r\n`),
    content,
    Buffer.from('\r\n'),
  ]);
}

class SseSession implements Session {
  readonly id: number;
  protected readonly response: ServerResponse;
  protected readonly socket: Socket;

  constructor(id: number, response: ServerResponse, socket: Socket) {
    this.id = id;
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
    return this.response.write(frame);
  }

  heartbeat(): void {
    this.response.write(HEARTBEAT);
  }

  close(_reason: CloseReason): void {
    // SSE has no close code: the end of the response is all a client can be told.
    this.response.end();
    // The connection is not reused for another request: the client of a stream goes away.
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

class PreparedSseSession extends SseSession {
  override get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  override write(frame: Frame): boolean {
    return this.socket.write(frame);
  }
}
