/** When the first, the median and the last subscriber have a broadcast: a range per arm, over all broadcasts. */
import type { TopLevelSpec } from 'vega-lite';
import { decodeHistogram, mergeHistograms, valueAtQuantile } from '../../../core/histogram.ts';
import type { Trial } from '../../../core/result.ts';
import { formatMicroseconds } from '../../../core/units.ts';
import { eventsOf } from '../../flow.ts';
import type { ArmLook } from '../arm-look.ts';
import { armColor, armShape, base, logAxis, short, tooltip } from './theme.ts';

const SUBSCRIBERS = [
  ['spreadFirst', 'first'],
  ['spreadMedian', 'median'],
  ['spreadLast', 'last'],
] as const;

/** Broadcasts from which on the slowest hundredth of them is more than a few single events. */
export const ENOUGH_FOR_P99 = 1_000;

export interface ArmTrials {
  readonly look: ArmLook;
  readonly trials: readonly Trial[];
}

/** One subscriber of an arm; µs at these shares of all broadcasts. */
export interface SpreadRow {
  readonly subscriber: string;
  readonly look: ArmLook;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  /** Undefined where there are too few broadcasts for it. */
  readonly p99: number | undefined;
}

export function spreadRows(arms: readonly ArmTrials[]): SpreadRow[] {
  return SUBSCRIBERS.flatMap(([histogram, subscriber]) =>
    arms.flatMap(({ look, trials }) => {
      const encoded = trials.flatMap(({ histograms }) => histograms?.[histogram] ?? []);
      const merged = mergeHistograms(encoded.map(decodeHistogram));
      const at = (quantile: number): number => valueAtQuantile(merged, quantile) ?? 0;
      if (merged.totalCount === 0) return [];
      const p99 = eventsOf(trials) < ENOUGH_FOR_P99 ? undefined : at(0.99);
      return [{ subscriber, look, p10: at(0.1), p50: at(0.5), p90: at(0.9), p99 }];
    }),
  );
}

export function spreadChart(rows: readonly SpreadRow[]): TopLevelSpec {
  const looks = [...new Set(rows.map(({ look }) => look))];
  const values = rows.map(({ subscriber, look, p10, p50, p90, p99 }) => ({
    subscriber,
    arm: look.name,
    p10: short(Math.max(1, p10)),
    p50: short(Math.max(1, p50)),
    p90: short(Math.max(1, p90)),
    ...(p99 === undefined ? {} : { p99: short(Math.max(1, p99)) }),
    half: formatMicroseconds(p50),
    nine: formatMicroseconds(p90),
    tail: p99 === undefined ? 'not enough data' : formatMicroseconds(p99),
  }));
  const latency = logAxis(
    values.flatMap(({ p10, p90, p99 }) => [p10, p99 ?? p90]),
    formatMicroseconds,
  );
  const x = (field: string) =>
    ({
      field,
      type: 'quantitative',
      scale: latency.scale,
      axis: { ...latency.axis, title: 'time since the broadcast was due', grid: true },
    }) as const;
  const y = {
    field: 'subscriber',
    type: 'nominal',
    sort: null,
    scale: { paddingInner: 0.35, paddingOuter: 0.15 },
    axis: { title: null, ticks: false, domain: false, labelPadding: 8, labelFontSize: 12 },
  } as const;
  const yOffset = {
    field: 'arm',
    type: 'nominal',
    scale: { domain: looks.map(({ name }) => name) },
  } as const;
  const color = armColor(looks);
  const tailKnown = { filter: { field: 'p99', valid: true } } as const;
  return {
    ...base,
    height: SUBSCRIBERS.length * (looks.length * 16 + 18),
    data: { values },
    layer: [
      {
        transform: [tailKnown],
        mark: { type: 'rule', strokeWidth: 1, opacity: 0.8 },
        encoding: { x: x('p90'), x2: { field: 'p99' }, y, yOffset, color },
      },
      {
        mark: { type: 'rule', strokeWidth: 5, opacity: 0.4, strokeCap: 'round' },
        encoding: { x: x('p10'), x2: { field: 'p90' }, y, yOffset, color },
      },
      {
        transform: [tailKnown],
        mark: { type: 'tick', thickness: 1.5, size: 9 },
        encoding: { x: x('p99'), y, yOffset, color },
      },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: {
          x: x('p50'),
          y,
          yOffset,
          color,
          shape: armShape(looks),
          tooltip: tooltip({
            arm: 'arm',
            subscriber: 'subscriber',
            half: 'half of broadcasts',
            nine: '9 of 10',
            tail: '99 of 100',
          }),
        },
      },
    ],
  };
}
