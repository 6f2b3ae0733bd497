/** A time that passes when a test says so. */
import type { Timer, Timers } from '../transports/push-client/timers.ts';

export class FakeTimers implements Timers {
  private at = 0;
  private readonly timers = new Set<{ readonly dueAt: number; readonly act: () => void }>();

  now(): number {
    return this.at;
  }

  get pending(): number {
    return this.timers.size;
  }

  set(act: () => void, ms: number): Timer {
    const timer = { dueAt: this.at + ms, act };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  /** Lets time pass, and what is due happen when it is due. */
  advance(ms: number): void {
    const until = this.at + ms;
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.dueAt - b.dueAt);
      if (next === undefined || next.dueAt > until) break;
      this.at = next.dueAt;
      this.timers.delete(next);
      next.act();
    }
    this.at = until;
  }
}
