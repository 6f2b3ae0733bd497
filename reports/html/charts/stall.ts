/** One figure of a load in which clients stopped reading, in steps of 100 ms: every round thin, their median thick, the stall as a band. */
import type { TopLevelSpec } from 'vega-lite';
import type { ArmLook } from '../arm-look.ts';
import { around, fromZero } from './linear-axis.ts';
import { armColor, base, logAxis, short, span, tooltip, Y_AXIS } from './theme.ts';

export interface StallStep {
  /** Seconds since the start of the load. */
  readonly at: number;
  readonly value: number;
}

export interface StallSeries {
  readonly look: ArmLook;
  readonly rounds: readonly (readonly StallStep[])[];
  /** Per step, the median over the rounds. */
  readonly middle: readonly StallStep[];
}

export interface StallChartOptions {
  readonly format: (value: number) => string;
  readonly height: number;
  /** Equal ratios as equal lengths, from zero up, or around what there is. */
  readonly scale: 'log' | 'zero' | 'around';
  readonly bytes: boolean;
  /** From the stop until they read again, s. */
  readonly stall: readonly [from: number, until: number];
  readonly seconds: number;
  /** The lowest panel carries the axis of time for those above it. */
  readonly last: boolean;
}

export function stallChart(
  series: readonly StallSeries[],
  options: StallChartOptions,
): TopLevelSpec {
  const { format, height, stall, seconds, last } = options;
  const row = (look: ArmLook, { at, value }: StallStep) => ({
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
      title: last ? 'seconds since the start of the load' : null,
      labels: last,
      ticks: last,
      domain: last,
      grid: true,
      format: 'd',
      tickMinStep: 1,
    },
  } as const;
  const y = {
    field: 'value',
    type: 'quantitative',
    ...yAxis(
      rounds.map(({ value }) => value),
      options,
    ),
  } as const;
  const color = armColor(series.map(({ look }) => look));
  return {
    ...base,
    height,
    layer: [
      {
        data: { values: [{ at: stall[0], to: stall[1] }] },
        mark: { type: 'rect', color: 'var(--doubt)', tooltip: false },
        encoding: { x, x2: { field: 'to' } },
      },
      {
        data: { values: rounds },
        mark: { type: 'line', strokeWidth: 1, opacity: 0.28 },
        encoding: { x, y, color, detail: { field: 'series', type: 'nominal' } },
      },
      {
        data: { values: middle },
        mark: { type: 'line', strokeWidth: 2.2 },
        encoding: { x, y, color },
      },
      {
        // Wider than the line is, so that a pointer finds it.
        data: { values: middle },
        mark: { type: 'point', opacity: 0, size: 60 },
        encoding: {
          x,
          y,
          color,
          tooltip: tooltip({ arm: 'arm', at: 'second', text: 'median of rounds' }),
        },
      },
    ],
  };
}

function yAxis(values: readonly number[], { scale, format, bytes }: StallChartOptions) {
  if (scale === 'zero') return fromZero(values, { format, bytes });
  if (scale === 'around') return around(values, { format, bytes });
  const log = logAxis(values, format);
  return { scale: log.scale, axis: { ...log.axis, ...Y_AXIS, title: null } };
}
