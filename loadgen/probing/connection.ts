/** One connection that is watched: what arrives with its time, what can be said, and how it ends. */
import type { IncomingHttpHeaders } from 'node:http';
import type { End, HeadTimes, StreamKind, TlsFacts } from '../../core/records/probe.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import { openSse } from './sse-connection.ts';
import { openWs } from './ws-connection.ts';

/** Something that arrived; times are `performance.now()`. */
export interface Arrival {
  readonly kind: 'event' | 'comment' | 'ping' | 'pong';
  readonly at: number;
  /** An event's data, a comment's or a ping's text. */
  readonly text: string;
  readonly id: string;
  readonly event: string;
}

export interface Watcher {
  arrived(arrival: Arrival): void;
  /** Something came, whatever it was, but for what ends the connection; said before `arrived`. */
  heard?(at: number): void;
}

export interface Opening {
  /** Whether compression is asked for. */
  readonly compressed?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Watched {
  readonly times: HeadTimes;
  readonly tls: TlsFacts | undefined;
  readonly status: number;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** When the whole head was there. */
  readonly openedAt: number;
  /** Resolves with how it ended, and never rejects; `open` where this side left. */
  readonly ended: Promise<{ readonly end: End; readonly at: number }>;
  /** WebSocket only; over SSE and after the end it does nothing. @returns whether it was written */
  say(what: 'ping' | 'pong' | { readonly text: string }): boolean;
  /** Leaves in good order; whoever does not answer in half a second is left anyway. */
  leave(): Promise<void>;
  /** Leaves at once; `reset` by a TCP reset. */
  abandon(how?: 'reset'): void;
}

export type Open = (
  endpoint: ProbeEndpoint,
  watcher: Watcher,
  opening?: Opening,
) => Promise<Watched>;

const transports = { sse: openSse, ws: openWs } satisfies Record<StreamKind, Open>;

/** @throws ProbeFailure */
export const openStream: Open = (endpoint, watcher, opening = {}) =>
  transports[endpoint.transport](endpoint, watcher, opening);
