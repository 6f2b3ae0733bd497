/** The answer of a comparison of runs in one sentence, and in one more per run for what it leaves out. */
import { formatChange } from '../../core/units.ts';
import { shareText } from '../html/share-text.ts';
import { metricOf } from '../metrics/registry.ts';
import { pointText } from '../param-text.ts';
import type { Change, RunsComparison } from './runs-comparison.ts';

export interface ComparisonHeadline {
  readonly title: string;
  readonly rest: readonly string[];
}

export function headlineOfRuns(comparison: RunsComparison): ComparisonHeadline {
  const lines = comparison.runs.slice(1).map(({ letter }) => lineOf(comparison, letter));
  const [line = 'No verdict.'] = lines;
  const flag = comparison.anyway ? 'On different machines: ' : '';
  if (lines.length === 1) return { title: `${flag}${line}`, rest: [] };
  const changed = comparison.runs.slice(1).filter(({ letter }) => {
    return headlineChanges(comparison, letter).some(isBeyond);
  });
  const title =
    changed.length === 0
      ? `No run was found to differ from A by more than the ${shareText(comparison.margin)} margin.`
      : `${changed.map(({ letter }) => letter).join(' and ')} ${changed.length === 1 ? 'differs' : 'differ'} from A by more than the ${shareText(comparison.margin)} margin.`;
  return { title: `${flag}${title}`, rest: lines };
}

/** Headline metrics of candidates: what the scenario is about. */
export function headlineChanges(comparison: RunsComparison, letter: string): Change[] {
  const floors = comparison.arms.filter(({ role }) => role === 'floor').map(({ name }) => name);
  return comparison.changes.filter(
    (one) => one.run === letter && one.headline && !floors.includes(one.arm),
  );
}

function lineOf(comparison: RunsComparison, letter: string): string {
  const all = headlineChanges(comparison, letter);
  if (all.length === 0)
    return `Nothing to compare: ${letter} and A share no arm with valid trials.`;
  const text = (one: Change): string => {
    const arm = comparison.arms.find(({ name }) => name === one.arm)?.title ?? one.arm;
    const where = comparison.points.length > 1 ? ` at ${pointText(comparison, one.point)}` : '';
    // A comma inside a title would be one too many in a list.
    const title = (metricOf(one.metric)?.title ?? one.metric).replace(', ', ' ');
    return `${arm} ${title} ${formatChange(one.ratio ?? 1)}${where}`;
  };
  const of = (...verdicts: Change['verdict'][]): Change[] =>
    all.filter(({ verdict }) => verdicts.includes(verdict));
  if (of('not-comparable').length === all.length) {
    return comparison.machines.length > 0 && !comparison.anyway
      ? `Not comparable: ${letter} and A were measured on different machines.`
      : `Not comparable: ${letter} and A have too few valid trials in common.`;
  }
  const parts = [
    ...(of('worse').length > 0
      ? [`${letter} is worse than A in ${list(of('worse').map(text))}`]
      : []),
    ...(of('better').length > 0
      ? [`${letter} is better than A in ${list(of('better').map(text))}`]
      : []),
  ];
  if (parts.length > 0) return `${parts.join('; ')}.`;
  const real = of('small-but-real');
  if (real.length > 0) {
    return `${letter} differs from A in ${list(real.map(text))}, but not surely by more than the ${shareText(comparison.margin)} margin.`;
  }
  const same = of('same');
  if (same.length === all.length) return `No practical difference between ${letter} and A.`;
  return same.length === 0
    ? `Unclear: these trials cannot tell ${letter} and A apart.`
    : `No practical difference between ${letter} and A in ${same.length} of ${all.length} headline comparisons; unclear in the rest.`;
}

const isBeyond = ({ verdict }: Change): boolean => verdict === 'better' || verdict === 'worse';

function list(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}
