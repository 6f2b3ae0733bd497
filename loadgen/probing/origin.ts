/**
 * A server of our own behind a path that is measured. It speaks when it is told to and says nothing by
 * itself, so that every silence on the path is one that somebody asked for.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { StreamKind } from '../../core/records/probe.ts';

/** Behind the path of a stream. */
export const PLAIN = '?plain';
/** Instead of `?plain`: a stream that says nothing against being changed on the way, either. */
export const BARE = '?bare';
/** A stream that says nothing against being changed, and that it is not to be buffered. */
export const CHANGEABLE = '?changeable';

/** One event that was sent; `at` is `performance.now()`. */
export interface Said {
  readonly n: number;
  readonly at: number;
}

export interface OriginSession {
  /** Sends the next event, with `more` in it. @returns undefined when the connection is gone */
  say(more?: Readonly<Record<string, unknown>>): Said | undefined;
  /** Sends this much that nobody counts. @returns whether there was a connection to send it to */
  pad(bytes: number): boolean;
  /** Sends a heartbeat: a comment or a ping. @returns as `pad` */
  beat(): boolean;
  /** When the last pong came; undefined: none yet, and always over SSE. */
  readonly pongAt: number | undefined;
  /** What the path speaks with this end: '1.1'. */
  readonly httpVersion: string;
  /** Of the connection, for what it has written. */
  readonly socket: Socket;
  /** Every event that was handed to the connection. */
  readonly said: readonly Said[];
  /** What the client has said; WebSocket only. */
  readonly heard: number;
  /** Ends it in good order, so that nothing on the way has a reason to wait for more. */
  finish(): void;
  /** Resolves when the connection is gone, as far as this end is told. */
  readonly gone: Promise<{ readonly at: number }>;
}

export interface Origin {
  readonly host: string;
  readonly port: number;
  /** The path of a client's stream; with `?plain` behind it a stream gives a path no advice on buffering. */
  pathOf(transport: StreamKind, id: string): string;
  /** Resolves when the client has come. */
  session(id: string): Promise<OriginSession>;
  /** Ends every connection. */
  close(): Promise<void>;
}

interface Wire {
  write(text: string): boolean;
  beat(): boolean;
  finish(): void;
  heard(): number;
  pongAt(): number | undefined;
  readonly request: IncomingMessage;
}

export async function startOrigin(host = '127.0.0.1'): Promise<Origin> {
  const arrived = new Map<string, OriginSession>();
  const awaited = new Map<string, (session: OriginSession) => void>();
  const sockets = new Set<Socket>();
  const attend = (id: string, wire: Wire, gone: Promise<{ at: number }>): void => {
    const session = sessionOn(wire, gone);
    arrived.set(id, session);
    awaited.get(id)?.(session);
    awaited.delete(id);
  };
  // A stream that nobody reads any more is for the path to end, and not for a timer of Node.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    const id = idIn(request, 'sse');
    if (id === undefined) response.writeHead(404).end();
    else attendStream(id, request, response, attend);
  });
  const webSockets = new WebSocketServer({ noServer: true, clientTracking: false });
  server.on('upgrade', (request, socket, head) => {
    // RFC 6455, 4.2.1: an upgrade takes HTTP/1.1. Node does not mind, and many other servers do.
    if (request.httpVersion === '1.0') {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const id = idIn(request, 'ws');
    if (id === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (client) => {
      let heard = 0;
      let pongAt: number | undefined;
      client.on('pong', () => {
        pongAt = performance.now();
      });
      client.on('message', () => {
        heard += 1;
      });
      // 'close' follows.
      client.on('error', () => undefined);
      const wire: Wire = {
        write(text) {
          if (client.readyState !== client.OPEN) return false;
          client.send(text);
          return true;
        },
        beat() {
          if (client.readyState !== client.OPEN) return false;
          // Failing to write is the end of the connection, which `gone` tells.
          client.ping('', false, () => undefined);
          return true;
        },
        finish: () => client.close(),
        heard: () => heard,
        pongAt: () => pongAt,
        request,
      };
      attend(id, wire, goneBy(client, 'close'));
    });
  });
  server.on('connection', (socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    host,
    port: (server.address() as AddressInfo).port,
    pathOf: (transport, id) => `/probe/${transport}/${id}`,
    session: (id) =>
      new Promise((resolve) => {
        const session = arrived.get(id);
        if (session === undefined) awaited.set(id, resolve);
        else resolve(session);
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function attendStream(
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
  attend: (id: string, wire: Wire, gone: Promise<{ at: number }>) => void,
): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    ...adviceIn(request.url ?? ''),
  });
  // Some proxies hold the head until there is a body.
  response.write(':\n\n');
  const put = (text: string): boolean => {
    if (response.destroyed || response.writableEnded) return false;
    response.write(text);
    return true;
  };
  const wire: Wire = {
    write: (text) => put(`data: ${text}\n\n`),
    beat: () => put(':\n\n'),
    finish: () => void response.end(),
    heard: () => 0,
    pongAt: () => undefined,
    request,
  };
  attend(id, wire, goneBy(response, 'close'));
}

/** What a server says to those on the way. */
function adviceIn(url: string): Record<string, string> {
  const changes = url.endsWith(BARE) || url.endsWith(CHANGEABLE);
  const buffers = url.endsWith(BARE) || url.endsWith(PLAIN);
  return {
    'Cache-Control': changes ? 'no-cache' : 'no-cache, no-transform',
    ...(buffers ? {} : { 'X-Accel-Buffering': 'no' }),
  };
}

function sessionOn(wire: Wire, gone: Promise<{ at: number }>): OriginSession {
  const said: Said[] = [];
  return {
    said,
    gone,
    httpVersion: wire.request.httpVersion,
    socket: wire.request.socket,
    get heard() {
      return wire.heard();
    },
    get pongAt() {
      return wire.pongAt();
    },
    pad: (bytes) => wire.write('x'.repeat(bytes)),
    beat: () => wire.beat(),
    finish: () => wire.finish(),
    say(more) {
      const one = { n: said.length + 1, at: performance.now() };
      if (!wire.write(JSON.stringify({ ...one, ...more }))) return undefined;
      said.push(one);
      return one;
    },
  };
}

const goneBy = (emitter: NodeJS.EventEmitter, event: string): Promise<{ at: number }> =>
  new Promise((resolve) => {
    emitter.once(event, () => resolve({ at: performance.now() }));
  });

function idIn({ url = '' }: IncomingMessage, transport: StreamKind): string | undefined {
  return new RegExp(`^/probe/${transport}/([\\w-]+)(\\?(plain|bare|changeable))?$`).exec(url)?.[1];
}
