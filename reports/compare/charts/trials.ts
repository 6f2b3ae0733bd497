/** Every trial of every run on one metric: a column per run, a mark per trial, what was left out hollow. */
import type { TopLevelSpec } from 'vega-lite';
import type { ArmLook } from '../../html/arm-look.ts';
import {
  armColor,
  armShape,
  base,
  logAxis,
  short,
  span,
  tooltip,
  Y_AXIS,
} from '../../html/charts/theme.ts';

export interface TrialMark {
  readonly look: ArmLook;
  readonly round: number;
  readonly value: number;
  readonly text: string;
  /** Why it does not count; undefined where it does. */
  readonly excluded: string | undefined;
}

export interface TrialMiddle {
  readonly look: ArmLook;
  /** Geometric mean of the trials that count. */
  readonly value: number;
  readonly text: string;
}

export function trialsChart(
  marks: readonly TrialMark[],
  middles: readonly TrialMiddle[],
  looks: readonly ArmLook[],
  format: (value: number) => string,
): TopLevelSpec {
  const most = Math.max(1, ...marks.map(({ round }) => round));
  const rows = marks.map(({ look, round, value, text, excluded }) => ({
    arm: look.name,
    // Left to right in the order of the rounds, so that a drift within a run shows as a slope.
    place: short((round + 0.5) / (most + 1)),
    round: round + 1,
    value: short(value),
    text,
    counts: excluded === undefined,
    reason: excluded ?? '',
  }));
  const scale = logAxis(
    [...rows, ...middles].map(({ value }) => value),
    format,
  );
  const x = {
    field: 'arm',
    type: 'nominal',
    sort: null,
    scale: {
      domain: span(...looks.map(({ name }) => name)),
      paddingInner: 0.25,
      paddingOuter: 0.1,
    },
    axis: { title: 'run', labelAngle: 0, ticks: false },
  } as const;
  const xOffset = { field: 'place', type: 'quantitative', scale: { domain: span(0, 1) } } as const;
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: scale.scale,
    axis: { ...scale.axis, ...Y_AXIS, title: null },
  } as const;
  const color = armColor(looks);
  const point = { x, xOffset, y, stroke: color, shape: armShape(looks) } as const;
  const pointed = { arm: 'run', round: 'round', text: 'value' };
  return {
    ...base,
    height: 190,
    layer: [
      {
        data: {
          // From edge to edge of the column of its run.
          values: middles.flatMap(({ look, value, text }) =>
            [0, 1].map((place) => ({ arm: look.name, place, value: short(value), text })),
          ),
        },
        mark: { type: 'line', strokeWidth: 1.6, opacity: 0.8 },
        encoding: {
          x,
          xOffset,
          y,
          color,
          tooltip: tooltip({ arm: 'run', text: 'geometric mean of its trials' }),
        },
      },
      {
        data: { values: rows.filter(({ counts }) => counts) },
        mark: { type: 'point', size: 60, opacity: 1 },
        encoding: { ...point, fill: color, tooltip: tooltip(pointed) },
      },
      {
        data: { values: rows.filter(({ counts }) => !counts) },
        mark: { type: 'point', size: 50, opacity: 0.8, fill: 'var(--paper)' },
        encoding: { ...point, tooltip: tooltip({ ...pointed, reason: 'left out because' }) },
      },
    ],
  };
}
