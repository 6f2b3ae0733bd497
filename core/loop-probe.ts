/** What this process's event loop and garbage collector did, sampled from inside. */
import { PerformanceObserver, performance } from 'node:perf_hooks';
import type { LoopSample } from './process-reports.ts';

export interface LoopProbe {
  /**
   * Starts a lap: a function that tells what happened since its last call, or since the lap began. Laps
   * are independent, so one can run per second while another covers a whole phase.
   */
  lap(): () => LoopSample;
  close(): void;
}

export function startLoopProbe(): LoopProbe {
  const onPause = new Set<(startedAt: number, ms: number) => void>();
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      for (const tell of onPause) tell(startTime, duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    lap() {
      let gcMs = 0;
      let gcLongestMs = 0;
      let last = performance.eventLoopUtilization();
      const begunAt = performance.now();
      onPause.add((startedAt, ms) => {
        // Pauses are reported some time after they happened: one before the lap is not its own.
        if (startedAt < begunAt) return;
        gcMs += ms;
        gcLongestMs = Math.max(gcLongestMs, ms);
      });
      return () => {
        const now = performance.eventLoopUtilization();
        const { utilization } = performance.eventLoopUtilization(now, last);
        const sample = { utilization, gcMs, gcLongestMs, rssBytes: process.memoryUsage.rss() };
        last = now;
        gcMs = 0;
        gcLongestMs = 0;
        return sample;
      };
    },
    close: () => observer.disconnect(),
  };
}
