/** CPU at rest against the interval of heartbeats: a dot per round, their medians joined, arms in one panel. */
import type { TopLevelSpec } from 'vega-lite';
import { formatPercent } from '../../../core/units.ts';
import type { ArmLook } from '../arm-look.ts';
import { fromZero } from './linear-axis.ts';
import { armColor, armShape, base, short, span, tooltip } from './theme.ts';

export interface RestCpu {
  readonly look: ArmLook;
  readonly heartbeatMs: number;
  /** Share of a core for the crowd: of each round, and their median. */
  readonly rounds: readonly number[];
  readonly middle: number;
}

export function restCpuChart(
  all: readonly RestCpu[],
  nameOf: (heartbeatMs: number) => string,
): TopLevelSpec {
  const looks = [...new Set(all.map(({ look }) => look))];
  const intervals = [...new Set(all.map(({ heartbeatMs }) => heartbeatMs))];
  const rounds = all.flatMap(({ look, heartbeatMs, rounds: values }) =>
    values.map((value) => ({ arm: look.name, beat: nameOf(heartbeatMs), value: short(value) })),
  );
  const middles = all.map(({ look, heartbeatMs, middle }) => ({
    arm: look.name,
    beat: nameOf(heartbeatMs),
    value: short(middle),
    text: formatPercent(middle),
  }));
  const x = {
    field: 'beat',
    type: 'ordinal',
    scale: { domain: span(...intervals.map(nameOf)) },
    axis: { title: 'a heartbeat every', labelAngle: 0 },
  } as const;
  const y = {
    field: 'value',
    type: 'quantitative',
    ...fromZero(
      rounds.map(({ value }) => value),
      { format: formatPercent },
    ),
  } as const;
  const color = armColor(looks);
  const shape = armShape(looks);
  return {
    ...base,
    height: 200,
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
          tooltip: tooltip({ arm: 'arm', beat: 'a heartbeat every', text: 'median of rounds' }),
        },
      },
    ],
  };
}
