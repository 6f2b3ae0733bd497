/**
 * Does memory grow for ever? From a series that collections of garbage turn into a saw: the least value
 * of each stretch of it, whether these rise, and whether they rise all the time. Pure.
 *
 *   bytes   /|  /|  /|  /|            /|  /|
 *          / | / | / | / |        /| / | / |
 *         /  |/  |/  |/  |    /| / |/  |/        the floor rises in every quarter: a leak
 *        ····················  |/··|···        the floor stays: garbage, and nothing else
 */

import { median, quantileOfSorted } from './median.ts';
import type { FitPoint, LineFit } from './slope.ts';
import { fitSeries } from './slope.ts';

export type LeakVerdict =
  /** The floor rose in every quarter, by more than can be chance. */
  | 'leak'
  /** It did not rise by more than can be chance. */
  | 'none'
  /** It rose, but not all the time: as memory does that settles, or that grows by a step. */
  | 'rise';

export interface Growth {
  readonly verdict: LeakVerdict;
  /** Bytes per second along the floor, with a 95 % interval that allows for neighbours being alike. */
  readonly fit: LineFit;
  /** The floor itself: seconds and bytes. */
  readonly floor: readonly FitPoint[];
  /** Falls that are collections; where there are none, all of the rise may be garbage. */
  readonly collections: number;
}

/** Share of the series that is taken as growing to its working size: heaps do so at first. */
const SETTLING = 0.2;
/** Stretches that a floor is made of, where each holds a collection; and the fewest that show anything. */
const STRETCHES = 24;
const FEWEST_STRETCHES = 10;
/** The shortest series that anything is said of: two dozen values are left of it after settling. */
export const SHORTEST_SERIES = 29;
/** A fall by this share of what the series spans is a collection. */
const FALL = 0.5;
/** A rise that is this small as a whole is as good as none: some pages, whatever the time. */
const SMALLEST_RISE_BYTES = 256 * 1_024;
/** Where more than this share of the whole rise is in one quarter, it was a step. */
const STEP = 0.6;

/**
 * @param series seconds and bytes, evenly spaced
 * @returns undefined for a series too short to say
 */
export function judgeGrowth(series: readonly FitPoint[]): Growth | undefined {
  if (series.length < SHORTEST_SERIES) return undefined;
  const settled = series.slice(Math.floor(series.length * SETTLING));
  const floor = floorOf(settled);
  const fit = fitSeries(floor);
  if (fit === undefined) return undefined;
  const collections = collectionsOf(settled.map(({ y }) => y));
  return { verdict: verdictOf(floor, fit), fit, floor, collections };
}

/**
 * The least value of each stretch, at the middle of it; a remainder at the start belongs to none. A
 * stretch without a collection has no floor of its own, so they are as long as collections are apart.
 */
function floorOf(series: readonly FitPoint[]): FitPoint[] {
  const apart = Math.ceil(series.length / (collectionsOf(series.map(({ y }) => y)) + 1));
  const longest = Math.floor(series.length / FEWEST_STRETCHES);
  const shortest = Math.max(1, Math.floor(series.length / STRETCHES));
  const size = apart >= series.length ? shortest : Math.min(longest, Math.max(shortest, apart));
  const count = Math.floor(series.length / size);
  const skipped = series.length - count * size;
  return Array.from({ length: count }, (_, index) => {
    const stretch = series.slice(skipped + index * size, skipped + (index + 1) * size);
    const [first, last] = [stretch[0]?.x ?? 0, stretch.at(-1)?.x ?? 0];
    return { x: (first + last) / 2, y: Math.min(...stretch.map(({ y }) => y)) };
  });
}

function collectionsOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const span = (quantileOfSorted(sorted, 0.95) ?? 0) - (quantileOfSorted(sorted, 0.05) ?? 0);
  return values.filter((value, i) => i > 0 && (values[i - 1] ?? 0) - value > FALL * span).length;
}

function verdictOf(floor: readonly FitPoint[], { slope, low }: LineFit): LeakVerdict {
  const seconds = (floor.at(-1)?.x ?? 0) - (floor[0]?.x ?? 0);
  if (low <= 0 || slope * seconds < SMALLEST_RISE_BYTES) return 'none';
  const levels = Array.from({ length: 4 }, (_, quarter) => {
    const part = floor.slice((quarter * floor.length) / 4, ((quarter + 1) * floor.length) / 4);
    return median(part.map(({ y }) => y)) ?? 0;
  });
  const rises = levels.slice(1).map((level, index) => level - (levels[index] ?? 0));
  const whole = rises.reduce((sum, rise) => sum + rise, 0);
  return rises.every((rise) => rise > 0 && rise <= STEP * whole) ? 'leak' : 'rise';
}
