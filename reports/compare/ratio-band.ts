/**
 * The ratio of two runs at every percentile, with a band: whole trials are drawn again and again, since
 * a trial is the unit of evidence and its million deliveries are not. The band is pointwise, and with
 * few trials a little narrow: at 8 trials it holds the truth about 9 times in 10 (a test counts).
 */
import * as hdr from 'hdr-histogram-js';
import { decodeHistogram } from '../../core/histogram.ts';
import { quantileOfSorted } from '../../core/median.ts';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import type { Traffic } from '../flow.ts';

/** One trial, as values and how often each occurred. */
export interface TrialCounts {
  /** Ascending, µs. */
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

export interface RatioPoint {
  readonly quantile: number;
  readonly ratio: number;
  /** Undefined where a run has one trial only, so there is nothing to draw from. */
  readonly low: number | undefined;
  readonly high: number | undefined;
}

const DRAWS = 300;
const SEED = 1;

/** What never came is later than the deadline, as in every percentile of a report. */
export function countsOf({ due, missing, deadlineUs }: Traffic): TrialCounts {
  const histogram = decodeHistogram(due);
  const values: number[] = [];
  const counts: number[] = [];
  if (histogram instanceof hdr.JsHistogram) {
    const recorded = histogram.recordedValuesIterator;
    recorded.reset();
    while (recorded.hasNext()) {
      const { valueIteratedTo, countAtValueIteratedTo } = recorded.next();
      values.push(valueIteratedTo);
      counts.push(countAtValueIteratedTo);
    }
  }
  if (missing > 0) {
    values.push(Math.max(deadlineUs, histogram.maxValue));
    counts.push(missing);
  }
  return { values, counts };
}

/** Ratios run / against at these quantiles, which must ascend. */
export function ratioBand(
  trials: readonly TrialCounts[],
  against: readonly TrialCounts[],
  quantiles: readonly number[],
): RatioPoint[] {
  const [run, base] = [createPool(trials), createPool(against)];
  const whole = ratios(
    run.quantiles(ones(trials), quantiles),
    base.quantiles(ones(against), quantiles),
  );
  const random = createRandom(SEED);
  const drawn =
    trials.length < 2 || against.length < 2
      ? []
      : Array.from({ length: DRAWS }, () =>
          ratios(
            run.quantiles(weights(trials.length, random), quantiles),
            base.quantiles(weights(against.length, random), quantiles),
          ),
        );
  return quantiles.flatMap((quantile, index) => {
    const ratio = whole[index];
    if (ratio === undefined) return [];
    const sorted = Float64Array.from(drawn.flatMap((one) => one[index] ?? [])).sort();
    return [
      {
        quantile,
        ratio,
        low: quantileOfSorted(sorted, 0.025),
        high: quantileOfSorted(sorted, 0.975),
      },
    ];
  });
}

const ones = (trials: readonly unknown[]): number[] => trials.map(() => 1);

/** How often each trial is drawn, of as many draws as there are trials. */
function weights(count: number, random: Random): number[] {
  const drawn = new Array<number>(count).fill(0);
  for (let i = 0; i < count; i += 1) {
    const index = random.int(count);
    drawn[index] = (drawn[index] ?? 0) + 1;
  }
  return drawn;
}

function ratios(
  run: readonly (number | undefined)[],
  against: readonly (number | undefined)[],
): (number | undefined)[] {
  return run.map((value, index) => {
    const other = against[index];
    return value === undefined || other === undefined || value <= 0 || other <= 0
      ? undefined
      : value / other;
  });
}

/** All trials of a run in one ascending list, so that a draw needs a single pass over it. */
function createPool(trials: readonly TrialCounts[]) {
  const entries = trials
    .flatMap(({ values, counts }, trial) =>
      values.map((value, index) => ({ value, count: counts[index] ?? 0, trial })),
    )
    .sort((a, b) => a.value - b.value);
  const totals = trials.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));

  return {
    quantiles(weight: readonly number[], wanted: readonly number[]): (number | undefined)[] {
      const total = totals.reduce((sum, count, trial) => sum + count * (weight[trial] ?? 0), 0);
      if (total === 0) return wanted.map(() => undefined);
      const ranks = wanted.map((quantile) => Math.max(1, Math.ceil(quantile * total)));
      const found: number[] = [];
      let seen = 0;
      for (const { value, count, trial } of entries) {
        seen += count * (weight[trial] ?? 0);
        while (found.length < ranks.length && seen >= (ranks[found.length] ?? 0)) found.push(value);
        if (found.length === ranks.length) break;
      }
      return found;
    },
  };
}
