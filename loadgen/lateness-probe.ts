/**
 * The generator's own check on itself: a timer with scheduled times, which shows how late this event
 * loop runs things. `monitorEventLoopDelay` is of no use here: it includes its own resolution and takes
 * no sample during a stall.
 */

import type { Clock } from '../core/clock.ts';
import { NS_PER_MS, NS_PER_US } from '../core/clock.ts';
import { createHistogram, HIGHEST_US, valueAtQuantile } from '../core/histogram.ts';

const PERIOD_MS = 20;

export interface LatenessProbe {
  /** Lateness of the timer since the last call, µs. Includes the millisecond that Node's timers round to. */
  take(): { p99: number; max: number };
  close(): void;
}

export function startLatenessProbe(clock: Clock): LatenessProbe {
  let histogram = createHistogram();
  let dueAt = clock() + PERIOD_MS * NS_PER_MS;
  let timer: NodeJS.Timeout;
  const tick = (): void => {
    const lateUs = Math.max(0, Math.floor((clock() - dueAt) / NS_PER_US));
    histogram.recordValue(Math.min(HIGHEST_US, lateUs));
    // From now, not from when it was due: a stall is one late tick, not a burst of them.
    dueAt = clock() + PERIOD_MS * NS_PER_MS;
    timer = setTimeout(tick, PERIOD_MS);
  };
  timer = setTimeout(tick, PERIOD_MS);
  return {
    take() {
      const taken = { p99: valueAtQuantile(histogram, 0.99) ?? 0, max: histogram.maxValue };
      histogram = createHistogram();
      return taken;
    },
    close: () => clearTimeout(timer),
  };
}
