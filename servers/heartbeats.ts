/**
 * Beats every session once per interval, spread over it, so that thousands never beat together; and finds
 * those who do not answer. Sessions that were beaten together are looked at together, when their time is
 * up: one timer per turn, not one per session.
 *
 *     beat      beat      beat                     found between
 *     ──┬─────────┬────×────┬──────────┐           deadline
 *       └ answer  └ answer  └ deadline ┘ silent    and interval + deadline after ×
 */
import type { Clock } from '../core/clock.ts';
import { NS_PER_MS } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { Session } from './session.ts';

/** Moments of the interval that sessions are spread over. */
const SLOTS = 64;
/** A timer of Node cannot wait longer. */
const LONGEST_MS = 2 ** 31 - 1;

export interface HeartbeatOptions {
  /** 0 beats nobody. */
  readonly heartbeatMs: number;
  /** How long the answer may take, counted from the beat; 0 or left out: for ever. */
  readonly pongTimeoutMs?: number;
  readonly random: Random;
  readonly clock: Clock;
}

export class Heartbeats {
  /** Beats so far, over all sessions. */
  sent = 0;
  private readonly slots: Set<Session>[] = Array.from({ length: SLOTS }, () => new Set());
  private readonly slotOf = new Map<Session, Set<Session>>();
  /** Of those whose answer is missing: when the first beat was that they have not answered, ns. */
  private readonly unanswered = new Map<Session, number>();
  private readonly deadlines = new Set<NodeJS.Timeout>();
  private readonly random: Random;
  private readonly clock: Clock;
  private readonly pongTimeoutMs: number;
  private readonly onSilent: (session: Session) => void;
  private timer: NodeJS.Timeout | undefined;
  private slot = 0;

  /** @param onSilent is told of a session that has not answered in time */
  constructor(options: HeartbeatOptions, onSilent: (session: Session) => void) {
    this.random = options.random;
    this.clock = options.clock;
    this.pongTimeoutMs = options.pongTimeoutMs ?? 0;
    this.onSilent = onSilent;
    this.beat(options.heartbeatMs);
  }

  /** Beats at this interval from now on; 0 beats nobody. */
  beat(intervalMs: number): void {
    clearInterval(this.timer);
    if (intervalMs === 0) return;
    const startNs = this.clock();
    const slotNs = (intervalMs * NS_PER_MS) / SLOTS;
    let turns = 0;
    this.timer = setInterval(() => {
      // Every timer is a little late, 64 times an interval: whoever only counted them would beat too slowly.
      const due = Math.floor((this.clock() - startNs) / slotNs);
      // After a stall nobody is beaten twice.
      turns = Math.max(turns, due - SLOTS);
      for (; turns < due; turns += 1) this.turn();
    }, intervalMs / SLOTS);
    this.timer.unref();
  }

  /** Everybody has a slot, also while nobody is beaten: that may change. */
  add(session: Session): void {
    const slot = this.slots[this.random.int(SLOTS)];
    if (slot === undefined) return;
    slot.add(session);
    this.slotOf.set(session, slot);
    // Any answer is one to all beats before it: a late one shows as well that somebody is there.
    if (this.pongTimeoutMs > 0)
      session.connection?.onAnswer?.(() => this.unanswered.delete(session));
  }

  remove(session: Session): void {
    this.slotOf.get(session)?.delete(session);
    this.slotOf.delete(session);
    this.unanswered.delete(session);
  }

  close(): void {
    clearInterval(this.timer);
    for (const deadline of this.deadlines) clearTimeout(deadline);
    this.deadlines.clear();
    this.unanswered.clear();
  }

  private turn(): void {
    const slot = this.slots[this.slot];
    this.slot = (this.slot + 1) % SLOTS;
    if (slot === undefined || slot.size === 0) return;
    const now = this.clock();
    const waits = this.pongTimeoutMs > 0;
    const waiting: Session[] = [];
    for (const session of slot) {
      const { connection } = session;
      if (connection === undefined) continue;
      // Who has not answered an earlier one is looked at when the time of that one is up.
      const isNew = waits && connection.onAnswer !== undefined && !this.unanswered.has(session);
      // Before it is beaten: the answer counts however soon it comes.
      if (isNew) {
        this.unanswered.set(session, now);
        waiting.push(session);
      }
      connection.heartbeat();
      this.sent += 1;
    }
    if (waiting.length > 0) this.awaitAnswers(waiting, now);
  }

  private awaitAnswers(waiting: readonly Session[], since: number): void {
    const deadline = setTimeout(() => {
      this.deadlines.delete(deadline);
      // Timers come before the sockets in a turn of the event loop: after one that took long, answers lie
      // there unread, and everybody would be taken for dead.
      setImmediate(() => {
        for (const session of waiting) {
          if (this.unanswered.get(session) !== since) continue;
          this.unanswered.delete(session);
          this.onSilent(session);
        }
      });
    }, this.pongTimeoutMs);
    deadline.unref();
    this.deadlines.add(deadline);
  }
}

export interface LivenessOptions {
  readonly heartbeatMs: number;
  readonly pongTimeoutMs: number;
  readonly keepAliveMs: number;
}

/** @throws RangeError for values that would not do what they say */
export function checkLiveness({ heartbeatMs, pongTimeoutMs, keepAliveMs }: LivenessOptions): void {
  for (const [name, value] of Object.entries({ heartbeatMs, pongTimeoutMs, keepAliveMs })) {
    if (!(value >= 0 && value <= LONGEST_MS))
      throw new RangeError(`${name} is ${value}; it must be 0 … ${LONGEST_MS}`);
  }
  // The kernel counts whole seconds; libuv would make 0 of less, which leaves the system's two hours.
  if (keepAliveMs > 0 && keepAliveMs < 1_000)
    throw new RangeError(
      `keepAliveMs is ${keepAliveMs}; the kernel counts whole seconds: 0, or 1000 and more`,
    );
}
