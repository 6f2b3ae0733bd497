/**
 * The core of the push server, the same for every transport: who is connected, one encoding per
 * broadcast, what happens to a session that reads too slowly, and when it is sent a heartbeat.
 */
import type { Random } from '../core/random.ts';
import type { Frame, ServerEnd, Session, SessionEvents } from '../core/transport.ts';

export interface HubOptions {
  readonly heartbeatMs: number;
  readonly bufferLimitBytes: number;
  readonly random: Random;
}

export interface HubCounters {
  opened: number;
  closed: number;
  published: number;
  upstream: number;
  delivered: number;
  /** Deliveries left out because the session had too much buffered. */
  dropped: number;
  /** Bytes written to sessions that are gone. */
  closedBytes: number;
}

/** Sessions are spread over this many moments of a heartbeat interval, so that they never beat together. */
const HEARTBEAT_SLOTS = 64;

export class Hub implements SessionEvents {
  readonly sessions = new Set<Session>();
  readonly counters: HubCounters = {
    opened: 0,
    closed: 0,
    published: 0,
    upstream: 0,
    delivered: 0,
    dropped: 0,
    closedBytes: 0,
  };
  private readonly options: HubOptions;
  private readonly slots: Set<Session>[] = Array.from({ length: HEARTBEAT_SLOTS }, () => new Set());
  private readonly slotOf = new Map<Session, Set<Session>>();
  /** Sessions whose last write answered false and that have not been seen empty since. */
  private readonly congested = new Set<Session>();
  private readonly heartbeat: NodeJS.Timeout | undefined;
  private encode: ServerEnd['encode'] = (message) => message;
  private lastId = 0;
  private onEmpty: (() => void) | undefined;
  private ending = false;

  constructor(options: HubOptions) {
    this.options = options;
    if (options.heartbeatMs > 0) {
      let slot = 0;
      this.heartbeat = setInterval(() => {
        for (const session of this.slots[slot] ?? []) session.heartbeat();
        slot = (slot + 1) % HEARTBEAT_SLOTS;
      }, options.heartbeatMs / HEARTBEAT_SLOTS);
      this.heartbeat.unref();
    }
  }

  use(end: ServerEnd): void {
    this.encode = end.encode;
  }

  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  open(session: Session): void {
    this.counters.opened += 1;
    this.sessions.add(session);
    if (this.ending) session.close('going-away');
    const slot = this.slots[this.options.random.int(HEARTBEAT_SLOTS)];
    if (slot !== undefined) {
      slot.add(session);
      this.slotOf.set(session, slot);
    }
  }

  closed(session: Session): void {
    if (!this.sessions.delete(session)) return;
    this.counters.closed += 1;
    this.counters.closedBytes += session.bytesWritten;
    this.slotOf.get(session)?.delete(session);
    this.slotOf.delete(session);
    this.congested.delete(session);
    if (this.sessions.size === 0) this.onEmpty?.();
  }

  /** A client published: everybody gets it, the sender too. */
  upstream(_session: Session | undefined, message: Buffer): void {
    this.counters.upstream += 1;
    // The bytes belong to the caller; a session's socket may keep what it is given.
    this.broadcast(Buffer.from(message));
  }

  /** Sends one message to every session. It is encoded once, whatever their number. */
  broadcast(message: Buffer): void {
    // A write behind the end of a stream would cut off what is still buffered before it.
    if (this.ending) return;
    const frame = this.encode(message);
    this.counters.published += 1;
    for (const session of this.sessions) this.deliver(session, frame);
  }

  /** Writes a frame to one session, unless it is too far behind. */
  deliver(session: Session, frame: Frame): void {
    if (this.congested.size > 0 && this.isTooFarBehind(session)) {
      this.counters.dropped += 1;
      return;
    }
    this.counters.delivered += 1;
    if (!session.write(frame)) this.congested.add(session);
  }

  /** Drops the newest message for a session over its limit: no memory grows and nobody waits. */
  private isTooFarBehind(session: Session): boolean {
    if (!this.congested.has(session)) return false;
    const { bufferedBytes } = session;
    if (bufferedBytes === 0) this.congested.delete(session);
    return bufferedBytes > this.options.bufferLimitBytes;
  }

  get bufferedBytes(): number {
    let sum = 0;
    for (const session of this.congested) sum += session.bufferedBytes;
    return sum;
  }

  get bytesWritten(): number {
    let sum = this.counters.closedBytes;
    for (const session of this.sessions) sum += session.bytesWritten;
    return sum;
  }

  /** Asks every session to end, and ends those that have not by the deadline. */
  async close(deadlineMs: number): Promise<void> {
    this.ending = true;
    clearInterval(this.heartbeat);
    for (const session of this.sessions) session.close('going-away');
    if (this.sessions.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs);
        this.onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const session of this.sessions) session.destroy();
  }
}
