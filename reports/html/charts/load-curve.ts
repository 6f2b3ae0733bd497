/** A latency against the load, step by step: lines through what passed, the objective, and where each arm ends. */
import type { TopLevelSpec } from 'vega-lite';
import { formatMicroseconds, formatNumber } from '../../../core/units.ts';
import type { ArmLook } from '../arm-look.ts';
import { armColor, armShape, base, logAxis, short, tooltip, Y_AXIS } from './theme.ts';

export interface LoadCurvePoint {
  readonly look: ArmLook;
  readonly load: number;
  /** µs */
  readonly value: number;
  readonly text: string;
  readonly outcome: 'pass' | 'fail' | 'limited';
  readonly why: string;
}

/** Between the last load that passed and the first that failed. */
export interface Bracket {
  readonly look: ArmLook;
  readonly from: number;
  readonly to: number;
}

export interface LoadCurveWords {
  /** The objective, where it is one on this metric, µs. */
  readonly limit: number | undefined;
  readonly limitText: string;
  readonly xTitle: string;
  readonly yTitle: string;
}

export function loadCurveChart(
  points: readonly LoadCurvePoint[],
  brackets: readonly Bracket[],
  { limit, limitText, xTitle, yTitle }: LoadCurveWords,
): TopLevelSpec {
  const looks = [...new Set([...points, ...brackets].map(({ look }) => look))];
  const values = points.map(({ look, load, value, text, outcome, why }) => ({
    arm: look.name,
    load: short(load),
    value: short(Math.max(1, value)),
    at: formatNumber(load),
    text,
    outcome,
    why,
  }));
  const xScale = logAxis(
    [...points.map(({ load }) => load), ...brackets.flatMap(({ from, to }) => [from, to])],
    formatNumber,
  );
  const yScale = logAxis(
    [...values.map(({ value }) => value), ...(limit === undefined ? [] : [limit])],
    formatMicroseconds,
  );
  const x = {
    field: 'load',
    type: 'quantitative',
    scale: xScale.scale,
    axis: { ...xScale.axis, title: xTitle, grid: true },
  } as const;
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: yScale.scale,
    axis: { ...yScale.axis, ...Y_AXIS, title: null },
  } as const;
  const color = armColor(looks);
  const shape = armShape(looks);
  const marks = (outcome: LoadCurvePoint['outcome'], mark: object) => ({
    data: { values: values.filter((one) => one.outcome === outcome) },
    mark: { type: 'point' as const, size: 64, opacity: 1, ...mark },
    encoding: {
      x,
      y,
      color,
      // Of what did not pass the shape says that it did not.
      ...(outcome === 'fail' ? {} : { shape }),
      tooltip: tooltip({
        arm: 'arm',
        at: 'load',
        text: yTitle,
        outcome: 'outcome',
        why: 'because',
      }),
    },
  });
  return {
    ...base,
    height: 300,
    layer: [
      {
        data: {
          values: brackets.map(({ look, from, to }) => ({
            arm: look.name,
            load: short(from),
            to: short(to),
          })),
        },
        mark: { type: 'rect', opacity: 0.22 },
        encoding: { x, x2: { field: 'to' }, color },
      },
      ...(limit === undefined
        ? []
        : [
            {
              data: { values: [{ value: limit, text: limitText }] },
              mark: { type: 'rule' as const, strokeDash: [5, 4], color: 'var(--ink)' },
              encoding: { y },
            },
            {
              data: { values: [{ value: limit, text: limitText }] },
              mark: {
                type: 'text' as const,
                align: 'left' as const,
                baseline: 'bottom' as const,
                dx: 4,
                dy: -3,
                color: 'var(--ink)',
              },
              encoding: { y, x: { value: 0 }, text: { field: 'text' } },
            },
          ]),
      {
        data: { values: values.filter(({ outcome }) => outcome === 'pass') },
        mark: { type: 'line', strokeWidth: 1.8 },
        encoding: { x, y: { ...y, aggregate: 'median' }, color },
      },
      marks('pass', { filled: true }),
      marks('fail', { filled: false, shape: 'cross', strokeWidth: 1.6 }),
      marks('limited', { filled: false, strokeWidth: 1.6 }),
    ],
  };
}
