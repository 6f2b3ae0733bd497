/** How sessions are sent away: one by one for a reason, or all of them without a stampede back. */
import type { Random } from '../core/random.ts';
import type { CloseReason, Connection } from '../core/transport.ts';
import { planDrain } from './drain-plan.ts';
import type { Session } from './session.ts';

/** How long a session that is sent away has to read why, ms. */
const FAREWELL_MS = 1_000;

export class Departures {
  private readonly timers = new Set<NodeJS.Timeout>();
  private onDone: (() => void) | undefined;

  /** What is buffered for a slow reader would keep the farewell from ever getting there: it ends anyway. */
  farewell(connection: Connection, reason: CloseReason, retryMs?: number): void {
    // Who does not answer does not read a farewell either.
    if (reason === 'silent') {
      connection.destroy();
      return;
    }
    connection.close(reason, retryMs);
    this.after(FAREWELL_MS, () => connection.destroy());
  }

  /**
   * Sends everybody away in batches, each with a time of its own to come back.
   * @param send sends one session away
   */
  drain(
    sessions: Iterable<Session>,
    deadlineMs: number,
    random: Random,
    send: (session: Session, retryMs: number) => void,
  ): void {
    const leaving = [...sessions];
    const plan = planDrain(leaving.length, deadlineMs, random);
    for (const { atMs, size } of plan.batches) {
      this.after(atMs, () => {
        for (const session of leaving.splice(0, size)) send(session, plan.retryMs());
      });
    }
  }

  /** Resolves when `done` says that nobody is left, or the deadline has passed. */
  async allGone(deadlineMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadlineMs);
      this.onDone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  done(): void {
    this.onDone?.();
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    timer.unref();
    this.timers.add(timer);
  }
}
