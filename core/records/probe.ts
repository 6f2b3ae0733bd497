/**
 * What can be found out about a path from outside: the head of an answer, how events arrive, how connections
 * end. Plain values, so that a probe of one endpoint and a matrix of proxies print them alike.
 */

export type StreamKind = 'sse' | 'ws';

/** How long each step took, ms; `undefined` where there was no such step. */
export interface HeadTimes {
  readonly lookupMs: number | undefined;
  readonly connectMs: number;
  readonly tlsMs: number | undefined;
  /** From the request being written to the whole head being there. */
  readonly headMs: number;
}

export interface TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  /** Why the certificate is not trusted; undefined where it is. */
  readonly distrust: string | undefined;
}

export interface NamedHeader {
  readonly name: string;
  readonly value: string;
}

export interface HeadFacts {
  readonly transport: StreamKind;
  /** Every sample, the first of which also warms up whatever is cold. */
  readonly samples: readonly HeadTimes[];
  /** The median of each step. */
  readonly typical: HeadTimes;
  readonly status: number;
  readonly httpVersion: string;
  /** What TLS agreed on when h2 and http/1.1 were offered; undefined without TLS. */
  readonly alpn: string | undefined;
  readonly tls: TlsFacts | undefined;
  /** Headers about keeping the connection. */
  readonly keepAlive: readonly NamedHeader[];
  /** Headers by which servers and proxies on the way name themselves. */
  readonly hops: readonly NamedHeader[];
  readonly cacheControl: string | undefined;
  readonly accelBuffering: string | undefined;
  readonly subprotocol: string | undefined;
  readonly compression: {
    /** Content-Encoding, or the extension agreed on, without being asked for any. */
    readonly unasked: string | undefined;
    /** The same when asked. */
    readonly asked: string | undefined;
    /** Why it could not be asked; undefined where it could. */
    readonly problem: string | undefined;
  };
}

/** How events of one connection arrived. */
export interface Clumping {
  readonly events: number;
  /** `unknown`: nothing shows when they were sent. */
  readonly verdict: 'clumped' | 'apart' | 'unknown';
  /** What shows when they were sent. */
  readonly evidence: 'send-times' | 'pace' | 'none';
  /** Events that arrived together with one sent well before or after it. */
  readonly clumped: number;
  /** The commonest number of events that arrive together; 1 where they come singly. */
  readonly groupSize: number;
  /** The largest. */
  readonly largest: number;
  /** Median time between groups, ms. */
  readonly everyMs: number | undefined;
  /** How far apart the first and the last of a clump were sent, ms: the median of all clumps. */
  readonly heldMs: number | undefined;
  /** From sending to arrival, ms; only where both were read from the same clock. */
  readonly delayMs:
    | { readonly p50: number; readonly min: number; readonly max: number }
    | undefined;
}

export interface Heartbeat {
  readonly kind: 'comment' | 'ping' | 'repeat';
  readonly count: number;
  /** Median interval, ms; undefined where it came once. */
  readonly everyMs: number | undefined;
  /** What it said, shortened. */
  readonly sample: string;
}

/** How a connection ended, as the client sees it. */
export type End =
  /** It was open when the watching was over. */
  | { readonly how: 'open' }
  /** The body ended as HTTP says it does. */
  | { readonly how: 'complete' }
  | { readonly how: 'close-frame'; readonly code: number; readonly reason: string }
  /** TCP was closed in good order in the middle of the protocol (a WebSocket calls it 1006). */
  | { readonly how: 'fin' }
  | { readonly how: 'reset' }
  /** Nothing comes any more, and nobody has said so. */
  | { readonly how: 'swallowed' }
  | { readonly how: 'broken'; readonly why: string };

/** Silence in ms, by who was silent: either alone, or both at the same time. */
export interface Silences {
  readonly server: number;
  readonly client: number;
  readonly both: number;
}
export type Silent = keyof Silences;

/** What a client said by itself on a connection that was watched. */
export interface Talk {
  readonly kind: 'nothing' | 'ping' | 'pong';
  readonly everyMs: number | undefined;
}

/** One connection that was watched. */
export interface IdleWatch {
  readonly talk: Talk;
  readonly end: End;
  /** How old it became, ms. */
  readonly ageMs: number;
  /** The silence that was going on when it ended or the watching was over. */
  readonly lastSilence: Silences;
  /** The longest silence after which it was still there. */
  readonly survived: Silences;
}

/** What the ends of several connections say together. */
export interface IdleVerdict {
  /** `cut`: after a silence; `age`: whatever was said; `unclear`: what cuts cannot be told. */
  readonly kind: 'none' | 'cut' | 'age' | 'unclear' | 'swallowed';
  /** Whose silence explains all that was seen; several where they cannot be told apart. */
  readonly silent: readonly Silent[];
  /** Whether it could as well be the age of the connection. */
  readonly maybeAge: boolean;
  /** The longest silence that was survived, ms. */
  readonly lowMs: number;
  /** The shortest after which a connection was cut, ms. */
  readonly highMs: number | undefined;
  /** The median of those that were cut, ms. */
  readonly cutMs: number | undefined;
  readonly cuts: number;
}

export interface IdleFacts {
  readonly watches: readonly IdleWatch[];
  readonly verdict: IdleVerdict;
  /** Connections that were not let in, and why the last of them was not. */
  readonly refused: { readonly count: number; readonly why: string } | undefined;
  /** How long was watched at most, ms. */
  readonly maxMs: number;
  readonly interrupted: boolean;
}

/** All that a probe of one endpoint found. */
export interface ProbeResult {
  /** Without passwords and the values of its query. */
  readonly url: string;
  readonly transport: StreamKind;
  readonly head: HeadFacts;
  /** There and back within WebSocket, ms; undefined where pings are not answered, and over SSE. */
  readonly pingMs: number | undefined;
  /** From the head to the first event, ms; undefined where none came. */
  readonly firstEventMs: number | undefined;
  readonly events: Clumping;
  /** Median of arrival minus the time an event carries, ms: delay and the difference of two clocks. */
  readonly stampLagMs: number | undefined;
  readonly heartbeats: readonly Heartbeat[];
  readonly idle: IdleFacts;
}

/** What to do about it. */
export interface Advice {
  /** The interval to beat at, ms; undefined where nothing is known. */
  readonly heartbeatMs: number | undefined;
  readonly says: readonly string[];
}
