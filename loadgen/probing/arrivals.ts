/** How events of an origin of ours come through a path: each one's delay, and whether they come together. */
import type { Clumping } from '../../core/records/probe.ts';
import { measureClumping } from './clumping.ts';
import type { MeasuredPath } from './origin-line.ts';
import { openLine } from './origin-line.ts';

export interface ArrivalOptions extends MeasuredPath {
  /** Events that are sent. */
  readonly count: number;
  readonly everyMs: number;
  /** How long the last may take, ms. */
  readonly graceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Arrivals extends Clumping {
  readonly sent: number;
  /** Sent and not arrived in time. */
  readonly missing: number;
}

/** @throws ProbeFailure when there is no connection */
export async function measureArrivals(options: ArrivalOptions): Promise<Arrivals> {
  const { count, everyMs, graceMs = 2_000, signal } = options;
  const line = await openLine(options, signal);
  try {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearInterval(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setInterval(() => {
        // The connection is gone, or all is said.
        if (line.session.say() === undefined || line.session.said.length >= count) done();
      }, everyMs);
      signal?.addEventListener('abort', done, { once: true });
    });
    await line.arrival(line.session.said.length, graceMs);
    const { received, session } = line;
    return {
      ...measureClumping(
        received.map(({ at }) => at),
        received.map(({ sentAt }) => sentAt),
        { sameClock: true },
      ),
      sent: session.said.length,
      missing: session.said.length - received.length,
    };
  } finally {
    await line.client.leave();
  }
}
