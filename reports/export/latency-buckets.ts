/**
 * Latencies of an arm as counts in a few fixed buckets, which is what monitoring systems keep. The bounds
 * are the same in every run, so that buckets of runs, arms and machines can be added up; the exact
 * percentiles, which buckets cannot tell, are exported beside them.
 */
import * as hdr from 'hdr-histogram-js';
import type { Histogram } from '../../core/histogram.ts';
import { decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import type { Arm, Flow, Point, RunResult } from '../../core/result.ts';
import { flows } from '../../core/result.ts';
import { countedTrials } from '../derive.ts';
import { trafficOf } from '../flow.ts';

/** Seconds: 1, 2.5, 5 from 100 µs to 10 s, and then up to what a histogram of ours can hold. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30, 60, 120,
];

export interface LatencyBuckets {
  readonly flow: Flow;
  readonly arm: Arm;
  readonly point: Point;
  /** One more than there are bounds: the last is of what lies above all of them. Not cumulative. */
  readonly counts: readonly number[];
  readonly count: number;
  /** Seconds. */
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Due → received, and due → answered, of the trials that count. What never came is in no bucket. */
export function latencyBuckets(run: RunResult): LatencyBuckets[] {
  return run.points.flatMap((point) =>
    run.arms.flatMap((arm) =>
      flows.flatMap((flow): LatencyBuckets[] => {
        const encoded = countedTrials(run, arm.name, point).flatMap(
          (trial) => trafficOf(trial, flow)?.due ?? [],
        );
        const merged = mergeHistograms(encoded.map(decodeHistogram));
        return merged.totalCount === 0 ? [] : [{ flow, arm, point, ...bucketsOf(merged) }];
      }),
    ),
  );
}

export function bucketsOf(
  histogram: Histogram,
): Pick<LatencyBuckets, 'counts' | 'count' | 'sum' | 'min' | 'max'> {
  if (!(histogram instanceof hdr.JsHistogram)) throw new Error('a histogram of another kind');
  const counts = Array.from({ length: LATENCY_BOUNDS.length + 1 }, () => 0);
  const recorded = histogram.recordedValuesIterator;
  recorded.reset();
  let sum = 0;
  let at = 0;
  while (recorded.hasNext()) {
    const { valueIteratedTo, countAtValueIteratedTo } = recorded.next();
    // What is counted together differs by less than a thousandth: its middle stands for all of it.
    const seconds = histogram.medianEquivalentValue(valueIteratedTo) / 1e6;
    while (at < LATENCY_BOUNDS.length && seconds > (LATENCY_BOUNDS[at] ?? 0)) at += 1;
    counts[at] = (counts[at] ?? 0) + countAtValueIteratedTo;
    sum += seconds * countAtValueIteratedTo;
  }
  return {
    counts,
    count: histogram.totalCount,
    sum,
    min: histogram.minNonZeroValue / 1e6,
    max: histogram.maxValue / 1e6,
  };
}
