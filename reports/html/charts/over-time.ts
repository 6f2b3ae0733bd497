/** One figure over the time of a load: every round thin, their median thick, and what happened in it as a band. */
import type { TopLevelSpec } from 'vega-lite';
import type { ArmLook } from '../arm-look.ts';
import { around, fromZero } from './linear-axis.ts';
import { armColor, armShape, base, logAxis, short, span, tooltip, Y_AXIS } from './theme.ts';

export interface TimedValue {
  /** Seconds since the start. */
  readonly at: number;
  readonly value: number;
}

export interface TimeSeries {
  readonly look: ArmLook;
  readonly rounds: readonly (readonly TimedValue[])[];
  /** Per step, the median over the rounds. */
  readonly middle: readonly TimedValue[];
}

export interface OverTimeOptions {
  readonly format: (value: number) => string;
  readonly height: number;
  /** Equal ratios as equal lengths, from zero up, or around what there is. */
  readonly scale: 'log' | 'zero' | 'around';
  readonly bytes?: boolean;
  readonly seconds: number;
  /** Of the axis of time. */
  readonly title: string;
  /** The lowest panel carries that axis for those above it. */
  readonly last: boolean;
  /** What changes in jumps is drawn so. */
  readonly jumps?: boolean;
  /** Whether each step of the median is marked. */
  readonly marks?: boolean;
  /** What happened in the course of it, s. */
  readonly band?: readonly [from: number, to: number];
}

export function overTimeChart(
  series: readonly TimeSeries[],
  options: OverTimeOptions,
): TopLevelSpec {
  const { format, height, seconds, title, last, band } = options;
  const looks = series.map(({ look }) => look);
  const row = (look: ArmLook, { at, value }: TimedValue) => ({
    arm: look.name,
    at: short(at),
    value: short(value),
    text: format(value),
  });
  const rounds = series.flatMap(({ look, rounds: all }, index) =>
    all.flatMap((values, round) =>
      values.map((value) => ({ ...row(look, value), series: index * 1_000 + round })),
    ),
  );
  const middle = series.flatMap(({ look, middle: values }) =>
    values.map((value) => row(look, value)),
  );
  const x = {
    field: 'at',
    type: 'quantitative',
    scale: { domain: span(0, Math.max(1, seconds)), nice: false },
    axis: {
      title: last ? title : null,
      labels: last,
      ticks: last,
      domain: last,
      grid: true,
      format: 'd',
      tickMinStep: 1,
    },
  } as const;
  const values = rounds.map(({ value }) => value);
  const y = { field: 'value', type: 'quantitative', ...yAxis(values, options) } as const;
  const color = armColor(looks);
  const shape = options.marks === true ? { shape: armShape(looks) } : {};
  // Where steps are not marked, it is only there for a pointer to find, so it is wider than the line.
  const point =
    options.marks === true ? { filled: true, size: 42, opacity: 1 } : { size: 60, opacity: 0 };
  const line =
    options.jumps === true
      ? ({ type: 'line', interpolate: 'step-after' } as const)
      : ({ type: 'line' } as const);
  return {
    ...base,
    height,
    layer: [
      ...(band === undefined
        ? []
        : [
            {
              // One that took no time is there all the same.
              data: { values: [{ at: band[0], to: Math.max(band[1], band[0] + seconds / 300) }] },
              mark: { type: 'rect', color: 'var(--doubt)', tooltip: false } as const,
              encoding: { x, x2: { field: 'to' } },
            },
          ]),
      {
        data: { values: rounds },
        mark: { ...line, strokeWidth: 1, opacity: 0.28 },
        encoding: { x, y, color, detail: { field: 'series', type: 'nominal' } },
      },
      {
        data: { values: middle },
        mark: { ...line, strokeWidth: 2.3 },
        encoding: { x, y, color },
      },
      {
        data: { values: middle },
        mark: { type: 'point', ...point },
        encoding: {
          x,
          y,
          color,
          ...shape,
          tooltip: tooltip({ arm: 'arm', at: 'second', text: 'median of rounds' }),
        },
      },
    ],
  };
}

function yAxis(values: readonly number[], { scale, format, bytes = false }: OverTimeOptions) {
  if (scale === 'zero') return fromZero(values, { format, bytes });
  if (scale === 'around') return around(values, { format, bytes });
  const log = logAxis(values, format, 2);
  return { scale: log.scale, axis: { ...log.axis, ...Y_AXIS, title: null } };
}
