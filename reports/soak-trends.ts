/** What the looks at a long load say: whether memory grows for ever, whether counts creep, whether latency drifts. */
import { decodeHistogram, valueAtQuantile } from '../core/histogram.ts';
import type { Growth } from '../core/leak.ts';
import { judgeGrowth } from '../core/leak.ts';
import { median } from '../core/median.ts';
import type { SoakProcess, SoakRecord } from '../core/records/soak.ts';
import type { FitPoint } from '../core/slope.ts';
import { fitSeries } from '../core/slope.ts';

export type Side = 'server' | 'generator';
export type Amount = (process: SoakProcess) => number | undefined;

export const residentBytes: Amount = ({ rssBytes }) => rssBytes;
/** What JavaScript holds: garbage that was not collected yet included. */
export const heldBytes: Amount = ({ heapUsedBytes, externalBytes }) =>
  heapUsedBytes === undefined || externalBytes === undefined
    ? undefined
    : heapUsedBytes + externalBytes;

/** Seconds since the start of the load, and the amount. */
export function amountsOf({ samples }: SoakRecord, side: Side, amount: Amount): FitPoint[] {
  return samples.flatMap(({ atMs, [side]: process }) => {
    const y = amount(process);
    return y === undefined ? [] : [{ x: atMs / 1_000, y }];
  });
}

/** @returns undefined for a load too short to say */
export function growthOf(record: SoakRecord, side: Side, amount: Amount): Growth | undefined {
  return judgeGrowth(amountsOf(record, side, amount));
}

/** Share of the looks that count as the start, and as the end. */
const PART = 0.25;
/** Two looks are no level. */
const FEWEST_LOOKS = 8;

export interface Levels {
  readonly first: number;
  readonly last: number;
}

/** The level in the first and in the last quarter: of counts, which a line says little about. */
export function levelsOf(record: SoakRecord, side: Side, amount: Amount): Levels | undefined {
  const all = amountsOf(record, side, amount).map(({ y }) => y);
  if (all.length < FEWEST_LOOKS) return undefined;
  const size = Math.floor(all.length * PART);
  const [first, last] = [median(all.slice(0, size)), median(all.slice(-size))];
  return first === undefined || last === undefined ? undefined : { first, last };
}

export interface Drift {
  /** Of the whole load, as a share: 0.1 is 10 % slower at its end than at its start. */
  readonly change: number;
  /** 95 % interval of it. */
  readonly low: number;
  readonly high: number;
  /** The same as a logarithm, with what it is off by and how well that is known. */
  readonly log: { readonly change: number; readonly error: number; readonly degrees: number };
}

export type LatencyQuantile = 0.5 | 0.99;

/** Seconds, and the percentile of what came since the look before, µs. */
export function latencyOf({ samples }: SoakRecord, quantile: LatencyQuantile): FitPoint[] {
  return samples.flatMap(({ atMs, due, dueP50, dueP99 }) => {
    if (due === undefined) return [];
    const known = quantile === 0.5 ? dueP50 : dueP99;
    const y = known ?? valueAtQuantile(decodeHistogram(due), quantile);
    return y === undefined ? [] : [{ x: atMs / 1_000, y }];
  });
}

/**
 * A trend of the logarithm, so that one slow interval does not weigh a hundred times as much as the others;
 * its interval allows for neighbours being alike. The first look is left out: it holds what connecting left.
 */
export function driftOf(record: SoakRecord, quantile: LatencyQuantile): Drift | undefined {
  const points = latencyOf(record, quantile)
    .slice(1)
    .map(({ x, y }) => ({ x, y: Math.log(Math.max(1, y)) }));
  const fit = fitSeries(points);
  const [first, last] = [points[0], points.at(-1)];
  if (fit === undefined || first === undefined || last === undefined) return undefined;
  const seconds = last.x - first.x;
  const over = (slope: number): number => Math.exp(slope * seconds) - 1;
  return {
    change: over(fit.slope),
    low: over(fit.low),
    high: over(fit.high),
    log: { change: fit.slope * seconds, error: fit.error * seconds, degrees: fit.degrees },
  };
}
