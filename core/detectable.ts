/**
 * How small a change a comparison could have found: the power of the verdict rule, guard included,
 * by simulation. It describes a design (rounds, noise), so it reads the same whatever was measured.
 */

import { quantileOfSorted } from './median.ts';
import { createRandom } from './random.ts';
import { signedRankCritical, studentQuantile } from './stats.ts';

/** Enough that the figure moves by about 1 % with another seed; 8 rounds take a few milliseconds. */
const SIMULATIONS = 3000;

export interface DetectorOptions {
  /** Chance of finding a change of the reported size. */
  power?: number;
  /** Two-sided; 0.05 unless a family of metrics shares it, e.g. 0.05 / 5 for a gate over five. */
  significance?: number;
  seed?: number;
}

export interface Detector {
  /**
   * The true log-ratio, in standard deviations of the per-round log-ratio, from which on a
   * difference is found with the wanted power. `undefined` where no difference ever could be,
   * because the signed-rank test cannot be significant with so few rounds.
   */
  standardised(rounds: number): number | undefined;
  /**
   * Smallest relative change (0.11 is 11 %) that is called a difference at all: `worse` or `better`
   * as well as `small-but-real`. 0 when `deviation` is 0.
   */
  anyDifference(rounds: number, deviation: number): number | undefined;
  /**
   * Smallest relative change that is called `worse` (or, mirrored, `better`): the interval and the
   * guard have to clear the margin, so this is always larger than it. The margin itself when
   * `deviation` is 0.
   */
  beyondMargin(rounds: number, deviation: number, margin: number): number | undefined;
}

/**
 * A detector remembers one number per round count, so share one between the comparisons of a
 * report. The number depends on neither the margin nor the noise:
 *
 *   rounds of true effect x and noise s are  x + s·z,  z standard normal;
 *   "beyond m" asks for  low end > m  and  rank sum of negatives about m ≤ critical;
 *   with u = (x − m) / s both are  u > a number computed from z alone.
 *
 * For the interval that number is t·s_z/√n − z̄. For the guard: the negative rank sum counts the
 * pairs i ≤ j whose average (z_i + z_j) / 2 lies below −u (Tukey), so it is at most T exactly when
 * −u stays below the (T + 1)-th smallest of these averages. The larger of the two is where this
 * sample starts to be called a difference, and the wanted quantile of it over many samples is the
 * answer for every m and s at once. No bisection, and no noise between calls.
 * https://en.wikipedia.org/wiki/Wilcoxon_signed-rank_test
 *
 * The noise is taken as normal and as known, while a run only estimates it: at 6 rounds the
 * estimate, and with it the answer, is good to about a third either way.
 */
export function createDetector({
  power = 0.8,
  significance = 0.05,
  seed = 1,
}: DetectorOptions = {}): Detector {
  const known = new Map<number, number | undefined>();

  function simulate(rounds: number): number | undefined {
    const critical = signedRankCritical(rounds, significance);
    if (critical === undefined) return undefined;
    const t = studentQuantile(1 - significance / 2, rounds - 1) / Math.sqrt(rounds);
    const random = createRandom(seed);
    const sample = new Float64Array(rounds);
    const averages = new Float64Array((rounds * (rounds + 1)) / 2);
    const starts = new Float64Array(SIMULATIONS);
    for (let i = 0; i < SIMULATIONS; i += 1) {
      for (let round = 0; round < rounds; round += 1) sample[round] = random.normal();
      starts[i] = Math.max(intervalStart(sample, t), guardStart(sample, critical, averages));
    }
    return quantileOfSorted(starts.sort(), power);
  }

  function standardised(rounds: number): number | undefined {
    if (!known.has(rounds)) known.set(rounds, simulate(rounds));
    return known.get(rounds);
  }

  function beyondMargin(rounds: number, deviation: number, margin: number): number | undefined {
    const effect = standardised(rounds);
    return effect === undefined ? undefined : Math.exp(Math.log1p(margin) + effect * deviation) - 1;
  }

  return {
    standardised,
    anyDifference: (rounds, deviation) => beyondMargin(rounds, deviation, 0),
    beyondMargin,
  };
}

function intervalStart(sample: Float64Array, t: number): number {
  const center = sample.reduce((sum, z) => sum + z, 0) / sample.length;
  const squares = sample.reduce((sum, z) => sum + (z - center) ** 2, 0);
  return t * Math.sqrt(squares / (sample.length - 1)) - center;
}

/** Sorts `sample` in place. */
function guardStart(sample: Float64Array, critical: number, averages: Float64Array): number {
  sample.sort();
  let count = 0;
  for (let j = 0; j < sample.length; j += 1) {
    for (let i = 0; i <= j; i += 1) {
      // So many averages, this one included, are made of values no larger. Where they are more
      // than T + 1, neither this average nor the rest of the row can be the (T + 1)-th smallest.
      if ((i + 1) * (j + 1) - (i * (i + 1)) / 2 > critical + 1) break;
      averages[count] = ((sample[i] ?? 0) + (sample[j] ?? 0)) / 2;
      count += 1;
    }
  }
  return -(averages.subarray(0, count).sort()[critical] ?? Number.NEGATIVE_INFINITY);
}

/**
 * Smallest relative change that a comparison with this many rounds and this much noise (standard
 * deviation of the per-round log-ratio) calls `worse` at the margin; for one-off questions such as
 * "how many rounds do I need?". A report asks a shared `createDetector` instead.
 */
export function detectableChange(
  options: { rounds: number; deviation: number; margin: number } & DetectorOptions,
): number | undefined {
  const { rounds, deviation, margin, ...rest } = options;
  return createDetector(rest).beyondMargin(rounds, deviation, margin);
}
