/**
 * Statistics of two independent samples, such as the trials of two runs: pure functions over plain
 * arrays, one source per formula. Their paired counterparts are in stats.
 */
import jstat from 'jstat';
import type { Alternative, MeanInterval } from './stats.ts';
import { mean, standardDeviation, studentQuantile } from './stats.ts';

const { jStat } = jstat;

/** What Welch's test rests on: how far apart the means are, how sure that is, and with how much behind it. */
interface Welch {
  readonly distance: number;
  readonly standardError: number;
  readonly degreesOfFreedom: number;
}

/**
 * The spread of each sample is its own, so neither has to be as noisy as the other. The degrees of
 * freedom are those of Welch and Satterthwaite, between the smaller n − 1 and both together.
 * https://en.wikipedia.org/wiki/Welch%27s_t-test
 */
function welch(a: readonly number[], b: readonly number[]): Welch | undefined {
  const [meanA, meanB] = [mean(a), mean(b)];
  const [deviationA, deviationB] = [standardDeviation(a), standardDeviation(b)];
  if (meanA === undefined || meanB === undefined) return undefined;
  if (deviationA === undefined || deviationB === undefined) return undefined;
  return {
    distance: meanA - meanB,
    standardError: Math.hypot(deviationA / Math.sqrt(a.length), deviationB / Math.sqrt(b.length)),
    degreesOfFreedom: welchDegrees(deviationA, a.length, deviationB, b.length),
  };
}

/** Where neither sample varies there is nothing to be unsure of, and any number will do. */
export function welchDegrees(sdA: number, nA: number, sdB: number, nB: number): number {
  const [a, b] = [sdA ** 2 / nA, sdB ** 2 / nB];
  return a + b === 0 ? nA + nB - 2 : (a + b) ** 2 / (a ** 2 / (nA - 1) + b ** 2 / (nB - 1));
}

/** Welch's t interval of mean(a) − mean(b); each sample needs two values. */
export function welchInterval(
  a: readonly number[],
  b: readonly number[],
  confidence: number,
): MeanInterval | undefined {
  const found = welch(a, b);
  if (found === undefined) return undefined;
  const { distance, standardError, degreesOfFreedom } = found;
  const half =
    standardError === 0
      ? 0
      : studentQuantile((1 + confidence) / 2, degreesOfFreedom) * standardError;
  return { mean: distance, low: distance - half, high: distance + half };
}

/**
 * p value of Welch's test that mean(a) − mean(b) is `center`; the twin of `welchInterval`. Samples
 * that do not vary leave no doubt about the side they are on.
 */
export function welchTest(
  a: readonly number[],
  b: readonly number[],
  { center = 0, alternative = 'two-sided' }: { center?: number; alternative?: Alternative } = {},
): number | undefined {
  const found = welch(a, b);
  if (found === undefined) return undefined;
  const distance = found.distance - center;
  if (distance === 0) return alternative === 'two-sided' ? 1 : 0.5;
  const t = distance / found.standardError;
  const below = (x: number): number =>
    Number.isFinite(x) ? jStat.studentt.cdf(x, found.degreesOfFreedom) : Number(x > 0);
  if (alternative === 'greater') return below(-t);
  if (alternative === 'less') return below(t);
  return 2 * below(-Math.abs(t));
}

/** Above this many values in all, the normal approximation is good to the third digit and far cheaper. */
const EXACT_UP_TO = 50;

/**
 * p value of the Wilcoxon–Mann–Whitney rank-sum test that `a`, moved back by `center`, and `b` come
 * from one distribution; `greater` asks for evidence that `a` lies above. Ties share the mean of
 * their ranks and the null distribution is built from those very ranks, so they cost no exactness.
 * Two-sided is twice the smaller tail.
 * https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test
 */
export function rankSum(
  a: readonly number[],
  b: readonly number[],
  { center = 0, alternative = 'two-sided' }: { center?: number; alternative?: Alternative } = {},
): number {
  if (a.length === 0 || b.length === 0) return 1;
  const { ranks, sum } = doubledRanks(
    a.map((value) => value - center),
    b,
  );
  const { atMost, atLeast } =
    ranks.length <= EXACT_UP_TO
      ? exactTails(ranks, a.length, sum)
      : normalTails(ranks, a.length, sum);
  if (alternative === 'greater') return atLeast;
  if (alternative === 'less') return atMost;
  return Math.min(1, 2 * Math.min(atMost, atLeast));
}

