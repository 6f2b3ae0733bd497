/**
 * A transport is one wire protocol, both ends of it. The server side hands sessions to the hub and
 * writes what it is given; the generator side hands messages to a sink. Rules that must be the same on
 * every transport (slow consumers, heartbeats, accounting) are not here: they are in the hub.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Bytes of one broadcast as a session of this transport takes them. Made once, written N times. */
export type Frame = Buffer;

export type CloseReason =
  /** The server is stopping. */
  | 'going-away'
  /** The peer broke the protocol or asked for what it may not have. */
  | 'policy'
  /** The peer reads too slowly. */
  | 'slow'
  /** A fault on the server's side. */
  | 'error';

/** The server's view of one connected client. */
export interface Session {
  readonly id: number;
  /** Bytes accepted by `write` that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Wire bytes written so far, handshake included. */
  readonly bytesWritten: number;
  /** @returns false when more is buffered than the high-water mark: the caller should hold back. */
  write(frame: Frame): boolean;
  /** Keeps idle timers on the path from firing: an SSE comment, a WebSocket ping, an empty line. */
  heartbeat(): void;
  /** Ends the session; `onClose` follows. */
  close(reason: CloseReason): void;
  /** Ends it at once, whatever is still buffered. */
  destroy(): void;
}

/** What a transport tells the hub about its sessions. */
export interface SessionEvents {
  /** A number no other session of this server has. */
  nextId(): number;
  open(session: Session): void;
  /** Called once per opened session, as soon as the connection is known to be gone. */
  closed(session: Session): void;
  /** One application message from the client. The bytes are only valid during the call. */
  upstream(session: Session | undefined, message: Buffer): void;
}

export type Route = (request: IncomingMessage, response: ServerResponse) => void;
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What a server process offers a transport to attach to. */
export interface Listener {
  readonly host: string;
  readonly http: HttpServer;
  /** Serves `METHOD path` on the HTTP server. */
  route(method: string, path: string, handler: Route): void;
  /** Serves HTTP/1.1 upgrades of `path`. */
  upgrade(path: string, handler: Upgrade): void;
  /** Opens a TCP listener for protocols that are not HTTP; resolves to its port. */
  listenTcp(onSocket: (socket: import('node:net').Socket) => void): Promise<number>;
}

/** Where a client connects. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** For protocols over HTTP: the stream's path. */
  readonly path: string;
  /** For transports whose upstream is a request of its own: where to POST. */
  readonly upstreamPath?: string;
}

export interface ServerEnd {
  readonly endpoint: Endpoint;
  /** Turns a message into this transport's frame. Called once per broadcast, never per session. */
  encode(message: Buffer): Frame;
}

/**
 * Takes what a client receives. Called in the receive path: must not throw, must not keep `bytes`.
 */
export interface Sink {
  /**
   * One message, at `bytes[start, end)`.
   * @param client the index given to `connect`
   * @param receivedAt ns since the epoch, read when the bytes arrived and before they were decoded
   */
  message(client: number, bytes: Uint8Array, start: number, end: number, receivedAt: number): void;
  /** The connection is gone after it was open. `cause` is a short sentence. */
  closed(client: number, cause: string): void;
}

/** The generator's view of one connection. */
export interface Client {
  /** Bytes read from the socket since the handshake; undefined where the library does not say. */
  readonly bytesRead: number | undefined;
  /** Bytes of the answer to the handshake. */
  readonly handshakeBytes: number | undefined;
  /** Sends one application message upstream, over the connection itself or beside it. */
  send(message: Buffer): Promise<void>;
  /** Stops reading the socket: how a slow consumer is made. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface ConnectOptions {
  readonly endpoint: Endpoint;
  /** Index of the client, passed back to the sink. */
  readonly client: number;
  readonly sink: Sink;
  readonly clock: () => number;
  readonly timeoutMs: number;
}

/**
 * @throws HandshakeError (as a rejection) when the peer cannot be reached, answers wrongly or not in time.
 */
export type Connect = (options: ConnectOptions) => Promise<Client>;

/** `lean`: our own receive path. `library`: what an application would use, for cross-checks. */
export const clientKinds = ['lean', 'library'] as const;
export type ClientKind = (typeof clientKinds)[number];

export interface Transport {
  readonly title: string;
  /** One sentence for `list` and the report. */
  readonly explain: string;
  /** The floor is the least a push over TCP can cost; others are shown as multiples of it. */
  readonly role: 'candidate' | 'floor';
  /**
   * The transport that puts the same bytes on the wire with the least work on the server: the null target
   * that shows how much a generator of this one can take. Itself, when left out.
   */
  readonly lightest?: string;
  /** Server end: attaches to a listener and reports sessions. */
  attach(listener: Listener, events: SessionEvents): Promise<ServerEnd>;
  readonly clients: Readonly<Record<ClientKind, Connect | { readonly unavailable: string }>>;
}

/** A connection that did not come about; counted in the ledger, never thrown at a user. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
}
