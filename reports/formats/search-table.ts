/** The steps of searches on a terminal: a row per load and arm, in the order in which they were taken. */
import type { TableConstructorOptions } from 'cli-table3';
import Table from 'cli-table3';
import type { Point, RunResult } from '../../core/result.ts';
import { valueText } from '../figure-text.ts';
import type { MetricId } from '../metrics/registry.ts';
import { metrics } from '../metrics/registry.ts';
import { loadText } from '../search-text.ts';
import { searchesOf, stepTrials } from '../step-trials.ts';

const COLUMNS = [
  'latency.p50',
  'latency.p99',
  'reach',
  'throughput.deliveries',
  'server.busy',
] as const satisfies readonly MetricId[];

export function searchTable(
  run: RunResult,
  point: Point,
  look: Pick<TableConstructorOptions, 'style' | 'chars'>,
): string {
  const grid = new Table({
    head: ['', 'load', ...COLUMNS.map((id) => metrics[id].title), ''],
    colAligns: ['left', 'right', ...COLUMNS.map(() => 'right' as const), 'left'],
    ...look,
  });
  for (const { name } of run.arms) {
    for (const search of searchesOf(run, name, point)) {
      for (const { step, trial } of stepTrials(run, search)) {
        grid.push([
          name,
          loadText(search, step.load),
          ...COLUMNS.map((id) => {
            const value = trial.metrics[id];
            return value === undefined ? '–' : valueText(id, value, trial.probes['deadlineUs']);
          }),
          OUTCOMES[step.outcome],
        ]);
      }
    }
  }
  return grid.toString();
}

const OUTCOMES = { pass: 'passed', fail: 'failed', limited: 'not known' } as const;
