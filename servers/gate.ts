/**
 * Holds publishing back while a slow session drains, for a bounded time: the policy `block`, which is
 * the only one that lets one session delay the others. How long they waited is counted.
 */
import type { Clock } from '../core/clock.ts';
import type { Session } from './session.ts';

export class Gate<Held> {
  /** Time during which it was shut, ns. */
  blockedNs = 0;
  private readonly longestMs: number;
  private readonly clock: Clock;
  private readonly publish: (held: Held) => void;
  private readonly waitingFor = new Set<Session>();
  /** Sessions that have been waited for as long as may be; not again before they have recovered. */
  private readonly givenUp = new WeakSet<Session>();
  private held: Held[] = [];
  private shutAt = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param publish what to do with what was held back, once it is open again */
  constructor(longestMs: number, clock: Clock, publish: (held: Held) => void) {
    this.longestMs = longestMs;
    this.clock = clock;
    this.publish = publish;
  }

  get isShut(): boolean {
    return this.waitingFor.size > 0;
  }

  hold(held: Held): void {
    this.held.push(held);
  }

  /** Shuts until the session has drained or the time is up. */
  waitFor(session: Session): void {
    const { connection } = session;
    if (connection === undefined || this.givenUp.has(session) || this.waitingFor.has(session))
      return;
    if (!this.isShut) {
      this.shutAt = this.clock();
      this.timer = setTimeout(() => this.giveUp(), this.longestMs);
    }
    this.waitingFor.add(session);
    connection.whenDrained(() => this.release(session));
  }

  /** The session has drained, or has gone. */
  release(session: Session): void {
    this.givenUp.delete(session);
    if (this.waitingFor.delete(session) && !this.isShut) this.open();
  }

  private giveUp(): void {
    for (const session of this.waitingFor) this.givenUp.add(session);
    this.waitingFor.clear();
    this.open();
  }

  private open(): void {
    clearTimeout(this.timer);
    this.blockedNs += this.clock() - this.shutAt;
    // What is published may shut it again: the rest is held back anew, in order.
    const held = this.held;
    this.held = [];
    for (const [index, one] of held.entries()) {
      if (this.isShut) {
        this.held = [...held.slice(index), ...this.held];
        return;
      }
      this.publish(one);
    }
  }

  /** Nothing is published any more. */
  close(): void {
    clearTimeout(this.timer);
    this.waitingFor.clear();
    this.held = [];
  }
}
