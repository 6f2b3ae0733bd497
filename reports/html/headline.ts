/** The answer in one line, and a few more for what the line leaves out; the sentences behind them are in summary. */
import type { RunComparison, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { headlineComparisons } from '../compare-arms.ts';
import { pointText } from '../param-text.ts';
import { whyNothingCompared } from './not-measured.ts';
import type { Naming } from './pair-title.ts';
import { isBeyond, pairTitle, remainder } from './pair-title.ts';
import { shareText } from './share-text.ts';

export interface Headline {
  readonly title: string;
  /** What was found besides, in the same few words; empty where the title says it all. */
  readonly rest: readonly string[];
}

/** @param titleOf what to call an arm: its title, unless two arms share one */
export function headlineOf(run: RunResult, titleOf: Naming): Headline {
  // A comma inside a name would be one too many in a list.
  const nameOf: Naming = (arm) => titleOf(arm).replace(', ', ' ');
  const pairs = byPair(headlineComparisons(run));
  const [only] = pairs;
  if (only === undefined) return whyNothingCompared(run, nameOf);
  const lines = pairs.map((one) => `${pairTitle(run, one, nameOf)}.`);
  const [line = ''] = lines;
  if (pairs.length > 1) return { title: titleOfMany(run, pairs), rest: lines };
  if (run.points.length > 1) return { title: line, rest: pointLines(run, only, nameOf) };
  return { title: line, rest: remainder(run, only, nameOf) };
}

/** For each point of a sweep, the line it would have as a run of its own. */
function pointLines(
  run: RunResult,
  comparisons: readonly RunComparison[],
  nameOf: Naming,
): string[] {
  const lines = run.points.flatMap((point) => {
    const here = comparisons.filter((one) => pointName(one.point) === pointName(point));
    if (here.length === 0) return [];
    return [{ point, says: `${pairTitle({ ...run, points: [point] }, here, nameOf)}.` }];
  });
  // The same of every point is what the title has said.
  if (new Set(lines.map(({ says }) => says)).size === 1) return [];
  return lines.map(({ point, says }) => `${pointText(run.scenario, point)}: ${says}`);
}

function byPair(comparisons: readonly RunComparison[]): RunComparison[][] {
  const pairs = new Map<string, RunComparison[]>();
  for (const one of comparisons) {
    const pair = `${one.arm} ${one.against}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), one]);
  }
  return [...pairs.values()];
}

function titleOfMany(run: RunResult, pairs: readonly (readonly RunComparison[])[]): string {
  const margin = shareText(run.options.margin);
  const beyond = pairs.filter((one) => one.some(isBeyond)).length;
  if (beyond > 0) {
    return `${beyond} of ${pairs.length} pairs of arms differ by more than the ${margin} margin.`;
  }
  return pairs.every((one) => one.every(({ verdict }) => verdict === 'unclear'))
    ? `Unclear for all ${pairs.length} pairs of arms.`
    : `No pair of arms was found to differ by more than the ${margin} margin.`;
}
