/** Judges a cell, and says so where its repeats would have been judged differently, or lie far apart. */

import { median } from '../../core/median.ts';
import type { Cell, Judgement, Sample } from '../../core/records/study.ts';
import type { About, Found, Measure } from './measure.ts';

export function judgeCell(
  measure: Measure,
  { samples }: Pick<Cell, 'samples'>,
  about: About,
): Judgement | undefined {
  const found = samples.filter(({ problem }) => problem === undefined);
  const problems = samples.flatMap(({ problem }) => problem ?? []);
  const [problem] = problems;
  if (found.length === 0) {
    if (problem === undefined) return undefined;
    return { text: 'fails', grade: 'bad', says: `Could not be measured: ${problem}.` };
  }
  const judged = measure.judge(found, about);
  const disagree = disagreement(measure, found, problems, about);
  return disagree === undefined ? judged : { ...judged, disagree };
}

/** @returns how they differ, as a sentence; undefined where they agree, or there is only one */
function disagreement(
  measure: Measure,
  found: readonly Sample[],
  problems: readonly string[],
  about: About,
): string | undefined {
  const [problem] = problems;
  if (problem !== undefined) {
    return `Repeats disagree: ${problems.length} of ${problems.length + found.length} could not be measured (${problem}).`;
  }
  const alone = found.map((one) => measure.judge([one], about));
  const texts = alone.map(({ text }) => text).join(', ');
  if (new Set(alone.map(({ grade }) => grade)).size > 1) return `Repeats disagree: ${texts}.`;
  const { figure, share, slack } = measure.agreement;
  const values = found.flatMap(({ figures }: Found) => figures[figure] ?? []);
  const middle = median(values);
  if (middle === undefined) return undefined;
  if (values.length < found.length) return `Repeats disagree: ${texts}.`;
  const apart = Math.max(...values) - Math.min(...values);
  return apart > Math.max(slack, share * Math.abs(middle))
    ? `Repeats disagree: ${texts}.`
    : undefined;
}
