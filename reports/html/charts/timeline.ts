/** One signal over the seconds of the measurement: every round thin, the median of the rounds thick. */
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
  tickText,
  tooltip,
  Y_AXIS,
} from './theme.ts';

export interface TimelineSeries {
  readonly look: ArmLook;
  readonly rounds: readonly (readonly TimelineValue[])[];
  /** Per second, the median over the rounds. */
  readonly middle: readonly TimelineValue[];
}

export interface TimelineValue {
  readonly second: number;
  readonly value: number;
}

export interface TimelineOptions {
  readonly format: (value: number) => string;
  /** Latencies differ by factors; shares and milliseconds of a second start at 0. */
  readonly logarithmic: boolean;
  readonly height: number;
  readonly seconds: number;
  /** The lowest panel carries the axis of time for those above it. */
  readonly last: boolean;
}

export function timelineChart(
  series: readonly TimelineSeries[],
  { format, logarithmic, height, seconds, last }: TimelineOptions,
): TopLevelSpec {
  const looks = series.map(({ look }) => look);
  const row = (look: ArmLook, { second, value }: TimelineValue) => ({
    arm: look.name,
    second,
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
  const all = rounds.map(({ value }) => value);
  const scale = logarithmic ? logAxis(all, format, 2) : linearAxis(Math.max(...all), format);
  const x = {
    field: 'second',
    type: 'quantitative',
    scale: { domain: span(0, Math.max(1, seconds)), nice: false },
    axis: {
      title: last ? 'second of the measurement' : null,
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
    scale: scale.scale,
    axis: { ...scale.axis, ...Y_AXIS, title: null },
  } as const;
  const color = armColor(looks);
  return {
    ...base,
    height,
    layer: [
      {
        data: { values: rounds },
        mark: { type: 'line', strokeWidth: 1, opacity: 0.28 },
        encoding: { x, y, color, detail: { field: 'series', type: 'nominal' } },
      },
      {
        data: { values: middle },
        mark: { type: 'line', strokeWidth: 2.4 },
        encoding: { x, y, color },
      },
      {
        data: { values: middle },
        mark: { type: 'point', filled: true, size: 42, opacity: 1 },
        encoding: {
          x,
          y,
          color,
          shape: armShape(looks),
          tooltip: tooltip({ arm: 'arm', second: 'second', text: 'median of rounds' }),
        },
      },
    ],
  };
}

/** From 0 to the first round number above, with a tick at each end and in the middle. */
function linearAxis(highest: number, format: (value: number) => string) {
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(highest, 1e-6)));
  const top = ([1, 2, 4, 6, 8, 10].find((step) => step * magnitude >= highest) ?? 10) * magnitude;
  return {
    scale: { domain: span(0, top), nice: false },
    axis: labelled([0, top / 2, top].map((value) => ({ value, label: tickText(format(value)) }))),
  } as const;
}
