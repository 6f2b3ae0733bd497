/** One amount over a long load: every look thin, what remains between collections as steps, and the line through that. */
import type { TopLevelSpec } from 'vega-lite';
import type { FitPoint } from '../../../core/slope.ts';
import type { ArmLook } from '../arm-look.ts';
import { around, fromZero } from './linear-axis.ts';
import { armColor, base, short, span, tooltip } from './theme.ts';

export interface SoakSeries {
  readonly look: ArmLook;
  readonly round: number;
  /** Seconds and the amount. */
  readonly points: readonly FitPoint[];
  /** Least values between collections, and the line through them; only of memory. */
  readonly floor?: readonly FitPoint[];
  readonly line?: readonly [from: FitPoint, to: FitPoint];
}

export interface SoakChartOptions {
  readonly format: (value: number) => string;
  readonly height: number;
  readonly seconds: number;
  readonly bytes?: boolean;
  /** From zero, where zero means something to whoever looks. */
  readonly zero?: boolean;
  /** The lowest panel carries the axis of time for those above it. */
  readonly last: boolean;
}

/** More dots than this cannot be told apart, and a day has many more. */
const DRAWN = 600;

export function soakChart(
  series: readonly SoakSeries[],
  { format, height, seconds, bytes = false, zero = false, last }: SoakChartOptions,
): TopLevelSpec {
  const looks = [...new Set(series.map(({ look }) => look))];
  const { unit, per } = timeUnit(seconds);
  const row = (look: ArmLook, { x, y }: FitPoint, id: number) => ({
    arm: look.name,
    at: short(x / per),
    // Full precision: a slow leak is in the last digits.
    value: Number(y.toPrecision(7)),
    text: format(y),
    series: id,
  });
  const rows = (pick: (one: SoakSeries) => readonly FitPoint[]) =>
    series.flatMap((one, id) => thinned(pick(one)).map((point) => row(one.look, point, id)));
  const looked = rows(({ points }) => points);
  const floors = rows(({ floor = [] }) => floor);
  const lines = rows(({ line = [] }) => line);
  const values = [...looked, ...lines].map(({ value }) => value);
  const x = {
    field: 'at',
    type: 'quantitative',
    scale: { domain: span(0, seconds / per), nice: false },
    axis: {
      title: last ? `${unit} since the start of the load` : null,
      labels: last,
      ticks: last,
      domain: last,
      grid: true,
      tickCount: 6,
    },
  } as const;
  const y = {
    field: 'value',
    type: 'quantitative',
    ...(zero ? fromZero(values, { format, bytes }) : around(values, { format, bytes })),
  } as const;
  const color = armColor(looks);
  const detail = { field: 'series', type: 'nominal' } as const;
  return {
    ...base,
    height,
    layer: [
      {
        data: { values: looked },
        mark: { type: 'line', strokeWidth: 1, opacity: floors.length === 0 ? 0.9 : 0.35 },
        encoding: { x, y, color, detail },
      },
      {
        data: { values: floors },
        mark: { type: 'point', filled: true, size: 22, opacity: 0.9 },
        encoding: {
          x,
          y,
          color,
          detail,
          tooltip: tooltip({ arm: 'arm', at: unit, text: 'least of this stretch' }),
        },
      },
      {
        data: { values: lines },
        mark: { type: 'line', strokeWidth: 2.2 },
        encoding: { x, y, color, detail },
      },
      {
        // Wider than the line is, so that a pointer finds it.
        data: { values: looked },
        mark: { type: 'point', opacity: 0, size: 40 },
        encoding: { x, y, color, tooltip: tooltip({ arm: 'arm', at: unit, text: 'at this look' }) },
      },
    ],
  };
}

function thinned(points: readonly FitPoint[]): readonly FitPoint[] {
  const step = Math.ceil(points.length / DRAWN);
  return points.filter((_, index) => index % step === 0);
}

/** What a time of this length is told in. */
export function timeUnit(seconds: number): { readonly unit: string; readonly per: number } {
  if (seconds >= 3 * 3_600) return { unit: 'hours', per: 3_600 };
  return seconds >= 600 ? { unit: 'minutes', per: 60 } : { unit: 'seconds', per: 1 };
}
