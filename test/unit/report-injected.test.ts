/** What was broken on purpose stands in the report with what it is a number of. */
import { expect, test } from 'vitest';
import { renderHtml } from '../../reports/formats/html.ts';
import { roundTripRun } from '../trip-run.ts';

const NONE = { dropped: 0, duplicated: 0, swapped: 0 };

function cellsOf(injected: Readonly<Record<string, number>>): string[] {
  const run = roundTripRun();
  for (const trial of run.trials) trial.injected = { ...NONE, ...injected };
  const [, ...after] = renderHtml(run).split('Injected faults per arm');
  const [rows = ''] = (after.at(-1) ?? '').split('</table>');
  return [...rows.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell = '']) =>
    cell.replace(/<[^>]*>/g, ''),
  );
}

const HEAD = [
  'arm',
  'deliveries dropped',
  'deliveries made twice',
  'broadcasts swapped',
  'broadcasts held back',
];

test('faults of every kind are counted, those that were held back too', () => {
  // Of six rounds each.
  const cells = cellsOf({ dropped: 2, delayed: 7 });
  expect(cells).toEqual([...HEAD, 'SSE', '12', '0', '0', '42', 'WebSocket', '12', '0', '0', '42']);
});

test('a server that does not say what it held back is not said to have held back nothing', () => {
  expect(cellsOf({ swapped: 1 }).slice(5, 10)).toEqual(['SSE', '0', '0', '6', '–']);
});

test('a run in which nothing was broken has no such table', () => {
  expect(cellsOf({ delayed: 0 })).toEqual([]);
});
