/**
 * A transport is one wire protocol, both ends of it. The server side hands sessions to the hub and
 * writes what it is given; the generator side hands messages to a sink. Rules that must be the same on
 * every transport (slow consumers, heartbeats, accounting) are not here: they are in the hub.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { OpeningStep } from './target.ts';

/** What is pushed to clients, before any protocol has framed it. */
export interface PushEvent {
  /** Its name; '' is the default, 'message', which is not sent. */
  readonly event: string;
  /** What a client that was cut off says it saw last; '' where nothing is kept for it. */
  readonly id: string;
  /** A string is a JSON text of one line, made for this event: it is framed without a copy of its own. */
  readonly data: Buffer | string;
  /** Whether the data is a JSON text, any other text, or no text at all. */
  readonly kind: 'json' | 'text' | 'binary';
}

/** Bytes of one event as a connection of this transport takes them. Made once, written N times. */
export interface Frame {
  readonly bytes: Buffer;
  /** Whether the transport has to be told that it is no text; only WebSocket can be. */
  readonly binary: boolean;
}

export type CloseReason =
  /** The server is stopping, or the connection has had its time. */
  | 'going-away'
  /** The server restarts: come back after a while. */
  | 'restart'
  /** The peer broke a rule, or asked for more than it may have. */
  | 'policy'
  /** What the peer sent does not mean anything. */
  | 'malformed'
  /** The peer sent a message over the limit. */
  | 'too-big'
  /** The peer reads too slowly. */
  | 'slow'
  /** The peer has not answered a heartbeat: nobody is there to be told. */
  | 'silent'
  /** A fault on the server's side. */
  | 'error';

/** The server's end of one connection: bytes, and nothing of what they mean. */
export interface Connection {
  /** Bytes accepted by `write` that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /** Wire bytes written so far, handshake included. */
  readonly bytesWritten: number;
  /** @returns false when more is buffered than the high-water mark: the caller should hold back. */
  write(frame: Frame): boolean;
  /** As `write` of each, in as few system calls as the protocol allows. */
  writeAll(frames: readonly Frame[]): boolean;
  /** Calls back once, when all that was written has left; only after a `write` that answered false. */
  whenDrained(callback: () => void): void;
  /** Tells the client when to come back after a cut, where the protocol has a field of its own for it. */
  hint?(retryMs: number): void;
  /** Keeps idle timers on the path from firing: an SSE comment, a WebSocket ping, an empty line. */
  heartbeat(): void;
  /** Calls back for every answer to a heartbeat; only where the protocol has one. */
  onAnswer?(callback: () => void): void;
  /**
   * Ends the connection in good order, after what was written; the end is told to the attendance.
   * @param retryMs when the client should come back, where the protocol can say so
   */
  close(reason: CloseReason, retryMs?: number): void;
  /** Ends it at once, whatever is still buffered. */
  destroy(): void;
}

/** What a client said when it connected, checked. */
export interface Visit {
  readonly address: string;
  readonly rooms: readonly string[];
  readonly keys: readonly string[];
  /** 'new' asks for an identity, an id claims one, undefined wants none. */
  readonly session: string | undefined;
  readonly lastEventId: string | undefined;
  /** Messages of each room wanted on a first connect. */
  readonly history: number;
}

