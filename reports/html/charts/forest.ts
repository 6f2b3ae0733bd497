/** Ratios of two arms with their intervals, a row per metric, on a logarithmic axis labelled in percent. */
import type { TopLevelSpec } from 'vega-lite';
import type { RunComparison } from '../../../core/result.ts';
import { formatChange } from '../../../core/units.ts';
import { verdictLooks } from '../verdict-look.ts';
import { titleWithDirection } from '../view.ts';
import { base, labelled, span, tooltip } from './theme.ts';

/** Ratios to label, by the width of the axis as a log-ratio: few enough for a telephone. */
const TICKS = [
  { from: 2.2, ratios: [0.125, 0.25, 0.5, 1, 2, 4, 8] },
  { from: 0.9, ratios: [0.33, 0.5, 0.67, 1, 1.5, 2, 3] },
  { from: 0.45, ratios: [0.6, 0.8, 1, 1.2, 1.5] },
  { from: 0, ratios: [0.8, 0.9, 1, 1.1, 1.2] },
] as const;
/** Farther out than this would squeeze all others; what is there is drawn at the edge, with an arrow. */
const WIDEST = 8;

export type Range = readonly [low: number, high: number];

/** One axis for all comparisons of a figure: at least twice the margin, and as far as they go. */
export function forestRange(comparisons: readonly RunComparison[], margin: number): Range {
  const edge = (1 + margin) ** 2;
  const points = comparisons.flatMap(({ ratio }) => ratio ?? []);
  const ends = comparisons.flatMap(({ low, high }) => [low ?? 1, high ?? 1]);
  const reach = (value: number): number => Math.min(WIDEST, Math.max(1 / WIDEST, value));
  return [
    Math.min(1 / edge, ...[...points, ...ends].map(reach)) / 1.04,
    Math.max(edge, ...[...points, ...ends].map(reach)) * 1.04,
  ];
}

export function forestChart(
  comparisons: readonly RunComparison[],
  margin: number,
  range: Range,
  axisTitle: string,
): TopLevelSpec {
  const shown = comparisons.filter(({ ratio }) => ratio !== undefined);
  const clip = (value: number): number => Math.min(range[1], Math.max(range[0], value));
  // The mark of one that is off the axis stays clear of the edge, or it would hide the arrow there.
  const inset = (range[1] / range[0]) ** 0.025;
  const place = (ratio: number): number =>
    clip(ratio) === ratio ? ratio : Math.min(range[1] / inset, Math.max(range[0] * inset, ratio));
  const rows = shown.map((one) => ({
    metric: titleWithDirection(one.metric),
    ratio: place(one.ratio ?? 1),
    low: clip(one.low ?? one.ratio ?? 1),
    high: clip(one.high ?? one.ratio ?? 1),
    verdict: one.verdict,
    change: formatChange(one.ratio ?? 1),
    interval:
      one.low === undefined || one.high === undefined
        ? 'none'
        : `${formatChange(one.low)} … ${formatChange(one.high)}`,
  }));
  const cut = shown.flatMap((one) => [
    ...((one.low ?? one.ratio ?? 1) < range[0]
      ? [{ metric: titleWithDirection(one.metric), at: range[0], angle: 270, verdict: one.verdict }]
      : []),
    ...((one.high ?? one.ratio ?? 1) > range[1]
      ? [{ metric: titleWithDirection(one.metric), at: range[1], angle: 90, verdict: one.verdict }]
      : []),
  ]);
  const titles = rows.map(({ metric }) => metric);
  const headline = shown.filter((one) => one.headline).map((one) => titleWithDirection(one.metric));
  const width = Math.log(range[1] / range[0]);
  const ticks = (TICKS.find(({ from }) => width >= from)?.ratios ?? []).filter(
    (tick) => tick >= range[0] && tick <= range[1],
  );
  const looks = Object.entries(verdictLooks);
  const color = {
    field: 'verdict',
    type: 'nominal',
    scale: {
      domain: looks.map(([verdict]) => verdict),
      range: looks.map(([, look]) => look.color),
    },
    legend: null,
  } as const;
  const scale = { type: 'log', domain: span(...range), nice: false } as const;
  const y = {
    field: 'metric',
    type: 'nominal',
    sort: null,
    scale: { domain: titles },
    axis: {
      title: null,
      grid: false,
      ticks: false,
      domain: false,
      labelPadding: 6,
      labelLimit: 170,
      labelOverlap: false,
      labelColor: {
        condition: {
          test: `indexof(${JSON.stringify(headline)}, datum.value) >= 0`,
          value: 'var(--ink)',
        },
        value: 'var(--muted)',
      },
      labelFontWeight: {
        condition: { test: `indexof(${JSON.stringify(headline)}, datum.value) >= 0`, value: 600 },
        value: 400,
      },
    },
  } as const;
  const x = {
    field: 'ratio',
    type: 'quantitative',
    scale,
    axis: {
      title: axisTitle,
      grid: true,
      ...labelled(ticks.map((value) => ({ value, label: tickLabel(value) }))),
    },
  } as const;
  return {
    ...base,
    height: rows.length * 21,
    layer: [
      {
        data: { values: [{ from: 1 / (1 + margin), to: 1 + margin }] },
        mark: { type: 'rect', color: 'var(--band)', tooltip: false },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' } },
      },
      {
        data: { values: [{ one: 1 }] },
        mark: { type: 'rule', color: 'var(--muted)' },
        encoding: { x: { ...x, field: 'one' } },
      },
      {
        data: { values: rows },
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' }, color },
      },
      {
        data: { values: cut },
        mark: { type: 'point', shape: 'triangle-up', filled: true, size: 45, opacity: 1 },
        encoding: {
          y,
          x: { ...x, field: 'at' },
          angle: { field: 'angle', type: 'quantitative', scale: null },
          color,
        },
      },
      {
        data: { values: rows },
        mark: { type: 'point', size: 75, strokeWidth: 1.8, opacity: 1 },
        encoding: {
          y,
          x,
          stroke: color,
          fill: {
            ...color,
            scale: {
              ...color.scale,
              range: looks.map(([, look]) => (look.hollow ? 'var(--paper)' : look.color)),
            },
          },
          shape: {
            ...color,
            scale: { ...color.scale, range: looks.map(([, look]) => look.shape) },
          },
          tooltip: tooltip({
            metric: 'metric',
            change: 'change',
            interval: '95 % interval',
            verdict: 'verdict',
          }),
        },
      },
    ],
  };
}

const tickLabel = (ratio: number): string =>
  ratio === 1 ? '0 %' : `${ratio > 1 ? '+' : '−'}${Math.round(Math.abs(ratio - 1) * 100)} %`;
