/** One figure against the size of the message, both logarithmic: a line per arm, rounds as dots, crossings as rules. */
import type { TopLevelSpec } from 'vega-lite';
import type { Unit } from '../../metric.ts';
import { formatMetric } from '../../metric.ts';
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

export interface SizePoint {
  readonly look: ArmLook;
  /** Bytes of the message. */
  readonly at: number;
  readonly middle: number;
  readonly rounds: readonly number[];
}

export interface SizePanel {
  readonly heading: string;
  readonly unit: Unit;
  readonly points: readonly SizePoint[];
  /** Bytes at which arms change places. */
  readonly crossings: readonly number[];
}

const AIR = 1.3;
/** On a narrow page more than this would push each other out, the largest size first. */
const MOST_LABELS = 6;

/** @param format how a size is written */
export function sizeCurveChart(
  { unit, points, crossings }: SizePanel,
  sizes: readonly number[],
  format: (bytes: number) => string,
): TopLevelSpec {
  const looks = [...new Set(points.map(({ look }) => look))];
  const text = (value: number): string => formatMetric(unit, value);
  const drawn = points.flatMap(({ middle, rounds }) => [middle, ...rounds]);
  const decimal = logAxis(drawn, text);
  // Bytes are read in powers of two, and the sizes themselves are that.
  const scale =
    unit === 'B'
      ? {
          scale: decimal.scale,
          axis: labelled(sizes.map((value) => ({ value, label: format(value) }))),
        }
      : decimal;
  const x = {
    field: 'at',
    type: 'quantitative',
    scale: {
      type: 'log',
      domain: span(Math.min(...sizes) / AIR, Math.max(...sizes) * AIR),
      nice: false,
    },
    axis: {
      title: 'size of the message',
      grid: true,
      ...labelled(
        sizes.map((value, index) => ({
          value,
          label: sizes.length <= MOST_LABELS || index % 2 === 0 ? format(value) : '',
        })),
      ),
    },
  } as const;
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: scale.scale,
    axis: { ...scale.axis, ...Y_AXIS, title: null },
  } as const;
  const color = armColor(looks);
  const shape = armShape(looks);
  const middles = points.map(({ look, at, middle }) => ({
    arm: look.name,
    at,
    value: short(middle),
    size: format(at),
    text: text(middle),
  }));
  const rounds = points.flatMap(({ look, at, rounds: values }) =>
    values.map((value) => ({ arm: look.name, at, value: short(value) })),
  );
  return {
    ...base,
    height: 220,
    layer: [
      ...(crossings.length === 0
        ? []
        : [
            {
              data: { values: crossings.map((at) => ({ at: short(at), text: format(at) })) },
              mark: { type: 'rule' as const, strokeDash: [5, 4], color: 'var(--ink)' },
              encoding: { x },
            },
            {
              data: { values: crossings.map((at) => ({ at: short(at), text: format(at) })) },
              mark: {
                type: 'text' as const,
                align: 'left' as const,
                baseline: 'top' as const,
                dx: 4,
                color: 'var(--ink)',
              },
              encoding: { x, y: { value: 2 }, text: { field: 'text' } },
            },
          ]),
      {
        data: { values: rounds },
        mark: { type: 'point', filled: true, size: 16, opacity: 0.4 },
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
          tooltip: tooltip({ arm: 'arm', size: 'size', text: 'median of rounds' }),
        },
      },
    ],
  };
}
