/**
 * When each session is sent away by a server that stops, and when it is told to come back: spread out
 * both times, so that the server that takes over is not met by all of them at once. A plan, no timers.
 *
 *     0          half the deadline          the deadline
 *     |█ █ █ █ █ █ |  the slow ones still read  | the rest is cut off
 */
import type { Random } from '../core/random.ts';

export interface DrainPlan {
  /** In order of time; sizes are above 0 and add up to all sessions. */
  readonly batches: readonly { readonly atMs: number; readonly size: number }[];
  /** When one session is to come back, in whole ms after it was sent away. Asked once for each. */
  retryMs(): number;
}

/** Fewer sessions than this are not worth a batch of their own. */
const SMALLEST_BATCH = 10;
/** Batches are so far apart, so that a small crowd is gone soon and a large one does not stall the loop. */
const SHORTEST_GAP_MS = 20;
const LONGEST_GAP_MS = 100;

const EARLIEST_RETRY_MS = 500;
/** The latest retry, when the deadline is shorter. */
const LATEST_RETRY_MS = 2_000;

/** @param count sessions to be sent away */
export function planDrain(count: number, deadlineMs: number, random: Random): DrainPlan {
  const halfMs = Math.max(0, deadlineMs / 2);
  const fitting = Math.max(1, Math.floor(halfMs / SHORTEST_GAP_MS));
  const batchCount = Math.min(Math.ceil(count / SMALLEST_BATCH), fitting);
  const gapMs = Math.min(LONGEST_GAP_MS, halfMs / batchCount);
  const latest = Math.max(LATEST_RETRY_MS, Math.floor(deadlineMs));
  return {
    batches: Array.from({ length: batchCount }, (_, index) => ({
      atMs: Math.floor(index * gapMs),
      // The difference of two rounded shares: no remainder is lost, and none is empty.
      size: shareUpTo(index + 1, count, batchCount) - shareUpTo(index, count, batchCount),
    })),
    retryMs: () => EARLIEST_RETRY_MS + random.int(latest - EARLIEST_RETRY_MS + 1),
  };
}

function shareUpTo(batch: number, count: number, batchCount: number): number {
  return Math.floor((count * batch) / batchCount);
}
