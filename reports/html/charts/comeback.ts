/** One figure of a load that was broken in the middle, in steps of 100 ms: every round thin, their median thick, the fault as a band. */
import type { TopLevelSpec } from 'vega-lite';
import type { ArmLook } from '../arm-look.ts';
import { armColor, base, labelled, short, span, tickText, tooltip, Y_AXIS } from './theme.ts';

export interface StepValue {
  /** Seconds since the start of the load. */
  readonly at: number;
  readonly value: number;
}

export interface ComebackSeries {
  readonly look: ArmLook;
  readonly rounds: readonly (readonly StepValue[])[];
  /** Per step, the median over the rounds. */
  readonly middle: readonly StepValue[];
}

export interface ComebackOptions {
  readonly format: (value: number) => string;
  readonly height: number;
  /** From the fault to its end, s. */
  readonly fault: readonly [from: number, to: number];
  readonly seconds: number;
  /** The lowest panel carries the axis of time for those above it. */
  readonly last: boolean;
}

export function comebackChart(
  series: readonly ComebackSeries[],
  { format, height, fault: [from, to], seconds, last }: ComebackOptions,
): TopLevelSpec {
  const looks = series.map(({ look }) => look);
  const row = (look: ArmLook, { at, value }: StepValue) => ({
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
    ...fromZero(Math.max(0, ...rounds.map(({ value }) => value)), format),
  } as const;
  const color = armColor(looks);
  const line = { type: 'line', interpolate: 'step-after' } as const;
  return {
    ...base,
    height,
    layer: [
      {
        data: { values: [{ at: from, to: Math.max(to, from + seconds / 300) }] },
        mark: { type: 'rect', color: 'var(--doubt)', tooltip: false },
        encoding: { x, x2: { field: 'to' } },
      },
      {
        data: { values: rounds },
        mark: { ...line, strokeWidth: 1, opacity: 0.28 },
        encoding: { x, y, color, detail: { field: 'series', type: 'nominal' } },
      },
      {
        data: { values: middle },
        mark: { ...line, strokeWidth: 2.2 },
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

/** From 0 to the first round number above, with a tick at each end and in the middle. */
function fromZero(highest: number, format: (value: number) => string) {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(highest, 1e-6)));
  const top = ([1, 2, 4, 6, 8, 10].find((step) => step * magnitude >= highest) ?? 10) * magnitude;
  const ticks = [0, top / 2, top].map((value) => ({ value, label: tickText(format(value)) }));
  return {
    scale: { domain: span(0, top), nice: false },
    axis: { ...labelled(ticks), ...Y_AXIS, title: null },
  } as const;
}
