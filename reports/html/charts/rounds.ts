/** One metric round by round: the arms of a round joined by a line, what was left out hollow; and the control. */
import type { TopLevelSpec } from 'vega-lite';
import type { ArmLook } from '../arm-look.ts';
import { armColor, armShape, base, logAxis, short, span, tooltip, Y_AXIS } from './theme.ts';

/** A try of a round; those that were left out are written in brackets. */
export interface RoundValue {
  readonly look: ArmLook;
  readonly column: string;
  readonly value: number;
  readonly text: string;
  /** Why it does not count; undefined where it does. */
  readonly excluded: string | undefined;
}

const POINTED = { arm: 'arm', column: 'round', text: 'value' };

function column(columns: readonly string[], last: boolean) {
  return {
    field: 'column',
    type: 'nominal',
    sort: null,
    scale: { type: 'point', domain: span(...columns), padding: 0.5 },
    axis: {
      title: last ? 'round' : null,
      labels: last,
      ticks: false,
      domain: false,
      grid: true,
      labelAngle: 0,
    },
  } as const;
}

export function roundsChart(
  values: readonly RoundValue[],
  columns: readonly string[],
  format: (value: number) => string,
  last: boolean,
): TopLevelSpec {
  const looks = [...new Set(values.map(({ look }) => look))];
  const rows = values.map(({ look, column: name, value, text, excluded }) => ({
    arm: look.name,
    column: name,
    value: short(value),
    text,
    counts: excluded === undefined,
    reason: excluded ?? '',
  }));
  const joins = columns.flatMap((name) => {
    const all = rows.filter((row) => row.column === name);
    const counted = all.filter(({ counts }) => counts);
    // A round that is left out as a whole keeps its line, faintly.
    const here = (counted.length > 0 ? counted : all).map(({ value }) => value);
    return here.length < 2
      ? []
      : [
          {
            column: name,
            from: Math.min(...here),
            to: Math.max(...here),
            counts: counted.length > 0,
          },
        ];
  });
  const scale = logAxis(
    rows.map(({ value }) => value),
    format,
  );
  const x = column(columns, last);
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: scale.scale,
    axis: { ...scale.axis, ...Y_AXIS, title: null },
  } as const;
  const color = armColor(looks);
  const point = {
    x,
    y,
    shape: armShape(looks),
    stroke: color,
    tooltip: tooltip(POINTED),
  } as const;
  return {
    ...base,
    height: 190,
    data: { values: rows },
    layer: [
      {
        data: { values: joins },
        mark: { type: 'rule', color: 'var(--muted)', strokeWidth: 1 },
        encoding: {
          x,
          y: { ...y, field: 'from' },
          y2: { field: 'to' },
          opacity: { condition: { test: 'datum.counts', value: 0.9 }, value: 0.3 },
        },
      },
      {
        transform: [{ filter: { field: 'counts', equal: true } }],
        mark: { type: 'point', size: 70, opacity: 1 },
        encoding: { ...point, fill: color },
      },
      {
        transform: [{ filter: { field: 'counts', equal: false } }],
        mark: { type: 'point', size: 55, strokeWidth: 1.3, opacity: 0.8, fill: 'var(--paper)' },
        encoding: { ...point, tooltip: tooltip({ ...POINTED, reason: 'left out because' }) },
      },
    ],
  };
}

export function controlChart(
  values: readonly { readonly column: string; readonly value: number; readonly text: string }[],
  columns: readonly string[],
  format: (value: number) => string,
): TopLevelSpec {
  const rows = values.map((one) => ({ ...one, value: short(one.value) }));
  const scale = logAxis(
    rows.map(({ value }) => value),
    format,
    2,
  );
  return {
    ...base,
    height: 90,
    data: { values: rows },
    encoding: {
      x: column(columns, true),
      y: {
        field: 'value',
        type: 'quantitative',
        scale: scale.scale,
        axis: { ...scale.axis, ...Y_AXIS, title: null },
      },
    },
    layer: [
      { mark: { type: 'line', color: 'var(--control)', strokeWidth: 1, opacity: 0.6 } },
      {
        mark: {
          type: 'point',
          shape: 'stroke',
          color: 'var(--control)',
          size: 160,
          strokeWidth: 2.4,
          opacity: 1,
        },
        encoding: {
          tooltip: tooltip({ column: 'round', text: 'control' }),
        },
      },
    ],
  };
}
