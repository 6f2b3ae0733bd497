/**
 * Change points of a series: the places from which on its values come from somewhere else. For histories of
 * a metric over many runs, where no two neighbours are ever compared for a verdict.
 *
 * E-divisive: the split is sought that puts the energy distance between both sides highest, a permutation
 * test says whether chance does as well, and both parts are searched again. It needs no shape of the
 * noise, and single outliers do not move it.
 * Matteson and James, https://doi.org/10.1080/01621459.2013.849605
 */
import type { Random } from './random.ts';
import { mean } from './stats.ts';

export interface ChangePoint {
  /** Index of the first value after the change. */
  readonly index: number;
  /** Means of the stretches before and after it. */
  readonly before: number;
  readonly after: number;
  /** Of the permutation test. */
  readonly p: number;
}

export interface ChangePointOptions {
  readonly random: Random;
  /** Chance of finding something in a series without a change. */
  readonly significance?: number;
  readonly permutations?: number;
}

/** Fewer values than this on one side are outliers, and no new level. */
const SHORTEST = 4;
/** Of which a change of a series without one is found in at most 1 of 50. */
const SIGNIFICANCE = 0.02;
/** As many as make a p of half the significance possible. */
const PERMUTATIONS = 199;

/** In the order of the series. Values are compared by their distance, so give logarithms where ratios matter. */
export function findChangePoints(
  values: readonly number[],
  { random, significance = SIGNIFICANCE, permutations = PERMUTATIONS }: ChangePointOptions,
): ChangePoint[] {
  const found: { index: number; p: number }[] = [];
  // With so many splits by chance that are as good, p is above the significance whatever comes after.
  const tooMany = significance * (permutations + 1);
  const search = (from: number, to: number): void => {
    const segment = rankSegment(values.slice(from, to));
    const best = bestSplit(segment, segment.ranks);
    if (best === undefined) return;
    let asGood = 1;
    for (let i = 0; i < permutations && asGood <= tooMany; i += 1) {
      const chance = bestSplit(segment, random.shuffle(segment.ranks));
      if (chance !== undefined && chance.distance >= best.distance - segment.tolerance) asGood += 1;
    }
    if (asGood > tooMany) return;
    const p = asGood / (permutations + 1);
    const index = from + best.index;
    found.push({ index, p });
    search(from, index);
    search(index, to);
  };
  search(0, values.length);
  found.sort((a, b) => a.index - b.index);
  return found.map(({ index, p }, at) => ({
    index,
    p,
    before: mean(values.slice(found[at - 1]?.index ?? 0, index)) ?? 0,
    after: mean(values.slice(index, found[at + 1]?.index)) ?? 0,
  }));
}

/** A stretch of the series as ranks, so that all its permutations share what does not change. */
interface Segment {
  /** Of each value in the order of the series; equal values have neighbouring ranks. */
  readonly ranks: readonly number[];
  /** By rank: the value, less the middle one, and the sum of its distances to all others. */
  readonly sorted: readonly number[];
  readonly distances: readonly number[];
  /** Distances that differ by less are equal but for rounding. */
  readonly tolerance: number;
}

function rankSegment(values: readonly number[]): Segment {
  const count = values.length;
  const order = values.map((_, index) => index);
  order.sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const middle = values[order[count >> 1] ?? 0] ?? 0;
  const sorted = order.map((index) => (values[index] ?? 0) - middle);
  const ranks = new Array<number>(count).fill(0);
  for (const [rank, index] of order.entries()) ranks[index] = rank;
  const total = sorted.reduce((sum, value) => sum + value, 0);
  let below = 0;
  const distances = sorted.map((value, rank) => {
    const above = total - below - value;
    const distance = value * rank - below + above - value * (count - rank - 1);
    below += value;
    return distance;
  });
  const range = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);
  return { ranks, sorted, distances, tolerance: 1e-9 * range * count };
}

/**
 * The split with the largest scaled energy distance,
 * nm/(n+m) · (2·mean|x−y| − mean|x−x'| − mean|y−y'|). Sums of distances within and between both sides
 * follow from those of the split before by moving one value. Its distance to the left side comes from two
 * Fenwick trees over the ranks there, counts and sums, so a series of n takes n·log n steps.
 * https://doi.org/10.1002/spe.4380240306
 *
 * @param order ranks of the segment, as they are or shuffled
 */
function bestSplit(
  { sorted, distances }: Segment,
  order: readonly number[],
): { readonly index: number; readonly distance: number } | undefined {
  const count = order.length;
  if (count < 2 * SHORTEST) return undefined;
  const counts = new Float64Array(count + 1);
  const sums = new Float64Array(count + 1);
  let leftSum = 0;
  let within = 0;
  let between = 0;
  let beyond = distances.reduce((sum, distance) => sum + distance, 0) / 2;
  let best: { index: number; distance: number } | undefined;
  for (let n = 1; n < count; n += 1) {
    // Value n − 1 changes sides.
    const rank = order[n - 1] ?? 0;
    const value = sorted[rank] ?? 0;
    let lower = 0;
    let lowerSum = 0;
    for (let at = rank; at > 0; at -= at & -at) {
      lower += counts[at] ?? 0;
      lowerSum += sums[at] ?? 0;
    }
    const left = value * lower - lowerSum + (leftSum - lowerSum) - value * (n - 1 - lower);
    const right = (distances[rank] ?? 0) - left;
    for (let at = rank + 1; at <= count; at += at & -at) {
      counts[at] = (counts[at] ?? 0) + 1;
      sums[at] = (sums[at] ?? 0) + value;
    }
    leftSum += value;
    within += left;
    beyond -= right;
    between += right - left;
    const m = count - n;
    if (n < SHORTEST || m < SHORTEST) continue;
    const distance =
      ((n * m) / count) *
      ((2 * between) / (n * m) - (2 * within) / (n * (n - 1)) - (2 * beyond) / (m * (m - 1)));
    if (best === undefined || distance > best.distance) best = { index: n, distance };
  }
  return best;
}
