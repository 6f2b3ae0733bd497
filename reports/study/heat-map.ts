/** The cells of a study as a heat map: routes down, measures across, a colour for how much is in the way. */
import type { TopLevelSpec } from 'vega-lite';
import type { Grade, Study } from '../../core/records/study.ts';
import { base, span, tooltip } from '../html/charts/theme.ts';
import { cellAt, rowsOf, sentenceOf, shortOf } from './study-text.ts';

export const GRADES = {
  good: { title: 'as it should be', fill: 'var(--good-bg)', ink: 'var(--good-ink)' },
  plain: { title: 'neither good nor bad', fill: 'var(--panel)', ink: 'var(--ink)' },
  fair: { title: 'to know of', fill: 'var(--doubt-bg)', ink: 'var(--doubt-ink)' },
  bad: { title: 'in the way of a stream', fill: 'var(--bad-bg)', ink: 'var(--bad-ink)' },
} as const satisfies Record<Grade, { title: string; fill: string; ink: string }>;

const ROW_PX = 26;

export function heatMap(study: Study): TopLevelSpec {
  const rows = rowsOf(study).map(({ route, transport }) => `${route} ${transport}`);
  const columns = study.measures.map(({ title }) => title);
  const values = rowsOf(study).flatMap(({ route, transport }) =>
    study.measures.flatMap(({ name, title }) => {
      const judged = cellAt(study.cells, name, route, transport)?.judgement;
      if (judged === undefined) return [];
      return {
        path: `${route} ${transport}`,
        measure: title,
        text: shortOf(judged),
        grade: judged.grade,
        says: sentenceOf(judged),
      };
    }),
  );
  const grades = Object.keys(GRADES) as Grade[];
  const encoding = {
    x: {
      field: 'measure',
      type: 'nominal',
      sort: null,
      scale: { domain: span(...columns) },
      axis: { title: null, orient: 'top', labelAngle: 0, ticks: false, domain: false },
    },
    y: {
      field: 'path',
      type: 'nominal',
      sort: null,
      scale: { domain: span(...rows) },
      axis: { title: null, ticks: false, domain: false, labelLimit: 220 },
    },
    tooltip: tooltip({ path: 'path', measure: 'measure', says: 'finding' }),
  } as const;
  const color = (which: 'fill' | 'ink') =>
    ({
      field: 'grade',
      type: 'nominal',
      scale: { domain: span(...grades), range: grades.map((grade) => GRADES[grade][which]) },
      legend: null,
    }) as const;
  return {
    ...base,
    height: ROW_PX * rows.length,
    data: { values },
    encoding,
    layer: [
      {
        mark: { type: 'rect', stroke: 'var(--paper)', strokeWidth: 2 },
        encoding: { color: color('fill') },
      },
      {
        mark: { type: 'text', fontSize: 11 },
        encoding: { text: { field: 'text' }, color: color('ink') },
      },
    ],
    resolve: { scale: { color: 'independent' } },
  };
}
