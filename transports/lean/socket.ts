/**
 * A client connection with as little as possible between the kernel and the decoder: a `net.Socket`
 * that reads into one buffer shared by all connections of the process (`onread`), so that nothing is
 * allocated per read. What is read must be used before the callback returns.
 */

import type { OnReadOpts, Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { Client, ConnectOptions, Sink } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';
import type { Stage } from '../handshake-trouble.ts';
import { brokenOff, SERVER_ENDED, tooSlow } from '../handshake-trouble.ts';
import { asksForIdentity, expectWelcome } from './welcome.ts';

/** As large as libuv's own read size; one for the whole process, since reads never overlap. */
const sharedReadBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Turns the bytes of one connection into messages. Bytes are only valid during the call. */
export interface Decoder {
  /** When the server last said to come back after a cut, ms, where the protocol has a field for it. */
  readonly retryMs?: number | undefined;
  feed(bytes: Buffer, start: number, end: number, receivedAt: number): void;
}

/** The protocol on top of a lean connection. */
export interface LeanProtocol {
  /** What to send when TCP is up; undefined when there is nothing to ask. */
  readonly request: string | undefined;
  /**
   * Looks at the first bytes of the answer.
   * @returns where the stream starts in `bytes` and its decoder, or undefined while more is needed.
   * @throws Error with a sentence when the answer is wrong.
   */
  handshake(bytes: Buffer, start: number, end: number): Opened | undefined;
  send(connection: LeanConnection, message: Buffer): Promise<void> | undefined;
  /** What to write before the end of a connection we close ourselves. */
  farewell?(): Buffer;
  /** What comes between the handshake and being ready; undefined where nothing does. */
  readonly opening?: Opening | undefined;
}

/** What somebody else's server wants to be told first. */
export interface Opening {
  /** Takes the place of the sink of the client, and hands on to it. */
  readonly sink: Sink;
  /** @param done called once, unless it is stopped */
  start(connection: LeanConnection, done: (error?: HandshakeError) => void): void;
  /** Where it stands. @param cause why the connection ended; undefined when the time is up */
  trouble(cause?: string): HandshakeError;
  stop(): void;
}

export interface Opened {
  readonly bodyAt: number;
  /** Makes the decoder; gets the connection so that it can answer and fail. */
  decoder(connection: LeanConnection): Decoder;
}

export class LeanConnection implements Client {
  bytesRead = 0;
  session: string | undefined;
  /** Where decoded messages go. */
  readonly sink: Sink;
  readonly client: number;
  private readonly socket: Socket;
  private readonly protocol: LeanProtocol;
  private readonly options: ConnectOptions;
  private decoder: Decoder | undefined;
  private onOpen: ((error?: Error) => void) | undefined;
  private cause: string | undefined;
  /** Why there was no stream, where that is known. */
  private refusal: HandshakeError | undefined;
  private isConnected = false;
  private closing = false;
  /** Of the whole handshake: a time-out of the socket would start anew with every byte that trickles in. */
  private readonly deadline: NodeJS.Timeout;

  constructor(options: ConnectOptions, protocol: LeanProtocol, onOpen: (error?: Error) => void) {
    this.options = options;
    this.client = options.client;
    this.protocol = protocol;
    this.onOpen = onOpen;
    this.sink = asksForIdentity(options)
      ? expectWelcome(options.sink, (session) => {
          this.session = session;
          this.opened();
        })
      : (protocol.opening?.sink ?? options.sink);
    const { clock } = options;
    this.socket = openSocket(options, {
      buffer: sharedReadBuffer,
      callback: (length, bytes) => {
        // The clock is read before anything is decoded: decoding is ours, not the target's.
        this.onBytes(bytes as Buffer, length, clock());
        return true;
      },
    });
    this.deadline = setTimeout(() => this.refuse(this.lateness()), options.timeoutMs);
    this.socket.once('connect', () => {
      this.isConnected = true;
    });
    this.socket.once(options.endpoint.tls === undefined ? 'connect' : 'secureConnect', () => {
      if (protocol.request === undefined) this.tryOpen(sharedReadBuffer, 0, 0, 0);
      else this.socket.write(protocol.request, 'latin1');
    });
    this.socket.once('error', (error) => {
      // Where a name has several addresses and none answers, the messages are in the parts.
      const [first = error] = error instanceof AggregateError ? (error.errors as Error[]) : [];
      this.cause ??= first.message;
    });
    this.socket.once('end', () => {
      this.cause ??= SERVER_ENDED;
    });
    this.socket.once('close', () => this.onClosed());
  }

  get retryMs(): number | undefined {
    return this.decoder?.retryMs;
  }

  private onBytes(bytes: Buffer, length: number, receivedAt: number): void {
    if (this.decoder === undefined) {
      this.tryOpen(bytes, 0, length, receivedAt);
    } else {
      this.bytesRead += length;
      this.decoder.feed(bytes, 0, length, receivedAt);
    }
  }

  private tryOpen(bytes: Buffer, start: number, end: number, receivedAt: number): void {
    try {
      const opened = this.protocol.handshake(bytes, start, end);
      if (opened === undefined) return;
      this.decoder = opened.decoder(this);
      if (this.sink === this.options.sink) this.opened();
      this.protocol.opening?.start(this, (error) => {
        if (error === undefined) this.opened();
        else this.refuse(error);
      });
      const rest = end - opened.bodyAt;
      if (rest > 0) {
        this.bytesRead += rest;
        this.decoder.feed(bytes, opened.bodyAt, end, receivedAt);
      }
    } catch (error) {
      this.refuse(error);
    }
  }

  private opened(error?: Error): void {
    clearTimeout(this.deadline);
    this.onOpen?.(error);
    this.onOpen = undefined;
  }

  private onClosed(): void {
    const cause = this.cause ?? 'the connection was closed';
    const { opening } = this.protocol;
    opening?.stop();
    if (this.onOpen !== undefined) {
      const isOpening = opening !== undefined && this.decoder !== undefined;
      this.opened(this.refusal ?? (isOpening ? opening.trouble(cause) : brokenOff(cause)));
    } else if (!this.closing) this.options.sink.closed(this.client, cause);
  }

  private lateness(): HandshakeError {
    const { endpoint, reachedAt = endpoint.host, timeoutMs } = this.options;
    const { opening } = this.protocol;
    if (opening !== undefined && this.decoder !== undefined) return opening.trouble();
    const stage: Stage =
      this.decoder !== undefined ? 'unnamed' : this.isConnected ? 'asking' : 'connecting';
    return tooSlow(stage, `${reachedAt}:${endpoint.port}`, timeoutMs);
  }

  private refuse(thrown: unknown): void {
    if (this.cause === undefined && thrown instanceof HandshakeError) this.refusal = thrown;
    this.fail(thrown instanceof Error ? thrown.message : String(thrown));
  }

  /** Gives up on the connection, with the reason the sink will be told. */
  fail(cause: string): void {
    this.cause ??= cause;
    this.socket.destroy();
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Remembers why the peer is about to end the connection. */
  note(cause: string): void {
    this.cause ??= cause;
  }

  send(message: Buffer): Promise<void> | undefined {
    return this.protocol.send(this, message);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.closing = true;
    const farewell = this.protocol.farewell?.();
    if (farewell !== undefined) this.socket.write(farewell);
    this.socket.end();
    this.socket.destroySoon();
  }
}

/** Without `tls` bytes are counted as they are on the wire; with it, before they were encrypted. */
function openSocket({ endpoint, reachedAt }: ConnectOptions, onread: OnReadOpts): Socket {
  const { port, tls } = endpoint;
  const host = reachedAt ?? endpoint.host;
  if (tls === undefined) return connectTcp({ host, port, noDelay: true, onread });
  const options = {
    ...{ host, port, ca: tls.ca },
    // TLSSocket reads into the buffer too, which its types do not know.
    onread,
    // Whichever address it is reached at, it is the server of that host.
    checkServerIdentity: (_reached: string, certificate: PeerCertificate) =>
      checkServerIdentity(endpoint.host, certificate),
  };
  return connectTls(options).setNoDelay(true);
}

export function connectLean(options: ConnectOptions, protocol: LeanProtocol): Promise<Client> {
  return new Promise((resolve, reject) => {
    const connection = new LeanConnection(options, protocol, (error) => {
      if (error === undefined) resolve(connection);
      else reject(error);
    });
  });
}
