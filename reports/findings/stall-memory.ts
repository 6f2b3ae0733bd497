/** What a server's memory grew by for clients that stopped reading, beyond what it grows by anyway: round by round, and how sure that is. */
import type { StallRecord } from '../../core/records/stall.ts';
import type { Trial } from '../../core/result.ts';
import { mean, tInterval } from '../../core/stats.ts';
import { formatBytes } from '../../core/units.ts';
import { memoryGrowth, memoryGrowthUntil } from '../metrics/stall.ts';

export interface MemoryBeyondCalm {
  /** Bytes per stalled client: the mean of the rounds, which is what the interval is of. */
  readonly value: number;
  /** 95 % interval over the rounds; undefined where there is one round only. */
  readonly interval: { readonly low: number; readonly high: number } | undefined;
}

/** @param calm trials of the same arm with nobody stalling; a round that only one of the two has is left out */
export function memoryBeyondCalm(
  stalled: readonly Trial[],
  calm: readonly Trial[],
): MemoryBeyondCalm | undefined {
  const rounds = stalled.flatMap(({ round, stall }) => {
    const other = calm.find((one) => one.round === round)?.stall;
    return (stall && other && beyond(stall, other)) ?? [];
  });
  const value = mean(rounds);
  return value === undefined ? undefined : { value, interval: tInterval(rounds, 0.95) };
}

function beyond(record: StallRecord, calm: StallRecord): number | undefined {
  const { stalled, held, untilMs } = record;
  const grown = memoryGrowth(record);
  // A server that has just started grows by itself: over the same time, which an eviction cuts short.
  const anyway = memoryGrowthUntil(calm, held?.ms ?? untilMs);
  return grown === undefined || anyway === undefined || stalled === 0
    ? undefined
    : (grown - anyway) / stalled;
}

/** A difference whose interval holds zero is none. Behind 'its memory grew'. */
export function growthText({ value, interval }: MemoryBeyondCalm): string {
  if (interval === undefined) {
    return value > 0
      ? `by ${formatBytes(value)} per stalled client more than without them in the one round, which may be chance`
      : 'no more than without them in the one round';
  }
  const { low, high } = interval;
  const range = `95 % interval ${formatBytes(low)} to ${formatBytes(high)}`.replaceAll('-', '−');
  if (low > 0) {
    return `by ${formatBytes(value)} per stalled client more than without them (${range})`;
  }
  return high < 0
    ? 'less than without them'
    : `by no more per stalled client than can be told from nothing (${range})`;
}
