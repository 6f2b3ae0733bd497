/** One metric against the swept parameter: a line per arm through the figure of each point, rounds as dots. */
import type { TopLevelSpec } from 'vega-lite';
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

export interface SweepValue {
  readonly look: ArmLook;
  /** The value of the parameter, or the name of the point where it is no number. */
  readonly at: number | string;
  readonly value: number;
  readonly text: string;
}

/** Points that span more than this are spaced by ratio. */
const WIDE = 8;

export function sweepChart(
  figures: readonly SweepValue[],
  rounds: readonly SweepValue[],
  axisTitle: string,
  format: (value: number) => string,
): TopLevelSpec {
  const looks = [...new Set([...figures, ...rounds].map(({ look }) => look))];
  const rowOf = ({ look, at, value, text }: SweepValue) => ({
    arm: look.name,
    at,
    value: short(value),
    text,
  });
  const scale = logAxis(
    [...figures, ...rounds].map(({ value }) => value),
    format,
  );
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: scale.scale,
    axis: { ...scale.axis, ...Y_AXIS, title: null },
  } as const;
  const x = xAxis([...new Set([...figures, ...rounds].map(({ at }) => at))], axisTitle);
  const color = armColor(looks);
  const shape = armShape(looks);
  return {
    ...base,
    height: 200,
    layer: [
      {
        data: { values: rounds.map(rowOf) },
        mark: { type: 'point', filled: true, size: 16, opacity: 0.4 },
        encoding: { x, y, color, shape },
      },
      {
        data: { values: figures.map(rowOf) },
        mark: { type: 'line', strokeWidth: 2.4 },
        encoding: { x, y, color },
      },
      {
        data: { values: figures.map(rowOf) },
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: {
          x,
          y,
          color,
          shape,
          tooltip: tooltip({ arm: 'arm', at: axisTitle, text: 'value' }),
        },
      },
    ],
  };
}

function xAxis(values: readonly (number | string)[], title: string) {
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length < values.length) {
    return {
      field: 'at',
      type: 'nominal',
      sort: null,
      scale: { type: 'point', padding: 0.5 },
      axis: { title, labelAngle: 0, grid: true },
    } as const;
  }
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const ticks = numbers.map((value) => ({ value, label: value.toLocaleString('en-US') }));
  const wide = low > 0 && high / low > WIDE;
  const air = wide ? 1.12 : (high - low) * 0.06;
  return {
    field: 'at',
    type: 'quantitative',
    scale: {
      type: wide ? 'log' : 'linear',
      domain: wide ? span(low / air, high * air) : span(low - air, high + air),
      nice: false,
      ...(wide ? {} : { zero: false }),
    },
    axis: { title, grid: true, ...labelled(ticks) },
  } as const;
}
