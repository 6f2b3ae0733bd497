/** The ratio of each run to the first one over percentiles, with a band and the margin behind it. */
import type { TopLevelSpec } from 'vega-lite';
import { formatChange } from '../../../core/units.ts';
import type { ArmLook } from '../../html/arm-look.ts';
import { MARKED } from '../../html/charts/percentiles.ts';
import {
  armColor,
  armShape,
  base,
  labelled,
  short,
  span,
  tooltip,
  Y_AXIS,
} from '../../html/charts/theme.ts';
import type { RatioPoint } from '../ratio-band.ts';

export interface RatioLine {
  readonly look: ArmLook;
  readonly points: readonly RatioPoint[];
}

/** Farther out than this would squeeze all others. */
const WIDEST = 8;
const TICKS = [0.125, 0.25, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 4, 8];

export function ratioChart(
  lines: readonly RatioLine[],
  margin: number,
  axisTitle: string,
): TopLevelSpec {
  const clip = (value: number): number => Math.min(WIDEST, Math.max(1 / WIDEST, value));
  const rows = lines.flatMap(({ look, points }) =>
    points.map(({ quantile, ratio, low, high }) => ({
      run: look.name,
      arm: look.name,
      x: short(1 / (1 - quantile)),
      ratio: short(clip(ratio)),
      low: short(clip(low ?? ratio)),
      high: short(clip(high ?? ratio)),
      change: formatChange(ratio),
      band:
        low === undefined || high === undefined
          ? 'none'
          : `${formatChange(low)} … ${formatChange(high)}`,
      label: MARKED.find((mark) => Math.abs(mark.quantile - quantile) < 1e-9)?.label ?? '',
    })),
  );
  const ends = rows.flatMap(({ low, high }) => [low, high]);
  const edge = (1 + margin) ** 1.5;
  const domain = span(Math.min(1 / edge, ...ends) / 1.03, Math.max(edge, ...ends) * 1.03);
  const last = Math.max(2, ...rows.map(({ x }) => x));
  const first = Math.min(...rows.map(({ x }) => x));
  const [bottom = 1, top = 1] = domain;
  const inside = TICKS.filter((tick) => tick >= bottom && tick <= top);
  // Every other one where they would stand too close; the one at no change always stays.
  const ticks =
    inside.length > 7
      ? inside.filter((tick) => [0.125, 0.25, 0.5, 1, 2, 4, 8].includes(tick))
      : inside;
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: 'log', domain: span(first, last), nice: false },
    axis: {
      title: axisTitle,
      grid: true,
      ...labelled(
        MARKED.filter((mark) => mark.x <= last).map((mark) => ({
          value: mark.x,
          label: mark.label,
        })),
      ),
    },
  } as const;
  const y = {
    field: 'ratio',
    type: 'quantitative',
    scale: { type: 'log', domain, nice: false },
    axis: {
      title: null,
      ...Y_AXIS,
      ...labelled(
        ticks.map((value) => ({ value, label: value === 1 ? '0 %' : formatChange(value) })),
      ),
    },
  } as const;
  const looks = lines.map(({ look }) => look);
  const color = armColor(looks);
  return {
    ...base,
    height: 220,
    data: { values: rows },
    layer: [
      {
        data: {
          values: [{ from: Math.max(bottom, 1 / (1 + margin)), to: Math.min(top, 1 + margin) }],
        },
        mark: { type: 'rect', color: 'var(--band)', tooltip: false },
        encoding: { y: { ...y, field: 'from' }, y2: { field: 'to' } },
      },
      {
        data: { values: [{ one: 1 }] },
        mark: { type: 'rule', color: 'var(--muted)' },
        encoding: { y: { ...y, field: 'one' } },
      },
      {
        mark: { type: 'area', opacity: 0.22, tooltip: false },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      {
        mark: { type: 'line', strokeWidth: 2.2 },
        encoding: { x, y, color },
      },
      {
        transform: [{ filter: "datum.label !== ''" }],
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: {
          x,
          y,
          color,
          shape: armShape(looks),
          tooltip: tooltip({ run: 'run', label: 'percentile', change: 'change', band: 'band' }),
        },
      },
    ],
  };
}
