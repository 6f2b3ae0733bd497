/** Messages that are under way to a target, and why some of them did not get there. */
import { reasonOf } from '../../core/errors.ts';
import type { Tally } from '../../core/process-reports.ts';

/** Causes may hold a text of the server that is never the same: no more of them than anybody reads. */
const MOST_CAUSES = 20;
const OTHER = 'publish: other causes';

export class Sendings {
  private readonly underway = new Set<Promise<void>>();
  private causes = new Map<string, number>();

  add(sending: Promise<unknown>): void {
    const one: Promise<void> = sending
      .then(
        () => undefined,
        (error: unknown) => {
          // Of one that was given up already, that has been counted.
          if (this.underway.has(one)) this.fail(reasonOf(error));
        },
      )
      .finally(() => this.underway.delete(one));
    this.underway.add(one);
  }

  fail(cause: string, count = 1): void {
    const named = `publish: ${cause}`;
    const key = this.causes.has(named) || this.causes.size < MOST_CAUSES ? named : OTHER;
    this.causes.set(key, (this.causes.get(key) ?? 0) + count);
  }

  async settle(timeoutMs: number): Promise<readonly Tally[]> {
    let timer: NodeJS.Timeout | undefined;
    const overdue = new Promise((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([Promise.all(this.underway), overdue]);
    clearTimeout(timer);
    // A server that says nothing has not said that it has them.
    if (this.underway.size > 0) this.fail('no answer before the deadline', this.underway.size);
    this.underway.clear();
    const failures = [...this.causes].map(([cause, count]) => ({ cause, count }));
    this.causes = new Map();
    return failures;
  }
}
