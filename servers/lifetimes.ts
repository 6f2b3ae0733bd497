/** How long connections last: gives each an end when it begins, and finds those that have reached theirs. */
import { NS_PER_MS } from '../core/clock.ts';
import type { HubOptions } from './hub-options.ts';
import type { Session } from './session.ts';

/** When those are to come back that have had their time: at the earliest, and how much later at most, ms. */
const EARLIEST_RETRY_MS = 500;
const RETRY_SPREAD_MS = 2_000;

export class Lifetimes {
  private readonly options: Pick<HubOptions, 'lifetimeMs' | 'random' | 'clock'>;

  constructor(options: Pick<HubOptions, 'lifetimeMs' | 'random' | 'clock'>) {
    this.options = options;
  }

  begin(session: Session): void {
    const { lifetimeMs, random, clock } = this.options;
    if (lifetimeMs === 0) return;
    // Between 0.8 and 1.2 of it, so that who came together does not leave together.
    session.endsAt = clock() + lifetimeMs * NS_PER_MS * (0.8 + 0.4 * random.next());
  }

  /** @param end ends the connection of a session, and tells it when to come back */
  sweep(sessions: Iterable<Session>, end: (session: Session, retryMs: number) => void): void {
    const { lifetimeMs, random, clock } = this.options;
    if (lifetimeMs === 0) return;
    const now = clock();
    for (const session of sessions) {
      if (session.endsAt === undefined || now < session.endsAt) continue;
      end(session, EARLIEST_RETRY_MS + random.next() * RETRY_SPREAD_MS);
    }
  }
}
