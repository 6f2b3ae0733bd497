/** One figure against the interval of heartbeats: a dot per round, their medians joined, arms in one panel. */
import type { TopLevelSpec } from 'vega-lite';
import type { Unit } from '../../metric.ts';
import { formatMetric } from '../../metric.ts';
import type { ArmLook } from '../arm-look.ts';
import { fromZero } from './linear-axis.ts';
import { armColor, armShape, base, short, span, tooltip } from './theme.ts';

export interface BeatPoint {
  readonly look: ArmLook;
  /** Name of the point: '2 s'. */
  readonly at: string;
  readonly middle: number;
  readonly rounds: readonly number[];
}

/** @param order names of all points, in their order, those too at which there is nothing to draw */
export function heartbeatChart(
  points: readonly BeatPoint[],
  order: readonly string[],
  unit: Unit,
): TopLevelSpec {
  const looks = [...new Set(points.map(({ look }) => look))];
  const text = (value: number): string => formatMetric(unit, value);
  const rounds = points.flatMap(({ look, at, rounds: values }) =>
    values.map((value) => ({ arm: look.name, at, value: short(value) })),
  );
  const middles = points.map(({ look, at, middle }) => ({
    arm: look.name,
    at,
    value: short(middle),
    text: text(middle),
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
      rounds.map(({ value }) => value),
      { format: text },
    ),
  } as const;
  const color = armColor(looks);
  const shape = armShape(looks);
  return {
    ...base,
    height: 180,
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
          tooltip: tooltip({ arm: 'arm', at: 'a heartbeat every', text: 'over all rounds' }),
        },
      },
    ],
  };
}
