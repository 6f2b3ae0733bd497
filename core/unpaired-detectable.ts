/**
 * How small a change a comparison of two independent samples could have found: the power of the rule
 * in unpaired, guard included, by simulation. The paired counterpart is detectable.
 */

import { quantileOfSorted } from './median.ts';
import { createRandom } from './random.ts';
import { mean, standardDeviation, studentQuantile } from './stats.ts';
import { rankSumCritical, welchDegrees } from './unpaired-stats.ts';

/** Half of what the paired detector takes: it has to be done for every pair of spreads. */
const SIMULATIONS = 1500;
/** Spreads are told apart in steps of an eighth of the larger one; between two steps the answer moves by 1 %. */
const STEPS = 8;

/** One side of a comparison: how many values, and the standard deviation of their logarithms. */
export interface Side {
  readonly count: number;
  readonly deviation: number;
}

export interface UnpairedDetector {
  /** Smallest relative change (0.11 is 11 %) called a difference at all, 8 times in 10. */
  anyDifference(a: Side, b: Side): number | undefined;
  /** Smallest relative change called `worse` or `better` at this margin, 8 times in 10. */
  beyondMargin(a: Side, b: Side, margin: number): number | undefined;
}

/**
 * With both spreads divided by the larger one, the effect from which on a sample is called a
 * difference is a number of its own: for the interval t·SE − (ā − b̄); for the guard, which counts
 * the pairs (i, j) with b_j above a_i + effect, the (critical + 1)-th largest b_j − a_i. The larger
 * of the two, at the wanted quantile over many samples, is the answer for every margin at once.
 */
export function createUnpairedDetector({ power = 0.8, significance = 0.05, seed = 1 } = {}) {
  const known = new Map<string, number | undefined>();
  const quantiles = new Map<number, number>();

  function quantileOf(degreesOfFreedom: number): number {
    const rounded = Math.round(degreesOfFreedom * 8) / 8;
    const found =
      quantiles.get(rounded) ?? studentQuantile(1 - significance / 2, Math.max(1, rounded));
    quantiles.set(rounded, found);
    return found;
  }

  function simulate(a: Side, b: Side): number | undefined {
    const critical = rankSumCritical(a.count, b.count, significance);
    if (critical === undefined) return undefined;
    const random = createRandom(seed);
    const draw = ({ count, deviation }: Side): number[] =>
      Array.from({ length: count }, () => deviation * random.normal());
    const starts = Float64Array.from({ length: SIMULATIONS }, () => {
      const [xs, ys] = [draw(a), draw(b)];
      const [sdX, sdY] = [standardDeviation(xs) ?? 0, standardDeviation(ys) ?? 0];
      const error = Math.hypot(sdX / Math.sqrt(xs.length), sdY / Math.sqrt(ys.length));
      const t = quantileOf(welchDegrees(sdX, xs.length, sdY, ys.length));
      const interval = t * error - ((mean(xs) ?? 0) - (mean(ys) ?? 0));
      const gaps = Float64Array.from(ys.flatMap((y) => xs.map((x) => y - x))).sort();
      return Math.max(interval, gaps[gaps.length - 1 - critical] ?? Number.NEGATIVE_INFINITY);
    });
    return quantileOfSorted(starts.sort(), power);
  }

  /** The effect in units of the larger deviation. */
  function standardised(a: Side, b: Side): number | undefined {
    const largest = Math.max(a.deviation, b.deviation) || 1;
    const step = ({ count, deviation }: Side): Side => ({
      count,
      deviation: Math.round((deviation / largest) * STEPS) / STEPS,
    });
    const [one, other] = [step(a), step(b)];
    const key = [one, other].map(({ count, deviation }) => `${count}:${deviation}`).join(' ');
    if (!known.has(key)) known.set(key, simulate(one, other));
    return known.get(key);
  }

  function beyondMargin(a: Side, b: Side, margin: number): number | undefined {
    const effect = standardised(a, b);
    if (effect === undefined) return undefined;
    return Math.exp(Math.log1p(margin) + effect * Math.max(a.deviation, b.deviation)) - 1;
  }

  return {
    anyDifference: (a, b) => beyondMargin(a, b, 0),
    beyondMargin,
  } satisfies UnpairedDetector;
}
