/**
 * What happens to a session that does not keep up: one policy per name, the same on every transport.
 * All but `block` see to it that nobody else waits. To add one: a member of `SlowPolicy` and an entry
 * below.
 */
import type { SlowPolicy } from '../core/scenario.ts';
import type { Frame } from '../core/transport.ts';
import { Outbox } from './outbox.ts';
import type { Session } from './session.ts';

export type DropReason =
  /** The newest message was left out. */
  | 'newest'
  /** An older one gave way to it. */
  | 'oldest'
  /** A newer one of the same key took its place. */
  | 'coalesced'
  /** It was for a session that was being ended because it was slow. */
  | 'disconnected'
  /** Publishing had waited for the session as long as it may. */
  | 'blocked'
  /** The session had gone, or was going. */
  | 'gone';

/** What a policy may do. */
export interface SlowHost {
  readonly bufferLimitBytes: number;
  /** @returns false when the connection asks to hold back */
  write(session: Session, frame: Frame): boolean;
  drop(reason: DropReason, deliveries?: number): void;
  /** The session keeps up again. */
  recovered(session: Session): void;
  expel(session: Session): void;
  /** Publishing stands still until the session has drained, or for as long as it may. */
  block(session: Session): void;
}

export interface Policy {
  /** A write has answered that it should hold back; called once until the session has recovered. */
  congested(session: Session, host: SlowHost): void;
  /** One more message for a session that holds back. */
  offer(session: Session, frame: Frame, key: string, host: SlowHost): void;
}

const nothing = (): void => undefined;

/** Node's own buffers take what comes up to the limit; beyond it, what comes is left out. */
const dropNewest: Policy = {
  congested: nothing,
  offer(session, frame, _key, host) {
    const buffered = session.connection?.bufferedBytes ?? 0;
    if (buffered === 0) host.recovered(session);
    if (buffered > host.bufferLimitBytes) host.drop('newest');
    else host.write(session, frame);
  },
};

/** What comes waits in a queue of ours, in which the oldest give way to the newest. */
const dropOldest: Policy = {
  congested: flushWhenDrained,
  offer(session, frame, _key, host) {
    session.outbox ??= new Outbox();
    const { outbox } = session;
    outbox.push(frame);
    while (outbox.bytes > host.bufferLimitBytes && outbox.length > 1) {
      outbox.shift();
      host.drop('oldest');
    }
  },
};

/** One message per key waits, the latest. Messages without a key have one place together. */
const keepLatest: Policy = {
  congested: flushWhenDrained,
  offer(session, frame, key, host) {
    session.outbox ??= new Outbox();
    if (session.outbox.replace(key, frame)) host.drop('coalesced');
  },
};

/** Writes what waits as the connection drains, until nothing does. */
function flushWhenDrained(session: Session, host: SlowHost): void {
  const { connection } = session;
  connection?.whenDrained(() => {
    // It may have been cut, or have come back on another connection.
    if (session.connection !== connection || session.state !== 'congested') return;
    for (let frame = session.outbox?.shift(); frame !== undefined; ) {
      if (!host.write(session, frame)) {
        flushWhenDrained(session, host);
        return;
      }
      frame = session.outbox?.shift();
    }
    host.recovered(session);
  });
}

/** Who is over the limit is sent away; who holds back for too long, too (the hub keeps the time). */
const disconnect: Policy = {
  congested: nothing,
  offer(session, frame, _key, host) {
    const buffered = session.connection?.bufferedBytes ?? 0;
    if (buffered === 0) host.recovered(session);
    if (buffered > host.bufferLimitBytes) {
      host.drop('disconnected');
      host.expel(session);
    } else host.write(session, frame);
  },
};

/** Everybody waits for the slow one, for a bounded time; then it misses what comes. */
const block: Policy = {
  congested: nothing,
  offer(session, frame, _key, host) {
    const buffered = session.connection?.bufferedBytes ?? 0;
    if (buffered === 0) host.recovered(session);
    if (buffered <= host.bufferLimitBytes) host.write(session, frame);
    else host.drop('blocked');
    if ((session.connection?.bufferedBytes ?? 0) > host.bufferLimitBytes) host.block(session);
  },
};

export const policies = {
  'drop-newest': dropNewest,
  'drop-oldest': dropOldest,
  'keep-latest': keepLatest,
  disconnect,
  block,
} satisfies Record<SlowPolicy, Policy>;
