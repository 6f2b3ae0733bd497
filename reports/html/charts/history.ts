/**
 * One metric over many runs, as a template: the page puts in the points of the arm and metric that are
 * picked, and the axis that was made for them. Runs stand at equal distances, in their order.
 */
import type { TopLevelSpec } from 'vega-lite';
import { around, fromZero } from './linear-axis.ts';
import { base, logAxis, tooltip, Y_AXIS } from './theme.ts';

/** What the page fills: a point, a level between changes, the place of a change. */
export const HISTORY_DATA = {
  points: 'points',
  levels: 'levels',
  changes: 'changes',
  picked: 'picked',
};

/** Above this ratio of the highest to the lowest, equal steps would hide the low ones. */
const LOG_FROM = 8;

/** The scale and the axis of the values, to be put into the template. */
export function historyAxis(
  values: readonly number[],
  format: (value: number) => string,
  bytes: boolean,
) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && high / low > LOG_FROM) {
    const { scale, axis } = logAxis(values, format);
    return { scale, axis: { ...axis, ...Y_AXIS, title: null } };
  }
  const options = { format, bytes };
  return low <= 0 ? fromZero(values, options) : around(values, options);
}

const x = {
  field: 'at',
  type: 'quantitative',
  // The page fills in which runs are named on it.
  axis: { title: null, grid: false, labelAngle: 0, ticks: true },
} as const;
const y = { field: 'value', type: 'quantitative' } as const;
const MARKED = { run: 'run', when: 'started', build: 'build', text: 'value' };

export function historyChart(): TopLevelSpec {
  return {
    ...base,
    height: 300,
    // Above the drawing: the number of each change.
    padding: { left: 0, right: 10, top: 18, bottom: 4 },
    data: { values: [] },
    layer: [
      {
        data: { name: HISTORY_DATA.changes, values: [] },
        mark: { type: 'rule', strokeDash: [5, 4], strokeWidth: 1.4, opacity: 1 },
        encoding: {
          x: { ...x, field: 'between' },
          color: { field: 'color', type: 'nominal', scale: null, legend: null },
        },
      },
      {
        data: { name: HISTORY_DATA.changes, values: [] },
        mark: { type: 'text', y: -9, baseline: 'middle', fontSize: 12, fontWeight: 'bold' },
        encoding: {
          x: { ...x, field: 'between' },
          text: { field: 'number' },
          color: { field: 'color', type: 'nominal', scale: null, legend: null },
          tooltip: tooltip({ number: 'change', says: 'says' }),
        },
      },
      {
        data: { name: HISTORY_DATA.levels, values: [] },
        mark: { type: 'rule', color: 'var(--muted)', strokeWidth: 5, opacity: 0.35 },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y },
      },
      {
        data: { name: HISTORY_DATA.points, values: [] },
        mark: { type: 'line', color: 'var(--link)', strokeWidth: 1, opacity: 0.45 },
        encoding: { x, y, order: { field: 'at', type: 'quantitative' } },
      },
      {
        data: { name: HISTORY_DATA.picked, values: [] },
        mark: { type: 'point', size: 260, strokeWidth: 2.4, opacity: 1, stroke: 'var(--ink)' },
        encoding: { x, y },
      },
      {
        data: { name: HISTORY_DATA.points, values: [] },
        mark: { type: 'point', filled: true, size: 46, opacity: 1, color: 'var(--link)' },
        encoding: { x, y, tooltip: tooltip(MARKED) },
      },
    ],
  };
}
