/** Memory against the number of connections, without what each process took by itself: dots per round, the line, its interval. */
import type { TopLevelSpec } from 'vega-lite';
import { formatBytes } from '../../../core/units.ts';
import type { MemoryCost } from '../../memory-cost.ts';
import type { ArmLook } from '../arm-look.ts';
import { fromZero } from './linear-axis.ts';
import { armColor, armShape, base, labelled, short, span, tooltip } from './theme.ts';

export interface MemorySeries {
  readonly look: ArmLook;
  readonly cost: MemoryCost;
  readonly points: readonly {
    readonly round: number;
    readonly connections: number;
    /** Above the intercept of the line of its round. */
    readonly bytes: number;
  }[];
}

export function memorySlopeChart(series: readonly MemorySeries[]): TopLevelSpec {
  const looks = series.map(({ look }) => look);
  const points = series.flatMap(({ look, points: all }) =>
    all.map(({ round, connections, bytes }) => ({
      arm: look.name,
      connections,
      bytes: Math.round(bytes),
      text: formatBytes(bytes),
      round: round + 1,
    })),
  );
  const most = Math.max(...points.map(({ connections }) => connections));
  const lines = series.flatMap(({ look, cost }) =>
    [0, most].map((connections) => ({
      arm: look.name,
      connections,
      bytes: Math.round(cost.value * connections),
      low: Math.round(cost.low * connections),
      high: Math.round(cost.high * connections),
    })),
  );
  const values = [...points.map(({ bytes }) => bytes), ...lines.map(({ bytes }) => bytes)];
  const x = {
    field: 'connections',
    type: 'quantitative',
    scale: { domain: span(0, most * 1.03), nice: false },
    axis: {
      title: 'connections',
      grid: false,
      ...labelled(
        [0, most / 2, most].map((value) => ({
          value: short(value),
          label: Math.round(value).toLocaleString('en-US'),
        })),
      ),
    },
  } as const;
  const axis = fromZero(values, { format: formatBytes, bytes: true });
  const y = { field: 'bytes', type: 'quantitative', ...axis } as const;
  const color = armColor(looks);
  return {
    ...base,
    height: 200,
    layer: [
      {
        data: { values: lines },
        mark: { type: 'area', opacity: 0.16, clip: true },
        encoding: {
          x,
          y: { ...y, field: 'low' },
          y2: { field: 'high' },
          color,
        },
      },
      {
        data: { values: lines },
        mark: { type: 'line', strokeWidth: 2 },
        encoding: { x, y, color },
      },
      {
        data: { values: points },
        mark: { type: 'point', filled: true, size: 28, opacity: 0.75 },
        encoding: {
          x,
          y,
          color,
          shape: armShape(looks),
          tooltip: tooltip({
            arm: 'arm',
            connections: 'connections',
            text: 'more than the process alone',
            round: 'round',
          }),
        },
      },
    ],
  };
}
