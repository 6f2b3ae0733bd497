/** What a run says in sentences: the same words on the terminal, in the report and wherever else. */
import type { Point, RunResult } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import { formatSize } from '../core/units.ts';
import { headlineComparisons } from './compare-arms.ts';

export interface ValiditySummary {
  readonly state: 'valid' | 'suspect' | 'invalid';
  readonly counts: {
    readonly valid: number;
    readonly suspect: number;
    readonly invalid: number;
    /** Of all of them: left out of the comparisons. */
    readonly excluded: number;
  };
}

/** The run is as good as the trials that count; without any it is invalid. */
export function validityOf(run: RunResult): ValiditySummary {
  const counts = { valid: 0, suspect: 0, invalid: 0, excluded: 0 };
  for (const trial of run.trials) {
    counts[trial.validity.state] += 1;
    if (trial.excluded !== undefined) counts.excluded += 1;
  }
  const used = run.trials.filter(({ excluded }) => excluded === undefined);
  const worst = used.some(({ validity }) => validity.state === 'invalid')
    ? 'invalid'
    : used.some(({ validity }) => validity.state === 'suspect')
      ? 'suspect'
      : 'valid';
  return { state: used.length === 0 ? 'invalid' : worst, counts };
}

/** '500 clients, 50/s, 128 B': where the finding holds, and nowhere else. */
export function describePoint(run: RunResult, point: Point): string {
  const values = { ...run.params, ...point };
  const parts: string[] = [];
  if (typeof values['clients'] === 'number')
    parts.push(`${values['clients'].toLocaleString('en-US')} clients`);
  if (typeof values['rate'] === 'number')
    parts.push(`${values['rate'].toLocaleString('en-US')} broadcasts/s`);
  if (typeof values['payload'] === 'number')
    parts.push(`${formatSize(values['payload'])} messages`);
  return parts.join(', ');
}

/** The verdict: one sentence per headline metric and pair of candidates, at the point where it holds. */
export function verdictSentences(run: RunResult): string[] {
  const comparisons = headlineComparisons(run);
  if (comparisons.length === 0) {
    const why =
      run.trials.length === 0
        ? 'no trial was completed'
        : 'there are no two arms with valid trials';
    return [`No verdict: ${why}.`];
  }
  const sentences: string[] = [];
  for (const point of run.points) {
    const here = comparisons.filter((one) => pointName(one.point) === pointName(point));
    if (here.length > 0) sentences.push(`At ${describePoint(run, point)}:`);
    sentences.push(...here.map(({ says }) => `  ${says}`));
  }
  return sentences;
}

/** The command that looks around the operating point; undefined for a run that already does. */
export function exploreCommand(run: RunResult): string | undefined {
  if (run.points.length > 1) return undefined;
  const separator = run.command.includes(' -- ') ? ' ' : ' -- ';
  return `${run.command}${separator}${run.scenario.explore}`;
}
