/**
 * The statistics behind verdicts and steady-state checks: pure functions over plain arrays, one
 * source per formula. Nothing here knows what a metric or a round is. A summary of too few values
 * is `undefined`, never 0 or NaN.
 */

import jstat from 'jstat';

const { jStat } = jstat;

export type Alternative = 'two-sided' | 'greater' | 'less';

export interface MeanInterval {
  mean: number;
  low: number;
  high: number;
}

/**
 * Arithmetic mean. Summing distances from the first value instead of the values keeps equal values
 * exactly equal to their mean, so identical rounds get a deviation of 0 and not of 1e-17.
 * https://en.wikipedia.org/wiki/Algorithms_for_calculating_variance#Computing_shifted_data
 */
export function mean(values: readonly number[]): number | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  return first + values.reduce((sum, value) => sum + (value - first), 0) / values.length;
}

/**
 * Standard deviation of a sample (divisor n - 1), in two passes; needs two values.
 * https://en.wikipedia.org/wiki/Standard_deviation#Corrected_sample_standard_deviation
 */
export function standardDeviation(values: readonly number[]): number | undefined {
  const center = mean(values);
  if (center === undefined || values.length < 2) return undefined;
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** The t value that a share of `probability` lies below; `degreesOfFreedom` is n - 1 for a mean. */
export function studentQuantile(probability: number, degreesOfFreedom: number): number {
  return jStat.studentt.inv(probability, degreesOfFreedom);
}

/** The share that lies below `t`: the inverse of `studentQuantile`. */
export function studentProbability(t: number, degreesOfFreedom: number): number {
  return Number.isFinite(t) ? jStat.studentt.cdf(t, degreesOfFreedom) : Number(t > 0);
}

/**
 * Student's t interval of the mean: mean ± t · s / √n. Over independent samples from a roughly
 * normal population it holds the true mean in a share of `confidence` of them; needs two values.
 * https://www.itl.nist.gov/div898/handbook/eda/section3/eda352.htm
 */
export function tInterval(values: readonly number[], confidence: number): MeanInterval | undefined {
  const center = mean(values);
  const deviation = standardDeviation(values);
  if (center === undefined || deviation === undefined) return undefined;
  const t = studentQuantile((1 + confidence) / 2, values.length - 1);
  const half = (t * deviation) / Math.sqrt(values.length);
  return { mean: center, low: center - half, high: center + half };
}

/**
 * p value of the one-sample t test, the twin of `tInterval`: a 95 % interval excludes `center`
 * exactly when the two-sided p is below 0.05. Values that are all equal leave no doubt about the
 * side they are on, so their one-sided p is 0 or 1.
 * https://en.wikipedia.org/wiki/Student%27s_t-test#One-sample_t-test
 */
export function tTest(
  values: readonly number[],
  { center = 0, alternative = 'two-sided' }: { center?: number; alternative?: Alternative } = {},
): number | undefined {
  const deviation = standardDeviation(values);
  const distance = (mean(values) ?? center) - center;
  if (deviation === undefined) return undefined;
  if (distance === 0) return alternative === 'two-sided' ? 1 : 0.5;
  const t = distance / (deviation / Math.sqrt(values.length));
  const below = (x: number) => studentProbability(x, values.length - 1);
  if (alternative === 'greater') return below(-t);
  if (alternative === 'less') return below(t);
  return 2 * below(-Math.abs(t));
}

/**
 * Null distribution of the signed-rank sum: entry s is the probability that the positive ranks add
 * up to s when every sign is a fair coin. One rank at a time, O(n · total), where listing the 2^n
 * sign patterns would be hopeless from n = 30 on. All entries are multiples of 2^-n, hence exact
 * in a double up to n = 53.
 */
function signedRankNull(ranks: readonly number[]): Float64Array {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const probability = new Float64Array(total + 1);
  probability[0] = 1;
  for (const rank of ranks) {
    for (let sum = total; sum >= 0; sum -= 1) {
      const without = probability[sum] ?? 0;
      const having = sum >= rank ? (probability[sum - rank] ?? 0) : 0;
      probability[sum] = (without + having) / 2;
    }
  }
  return probability;
}

/**
 * Exact p value of Wilcoxon's signed-rank test that `values` are symmetric about `center`;
 * `greater` asks for evidence that they lie above it. Values equal to the centre say nothing about
 * a side and are dropped, as Wilcoxon did. Tied distances share the mean of their ranks, and the
 * null distribution is built from those very ranks, doubled to stay integers, so ties cost no
 * exactness. Two-sided is twice the smaller tail. Without any value left, p is 1.
 * https://en.wikipedia.org/wiki/Wilcoxon_signed-rank_test
 */
export function wilcoxonSignedRank(
  values: readonly number[],
  { center = 0, alternative = 'two-sided' }: { center?: number; alternative?: Alternative } = {},
): number {
  const distances = values.map((value) => value - center).filter((distance) => distance !== 0);
  if (distances.length === 0) return 1;
  distances.sort((x, y) => Math.abs(x) - Math.abs(y));

  const doubledRanks: number[] = [];
  let positive = 0;
  for (let start = 0; start < distances.length; ) {
    const size = Math.abs(distances[start] ?? 0);
    let end = start;
    while (end + 1 < distances.length && Math.abs(distances[end + 1] ?? 0) === size) end += 1;
    // Positions start … end hold the ranks start + 1 … end + 1: twice their mean is this.
    const doubled = start + end + 2;
    for (let i = start; i <= end; i += 1) {
      doubledRanks.push(doubled);
      if ((distances[i] ?? 0) > 0) positive += doubled;
    }
    start = end + 1;
  }

  const probability = signedRankNull(doubledRanks);
  let atMost = 0;
  let atLeast = 0;
  for (let sum = 0; sum < probability.length; sum += 1) {
    const share = probability[sum] ?? 0;
    if (sum <= positive) atMost += share;
    if (sum >= positive) atLeast += share;
  }
  if (alternative === 'greater') return atLeast;
  if (alternative === 'less') return atMost;
  return Math.min(1, 2 * Math.min(atMost, atLeast));
}

/**
 * The largest sum of negative ranks that the two-sided signed-rank test still calls significant
 * for n values without ties, or undefined where even n equal signs are not enough (n ≤ 5 at 0.05).
 * https://www.real-statistics.com/statistics-tables/wilcoxon-signed-ranks-table/
 */
export function signedRankCritical(n: number, significance: number): number | undefined {
  const probability = signedRankNull(Array.from({ length: n }, (_, i) => i + 1));
  let tail = 0;
  let critical: number | undefined;
  for (const [sum, share] of probability.entries()) {
    tail += share;
    if (2 * tail >= significance) break;
    critical = sum;
  }
  return critical;
}

/**
 * Holm's step-down correction: p values in the given order, adjusted so that testing each against
 * 0.05 keeps the chance of *any* false alarm in the family below 5 %, whatever their dependence.
 * https://en.wikipedia.org/wiki/Holm%E2%80%93Bonferroni_method#Adjusted_p-values
 */
export function holm(pValues: readonly number[]): number[] {
  const ascending = pValues.map((p, index) => ({ p, index })).sort((x, y) => x.p - y.p);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  for (const [rank, { p, index }] of ascending.entries()) {
    // A larger p may not end up with a smaller adjusted value than the one before it.
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * p));
    adjusted[index] = largest;
  }
  return adjusted;
}
