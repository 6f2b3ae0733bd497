/**
 * When messages are due. A schedule is fixed before the load starts and never looks at how the load
 * is doing: that is what makes the load open-loop, and a stall visible.
 */

import { NS_PER_S } from './clock.ts';
import { createRandom } from './random.ts';

export interface Schedule {
  /** How many events are due in all. */
  readonly count: number;
  /** When event `index` is due, ns after the schedule's start. Never decreases with `index`. */
  dueAt(index: number): number;
}

export const pacings = ['constant', 'poisson'] as const;
export type Pacing = (typeof pacings)[number];

export interface ScheduleOptions {
  readonly pacing: Pacing;
  /** Events per second, on average. */
  readonly ratePerS: number;
  readonly durationMs: number;
  readonly seed: number;
}

export function createSchedule(options: ScheduleOptions): Schedule {
  return options.pacing === 'constant' ? constantSchedule(options) : poissonSchedule(options);
}

/** Event i is due i/rate after the start: computed, not summed up, so that no error builds up. */
function constantSchedule({ ratePerS, durationMs }: ScheduleOptions): Schedule {
  const gapNs = NS_PER_S / ratePerS;
  return {
    // Rounded: 50/s for 6 s is 300 events, also where the product is 299.99999999999994.
    count: Math.max(1, Math.round((ratePerS * durationMs) / 1000)),
    dueAt: (index) => Math.round(index * gapNs),
  };
}

/**
 * Independent arrivals at the same mean rate: gaps are exponential. The times are drawn up front, so
 * every arm of a round replays the same arrivals from the same seed.
 */
function poissonSchedule({ ratePerS, durationMs, seed }: ScheduleOptions): Schedule {
  const random = createRandom(seed);
  const meanGapNs = NS_PER_S / ratePerS;
  const endNs = (durationMs / 1000) * NS_PER_S;
  const times: number[] = [];
  for (let at = random.exponential(meanGapNs); at < endNs; at += random.exponential(meanGapNs)) {
    times.push(Math.round(at));
  }
  if (times.length === 0) times.push(0);
  return { count: times.length, dueAt: (index) => times[index] ?? Number.POSITIVE_INFINITY };
}
