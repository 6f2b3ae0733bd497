/** What a hub can be told, what it counts, and what it tells. */
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { SlowPolicy } from '../core/scenario.ts';
import type { CloseReason, PushEvent } from '../core/transport.ts';
import type { Membership } from './membership.ts';
import type { RingLimits } from './replay-ring.ts';
import type { Session } from './session.ts';
import type { DropReason } from './slow-policies.ts';

export interface HubOptions {
  readonly heartbeatMs: number;
  /** How long the answer to a heartbeat may take, ms, where the protocol has one; 0 or left out: for ever. */
  readonly pongTimeoutMs?: number;
  readonly bufferLimitBytes: number;
  readonly policy: SlowPolicy;
  /** With `disconnect`: how long a session may hold back, ms. */
  readonly slowMs: number;
  /** With `block`: how long everybody waits for a slow session, ms. */
  readonly blockMs: number;
  /** Of each room. */
  readonly replay: RingLimits;
  /** How long a session with an identity may be away, ms, and what is kept for it meanwhile. */
  readonly lingerMs: number;
  readonly away: RingLimits;
  /** How long a connection may last, ms; 0: for ever. */
  readonly lifetimeMs: number;
  /** When clients are told to come back after a cut, ms, give or take half; 0 or left out: nothing is said. */
  readonly retryMs?: number;
  readonly random: Random;
  readonly clock: Clock;
  /** Where this is one of several processes of a server. */
  readonly membership?: Membership | undefined;
  /** Tells what happened to sessions; left out, nobody is told. */
  readonly onEvent?: ((event: HubEvent) => void) | undefined;
}

export interface HubEvent {
  readonly kind: 'opened' | 'resumed' | 'closed' | 'expelled' | 'forgotten';
  readonly session: Session;
  readonly why?: string;
}

export interface HubCounters {
  opened: number;
  resumed: number;
  /** Connections that have ended, those too that a newer one of the same session replaced. */
  closed: number;
  /** Connections that the server ended, and those that the protocol ended for a breach of it. */
  readonly expelled: Record<CloseReason, number>;
  published: number;
  /** Messages and operations received from clients. */
  upstream: number;
  delivered: number;
  /** Written again for somebody who came back, or came late. */
  replayed: number;
  gaps: number;
  /** Bytes written to connections that are gone. */
  closedBytes: number;
  readonly drops: Record<DropReason, number>;
  /** When sessions were sent away because they were slow, on the hub's clock: a sample, the first thousand. */
  readonly slowAt: number[];
}

export function startCounting(): HubCounters {
  return {
    opened: 0,
    resumed: 0,
    closed: 0,
    expelled: {
      'going-away': 0,
      restart: 0,
      policy: 0,
      malformed: 0,
      'too-big': 0,
      slow: 0,
      silent: 0,
      error: 0,
    },
    published: 0,
    upstream: 0,
    delivered: 0,
    replayed: 0,
    gaps: 0,
    closedBytes: 0,
    drops: { newest: 0, oldest: 0, coalesced: 0, disconnected: 0, blocked: 0, gone: 0 },
    slowAt: [],
  };
}

/** What is to be published. */
export interface Publication {
  readonly data: Buffer | string;
  readonly kind: PushEvent['kind'];
  readonly room?: string;
  readonly event?: string;
  readonly key?: string;
  /** Where it has been numbered already, by the primary of several processes. */
  readonly number?: number;
}