export type Admission =
  | { readonly ok: true; readonly visit: Visit; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly ok: false;
      readonly status: number;
      readonly says: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** One connection as the hub's side holds it: where its transport reports to. */
export interface Attendance {
  /**
   * One message from the client. The bytes are only valid during the call.
   * @param kind `checked` is text that is known to be UTF-8
   */
  received(message: Buffer, kind: 'binary' | 'text' | 'checked'): void;
  /**
   * The connection is gone, however that came about; called once.
   * @param broke what the peer did that the protocol does not allow, where it was ended for that
   */
  closed(broke?: 'malformed' | 'too-big'): void;
}

/** What a transport reports its connections to. */
export interface Host {
  /** Rooms that have a path of their own. */
  readonly feeds: readonly string[];
  /** Largest message a client may send, bytes. */
  readonly messageLimitBytes: number;
  /** Whether this request may become a connection; to be asked before it is answered. */
  admit(request: IncomingMessage): Admission;
  /** The same for a protocol without requests, where all that is said is a query. */
  admitQuery(query: string, address: string): Admission;
  /** Counts what the transport has refused by itself, as the status it said or would have said. */
  refused(status: number): void;
  /** @param visit what `admit` made of the request */
  open(connection: Connection, visit: Visit): Attendance;
}

export type Route = (request: IncomingMessage, response: ServerResponse) => void;
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What a server process offers a transport to attach to. */
export interface Listener {
  readonly host: string;
  readonly http: HttpServer | HttpsServer;
  readonly secure: boolean;
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
  /** It is also at as many addresses of loopback, `host` being the first of them; left out: at `host` alone. */
  readonly addresses?: number;
  readonly port: number;
  /** For protocols over HTTP: the stream's path. */
  readonly path: string;
  /** For transports whose upstream is a request of its own: where to POST what everybody shall get. */
  readonly upstreamPath?: string;
  /** And where to POST operations of a session: `<sessionsPath>/<id>/send`. */
  readonly sessionsPath?: string;
  /** Present where the endpoint speaks TLS. */
  readonly tls?: {
    /** PEM of the authority that signed the server's certificate; left out: those the system knows. */
    readonly ca?: string | undefined;
  };
  /** Present where the server is not ours: how to speak with it. */
  readonly dialect?: Dialect;
}

/** What clients of somebody else's server say and expect. Placeholders but `{client}` and `{id}` are filled. */
export interface Dialect {
  /** Marks messages of this trial, so that those of an earlier one are told apart. */
  readonly tag: string;
  /** Beside those of the protocol, or in their place. */
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocol?: string | undefined;
  /** Between the end of the handshake and being ready, in order. */
  readonly opening: readonly OpeningStep[];
  /** Whole messages that want an answer, and what is sent back. */
  readonly replies: readonly { readonly when: string; readonly send: string }[];
  /** Regular expressions of what means nothing. */
  readonly ignore: readonly string[];
  /** Names of events that carry messages; undefined: all. */
  readonly events?: readonly string[] | undefined;
  /** Whether who comes back says what it saw last, in the header Last-Event-ID. */
  readonly resume: boolean;
}

export interface ServerEnd {
  readonly endpoint: Endpoint;
  /** Turns an event into this transport's frame. Called once per broadcast, never per session. */
  encode(event: PushEvent): Frame;
}

/**
 * Takes what a client receives. Called in the receive path: must not throw, must not keep `bytes`.
 */
export interface Sink {
  /**
   * One message, at `bytes[start, end)`.
   * @param client the index given to `connect`
   * @param receivedAt ns since the epoch, read when the bytes arrived and before they were decoded
   * @param event name of the event; '' for the default
   * @param id of the last event that had one; '' before that
   */
  message(
    client: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    receivedAt: number,
    event: string,
    id: string,
  ): void;
  /** The connection is gone after it was open. `cause` is a short sentence. */
  closed(client: number, cause: string): void;
}

/** The generator's view of one connection. */
export interface Client {
  /** Bytes read from the socket since the handshake; undefined where the library does not say. */
  readonly bytesRead: number | undefined;
  /** The identity the server gave this client, where it was asked for one. */
  readonly session: string | undefined;
  /** When the server last said to come back after a cut, ms, where the protocol has a field for it. */
  readonly retryMs?: number | undefined;
  /**
   * Sends one message or operation upstream, over the connection itself or beside it.
   * @returns when it has got there; undefined where it goes over the connection, and nobody will say so
   * @throws Error (as a rejection) when it did not get there or was refused
   */
  send(message: Buffer): Promise<void> | undefined;
  /** Stops reading the socket: how a slow consumer is made. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface ConnectOptions {
  readonly endpoint: Endpoint;
  /** Index of the client, passed back to the sink. */
  readonly client: number;
  /** Its number among the clients of all processes, where a dialect says it; left out: its index. */
  readonly number?: number;
  readonly sink: Sink;
  readonly clock: () => number;
  readonly timeoutMs: number;
  /** At which of its addresses the endpoint is to be reached; left out, its host. Clients of libraries do not know it. */
  readonly reachedAt?: string;
  /** What to say when connecting (docs/push-server.md): 'session=new&room=a'. */
  readonly query?: string;
  /** Of who comes back to somebody else's server: what it saw last. */
  readonly lastEventId?: string;
  /** Where answers to requests come from, for transports that have the choice. */
  readonly answer?: 'stream' | 'response';
  /** Sends what a one-way stream cannot; needed by transports that have one as soon as they send. */
  readonly upstream?: Upstream | undefined;
}

/** Requests beside a one-way stream, on connections shared by all clients of a process. */
export interface Upstream {
  /** @returns the body of the answer. @throws Error (as a rejection) unless it has a status of 2xx */
  post(path: string, contentType: string, body: Buffer): Promise<Buffer>;
  /** Connections opened so far. */
  readonly connections: number;
  close(): Promise<void>;
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
  /** Server end: attaches to a listener and reports connections. */
  attach(listener: Listener, host: Host): Promise<ServerEnd>;
  readonly clients: Readonly<Record<ClientKind, Connect | { readonly unavailable: string }>>;
}

/** A connection that did not come about; counted in the ledger, never thrown at a user. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  /** What to do about it. */
  readonly hint: string | undefined;
  /** When to try again, where the server said so. */
  readonly retryMs: number | undefined;

  constructor(
    message: string,
    more: { readonly hint?: string | undefined; readonly retryMs?: number | undefined } = {},
  ) {
    super(message);
    this.hint = more.hint;
    this.retryMs = more.retryMs;
  }
}

/** What happened and what to do about it, in one sentence. */
export function explain(thrown: unknown): string {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const hint = thrown instanceof HandshakeError ? thrown.hint : undefined;
  return hint === undefined ? reason : `${reason} (${hint})`;
}
