/**
 * When connections ended, and why where the server ended them: for those who made them end and want to know
 * when that was found out. Bounded, so that nobody has to ask.
 */
import type { Clock } from '../core/clock.ts';
import type { Closure } from '../core/process-reports.ts';
import type { HubEvent } from './hub-options.ts';
import type { Session } from './session.ts';

/** The latest that are kept. */
const KEPT = 100_000;

export class ClosureLog {
  private readonly clock: Clock;
  private readonly kept: number;
  private closures: Closure[] = [];
  /** Sent away already, and noted then: the end of the socket comes later. */
  private readonly noted = new Set<Session>();

  constructor(clock: Clock, kept = KEPT) {
    this.clock = clock;
    this.kept = kept;
  }

  take({ kind, session, why }: HubEvent): void {
    if (kind === 'expelled') {
      this.noted.add(session);
      this.note(why);
    } else if (kind === 'closed' && !this.noted.delete(session)) this.note(undefined);
  }

  /** Those that have ended since it was called last, in their order. */
  read(): readonly Closure[] {
    const { closures } = this;
    this.closures = [];
    return closures;
  }

  private note(why: string | undefined): void {
    // Half of them at once: shifting a long array for every end would be slow.
    if (this.closures.length >= this.kept) this.closures.splice(0, Math.ceil(this.kept / 2));
    this.closures.push({ at: this.clock(), why });
  }
}