/** Twice the ranks of all values, which keeps the mean rank of ties whole; and the sum of those of `a`. */
function doubledRanks(a: readonly number[], b: readonly number[]) {
  const all = [
    ...a.map((value) => ({ value, first: true })),
    ...b.map((value) => ({ value, first: false })),
  ].sort((x, y) => x.value - y.value);
  const ranks: number[] = [];
  let sum = 0;
  for (let start = 0; start < all.length; ) {
    let end = start;
    while (end + 1 < all.length && all[end + 1]?.value === all[start]?.value) end += 1;
    for (let i = start; i <= end; i += 1) {
      ranks.push(start + end + 2);
      if (all[i]?.first === true) sum += start + end + 2;
    }
    start = end + 1;
  }
  return { ranks, sum };
}

interface Tails {
  readonly atMost: number;
  readonly atLeast: number;
}

/** All ways to pick `size` of the ranks, by their sum: one rank at a time, as coins make change. */
function subsetSums(ranks: readonly number[], size: number): Float64Array {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(total + 1));
  const [none] = ways;
  if (none !== undefined) none[0] = 1;
  let reached = 0;
  for (const [index, rank] of ranks.entries()) {
    reached += rank;
    // From the largest down, so that no rank is picked twice.
    for (let picked = Math.min(size, index + 1); picked >= 1; picked -= 1) {
      const to = ways[picked];
      const from = ways[picked - 1];
      if (to === undefined || from === undefined) continue;
      for (let sum = reached; sum >= rank; sum -= 1)
        to[sum] = (to[sum] ?? 0) + (from[sum - rank] ?? 0);
    }
  }
  return ways[size] ?? new Float64Array(0);
}

function exactTails(doubled: readonly number[], size: number, doubledSum: number): Tails {
  // Without ties all of them are even, and half as long a list will do.
  const factor = doubled.every((rank) => rank % 2 === 0) ? 2 : 1;
  const observed = doubledSum / factor;
  let [below, above, all] = [0, 0, 0];
  const found = subsetSums(
    doubled.map((rank) => rank / factor),
    size,
  );
  for (let sum = 0; sum < found.length; sum += 1) {
    const ways = found[sum] ?? 0;
    all += ways;
    if (sum <= observed) below += ways;
    if (sum >= observed) above += ways;
  }
  return { atMost: below / all, atLeast: above / all };
}

/** With a correction for ties and for continuity. */
function normalTails(ranks: readonly number[], size: number, observed: number): Tails {
  const count = ranks.length;
  const middle = ranks.reduce((sum, rank) => sum + rank, 0) / count;
  const spread = ranks.reduce((sum, rank) => sum + (rank - middle) ** 2, 0) / count;
  const deviation = Math.sqrt((spread * size * (count - size)) / (count - 1));
  if (deviation === 0) return { atMost: 1, atLeast: 1 };
  const z = (sum: number): number => (sum - size * middle) / deviation;
  return {
    atMost: jStat.normal.cdf(z(observed + 1), 0, 1),
    atLeast: jStat.normal.cdf(-z(observed - 1), 0, 1),
  };
}

/**
 * The largest number of pairs in which `b` lies above `a` that the two-sided rank-sum test still
 * calls significant for `a`, without ties; undefined where not even none is (3 against 3 at 0.05).
 * https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test#Normal_approximation_and_tie_correction
 */
export function rankSumCritical(nA: number, nB: number, significance: number): number | undefined {
  if (nA + nB > EXACT_UP_TO) {
    const deviation = Math.sqrt((nA * nB * (nA + nB + 1)) / 12);
    const z = studentQuantile(1 - significance / 2, 1e6);
    const critical = Math.floor((nA * nB) / 2 - z * deviation - 0.5);
    return critical >= 0 ? critical : undefined;
  }
  const ranks = Array.from({ length: nA + nB }, (_, index) => index + 1);
  const ways = subsetSums(ranks, nA);
  const all = ways.reduce((sum, count) => sum + count, 0);
  let tail = 0;
  let critical: number | undefined;
  // The smallest possible sum is that of the lowest ranks: no pair the wrong way round.
  for (let pairs = 0; pairs <= nA * nB; pairs += 1) {
    tail += (ways[(nA * (nA + 1)) / 2 + pairs] ?? 0) / all;
    if (2 * tail >= significance) break;
    critical = pairs;
  }
  return critical;
}
