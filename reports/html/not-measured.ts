/** The headline of a run in which no two candidates can be compared: the reason why not. */
import type { RunResult, Trial } from '../../core/result.ts';
import { verdictSentences } from '../summary.ts';
import type { Headline } from './headline.ts';
import type { Naming } from './pair-title.ts';

export function whyNothingCompared(run: RunResult, nameOf: Naming): Headline {
  const candidates = run.arms.filter(({ role }) => role === 'candidate');
  const counted = run.trials.filter(isCounted);
  const missing = candidates.filter(({ name }) => !counted.some(({ arm }) => arm === name));
  const [first] = candidates;
  if (candidates.length === 1 && first !== undefined && missing.length === 0) {
    return { title: `Nothing to compare: ${nameOf(first.name)} was measured alone.`, rest: [] };
  }
  const theirs = run.trials.filter(({ arm }) => missing.some(({ name }) => name === arm));
  const most = commonest(theirs.flatMap(reasonsOf));
  if (most === undefined) return { title: verdictSentences(run)[0] ?? 'No verdict.', rest: [] };
  const [why, times] = most;
  const who =
    missing.length === candidates.length
      ? ''
      : `${missing.map(({ name }) => nameOf(name)).join(' and ')}: `;
  return {
    title: `Not measured: ${who}${why.replace(/\.$/, '')}.`,
    rest: [
      `This was so in ${times} of ${theirs.length} trials. ${counted.length} trials of the run count.`,
    ],
  };
}

const isCounted = ({ outcome, excluded }: Trial): boolean =>
  outcome === 'completed' && excluded === undefined;

function reasonsOf({ outcome, says, validity }: Trial): string[] {
  if (outcome === 'failed') return [says ?? 'trials failed'];
  return validity.checks.filter(({ ok }) => ok === 'invalid').map((check) => check.says);
}

function commonest(reasons: readonly string[]): [reason: string, times: number] | undefined {
  const times = new Map<string, number>();
  for (const reason of reasons) times.set(reason, (times.get(reason) ?? 0) + 1);
  return [...times].sort(([, a], [, b]) => b - a)[0];
}
