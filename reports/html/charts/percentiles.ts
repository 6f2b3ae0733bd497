/**
 * The percentile spectrum: latency over log 1/(1−p), so that every further nine has the same width.
 * What never came takes part as later than the deadline, as in every percentile of a report.
 */
import type { TopLevelSpec } from 'vega-lite';
import { decodeHistogram, mergeHistograms } from '../../../core/histogram.ts';
import { formatMicroseconds } from '../../../core/units.ts';
import type { Traffic } from '../../flow.ts';
import { knowsSending, quantileOfExpected } from '../../metrics/latency.ts';
import type { ArmLook } from '../arm-look.ts';
import {
  armColor,
  armShape,
  base,
  labelled,
  logAxis,
  short,
  span,
  tooltip,
  Y_AXIS,
} from './theme.ts';

/** One kind of traffic of an arm, round by round. */
export interface ArmTraffic {
  readonly look: ArmLook;
  readonly rounds: readonly Traffic[];
}

const MERGED_POINTS = 90;
const ROUND_POINTS = 45;
/** From 10 % on: the few that come first would take half of the drawing and tell nothing of the rest. */
const FIRST = 1 / 0.9;
/** Fewer independent events than this beyond a percentile are too few to rely on. */
const ENOUGH_BEYOND = 10;

/** The percentiles with a tick, and a mark on each line; 1/(1−p) with rounding taken out. */
export const MARKED = [
  { quantile: 0.5, x: 2, label: '50 %' },
  { quantile: 0.9, x: 10, label: '90 %' },
  { quantile: 0.99, x: 100, label: '99 %' },
  { quantile: 0.999, x: 1_000, label: '99.9 %' },
  { quantile: 0.9999, x: 10_000, label: '99.99 %' },
] as const;

interface CurvePoint {
  readonly x: number;
  readonly us: number;
}

/** The independent events behind the percentiles of these rounds. */
export function eventsIn(rounds: readonly Traffic[]): number {
  return rounds.reduce((sum, { events }) => sum + events, 0);
}

/** Latency at a quantile, or undefined where nothing was recorded. */
export function latencyCurve(all: readonly Traffic[], source: 'due' | 'sent') {
  const rounds = source === 'sent' ? all.filter((histograms) => knowsSending({ histograms })) : all;
  const merged = mergeHistograms(rounds.map((one) => decodeHistogram(one[source])));
  const missing = rounds.reduce((sum, one) => sum + one.missing, 0);
  const deadlineUs = Math.max(0, ...rounds.map((one) => one.deadlineUs));
  return (quantile: number): number | undefined =>
    quantileOfExpected(merged, missing, quantile, deadlineUs);
}

function sample(rounds: readonly Traffic[], source: 'due' | 'sent', points: number): CurvePoint[] {
  const at = latencyCurve(rounds, source);
  const end = Math.max(2, eventsIn(rounds));
  return Array.from(
    { length: points },
    (_, index) => FIRST * (end / FIRST) ** (index / (points - 1)),
  ).flatMap((x) => {
    const us = at(1 - 1 / x);
    return us === undefined ? [] : [{ x: short(x), us: short(Math.max(1, us)) }];
  });
}

/** @param axisTitle what a place on the axis is the share of */
export function percentileChart(arms: readonly ArmTraffic[], axisTitle: string): TopLevelSpec {
  const lines = arms.flatMap(({ look, rounds }) => [
    ...rounds.map(
      (round) => ({ look, source: 'due', rounds: [round], points: ROUND_POINTS }) as const,
    ),
    { look, source: 'due', rounds, points: MERGED_POINTS } as const,
    { look, source: 'sent', rounds, points: MERGED_POINTS } as const,
  ]);
  const values = lines.flatMap(({ look, source, rounds, points }, series) =>
    sample(rounds, source, points).map((point) => ({
      ...point,
      arm: look.name,
      series,
      kind: points === ROUND_POINTS ? 'round' : source,
    })),
  );
  const marks = arms.flatMap(({ look, rounds }) => {
    const at = latencyCurve(rounds, 'due');
    return MARKED.filter(({ x }) => x * ENOUGH_BEYOND <= eventsIn(rounds)).flatMap(
      ({ quantile, x, label }) => {
        const us = at(quantile);
        return us === undefined
          ? []
          : [
              {
                x,
                us: short(Math.max(1, us)),
                arm: look.name,
                label,
                latency: formatMicroseconds(us),
              },
            ];
      },
    );
  });
  const looks = arms.map(({ look }) => look);
  const events = arms.map(({ rounds }) => eventsIn(rounds));
  const end = Math.max(2, ...events);
  const enough = Math.min(...events) / ENOUGH_BEYOND;
  const latency = logAxis(
    values.map(({ us }) => us),
    formatMicroseconds,
  );
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: 'log', domain: span(FIRST, end), nice: false },
    axis: {
      title: axisTitle,
      grid: true,
      ...labelled([
        ...MARKED.filter((mark) => mark.x <= end).map((mark) => ({
          value: mark.x,
          label: mark.label,
        })),
      ]),
    },
  } as const;
  const y = {
    field: 'us',
    type: 'quantitative',
    scale: latency.scale,
    axis: { ...latency.axis, ...Y_AXIS, title: null },
  } as const;
  const color = armColor(looks);
  const line = (kind: string, mark: object) => ({
    transform: [{ filter: { field: 'kind', equal: kind } }],
    mark: { type: 'line', interpolate: 'monotone', ...mark } as const,
    encoding: { x, y, color, detail: { field: 'series', type: 'nominal' } } as const,
  });
  return {
    ...base,
    height: 340,
    data: { values },
    layer: [
      {
        data: { values: enough < end ? [{ from: Math.max(FIRST, enough), to: end }] : [] },
        mark: { type: 'rect', color: 'var(--doubt)', tooltip: false },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' } },
      },
      line('round', { strokeWidth: 1, opacity: 0.3 }),
      line('sent', { strokeWidth: 1.8, strokeDash: [5, 4] }),
      line('due', { strokeWidth: 2.6 }),
      {
        data: { values: marks },
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: {
          x,
          y,
          color,
          shape: armShape(looks),
          tooltip: tooltip({ arm: 'arm', label: 'percentile', latency: 'from due, merged' }),
        },
      },
    ],
  };
}
