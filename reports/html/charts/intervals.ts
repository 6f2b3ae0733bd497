/** One figure against the interval of heartbeats: a dot per round, their medians joined, arms in one panel. */
import type { TopLevelSpec } from 'vega-lite';
import type { ArmLook } from '../arm-look.ts';
import { fromZero } from './linear-axis.ts';
import { armColor, armShape, base, short, span, tooltip } from './theme.ts';

export interface IntervalPoint {
  readonly look: ArmLook;
  /** Name of the interval: '2 s'. */
  readonly at: string;
  /** What stands for all rounds. */
  readonly middle: number;
  readonly rounds: readonly number[];
}

export interface IntervalOptions {
  /** Names of all intervals, in their order, those too at which there is nothing to draw. */
  readonly order: readonly string[];
  readonly format: (value: number) => string;
  readonly height: number;
  /** What `middle` is: 'median of rounds'. */
  readonly middle: string;
}

export function intervalChart(
  points: readonly IntervalPoint[],
  { order, format, height, middle: middleName }: IntervalOptions,
): TopLevelSpec {
  const looks = [...new Set(points.map(({ look }) => look))];
  const rounds = points.flatMap(({ look, at, rounds: values }) =>
    values.map((value) => ({ arm: look.name, at, value: short(value) })),
  );
  const middles = points.map(({ look, at, middle }) => ({
    arm: look.name,
    at,
    value: short(middle),
    text: format(middle),
  }));
  const x = {
    field: 'at',
    type: 'ordinal',
    scale: { domain: span(...order) },
    axis: { title: 'a heartbeat every', labelAngle: 0 },
  } as const;
  const y = {
    field: 'value',
    type: 'quantitative',
    ...fromZero(
      [...rounds, ...middles].map(({ value }) => value),
      { format },
    ),
  } as const;
  const color = armColor(looks);
  const shape = armShape(looks);
  return {
    ...base,
    height,
    layer: [
      {
        data: { values: rounds },
        mark: { type: 'point', filled: true, size: 18, opacity: 0.45 },
        encoding: { x, y, color, shape },
      },
      {
        data: { values: middles },
        mark: { type: 'line', strokeWidth: 2 },
        encoding: { x, y, color },
      },
      {
        data: { values: middles },
        mark: { type: 'point', filled: true, size: 60, opacity: 1 },
        encoding: {
          x,
          y,
          color,
          shape,
          tooltip: tooltip({ arm: 'arm', at: 'a heartbeat every', text: middleName }),
        },
      },
    ],
  };
}
