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
  const search = (from: number, to: number): void => {
    const segment = values.slice(from, to);
    const best = bestSplit(segment);
    if (best === undefined) return;
    let asGood = 1;
    for (let i = 0; i < permutations; i += 1) {
      const chance = bestSplit(random.shuffle(segment));
      if (chance !== undefined && chance.distance >= best.distance) asGood += 1;
    }
    const p = asGood / (permutations + 1);
    if (p > significance) return;
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

/**
 * The split with the largest scaled energy distance,
 * nm/(n+m) · (2·mean|x−y| − mean|x−x'| − mean|y−y'|). Sums of distances within and between both sides
 * follow from those of the split before by moving one value, so a series of n takes n² steps.
 */
function bestSplit(
  values: readonly number[],
): { readonly index: number; readonly distance: number } | undefined {
  const count = values.length;
  if (count < 2 * SHORTEST) return undefined;
  let within = 0;
  let between = 0;
  let beyond = 0;
  for (let i = 0; i < count; i += 1) beyond += distancesTo(values, i, 0, i);
  let best: { index: number; distance: number } | undefined;
  for (let n = 1; n < count; n += 1) {
    // Value n − 1 changes sides.
    const left = distancesTo(values, n - 1, 0, n - 1);
    const right = distancesTo(values, n - 1, n, count);
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

/** Σ |values[at] − values[i]| over from ≤ i < to. */
function distancesTo(values: readonly number[], at: number, from: number, to: number): number {
  const value = values[at] ?? 0;
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += Math.abs(value - (values[i] ?? 0));
  return sum;
}
