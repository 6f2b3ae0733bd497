/** What a run says in sentences: the same words on the terminal, in the report and wherever else. */
import type { SearchRecord } from '../core/records/search.ts';
import type { Arm, Point, RunResult } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import { formatBytes, formatCount } from '../core/units.ts';
import { headlineComparisons } from './compare-arms.ts';
import { countedTrials } from './derive.ts';
import { flowOfRun } from './flow.ts';
import { paramText } from './param-text.ts';
import { doubtOfPass } from './search-text.ts';

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

/**
 * A run is as good as the trials that count. Without a usable trial of some candidate at some point it is
 * invalid, whatever the floor did; with fewer than were asked for it is suspect.
 */
export function validityOf(run: RunResult): ValiditySummary {
  const counts = { valid: 0, suspect: 0, invalid: 0, excluded: 0 };
  for (const trial of run.trials) {
    counts[trial.validity.state] += 1;
    if (trial.excluded !== undefined) counts.excluded += 1;
  }
  if (run.searches !== undefined) return { state: validityOfSearches(run), counts };
  const judged = run.points.flatMap((point) =>
    candidatesOf(run).map((arm) => countedTrials(run, arm.name, point)),
  );
  const invalid = judged.length === 0 || judged.some((trials) => trials.length === 0);
  const suspect = judged.some(
    (trials) =>
      trials.length < run.options.rounds ||
      trials.some(({ validity }) => validity.state === 'suspect'),
  );
  return { state: invalid ? 'invalid' : suspect ? 'suspect' : 'valid', counts };
}

/** What makes the verdict on a run what it is, as the rest of a sentence. */
export function validityText(run: RunResult): string {
  const { state, counts } = validityOf(run);
  const { valid, suspect, invalid, excluded } = counts;
  const trials = `${valid} valid, ${suspect} suspect and ${invalid} invalid trials; ${excluded} left out`;
  if (run.searches === undefined) return trials;
  // A step that passed although it was disturbed has passed, so trials are not what searches are judged by.
  const searches = {
    valid: 'every search saw its last pass undisturbed',
    suspect: 'a search was disturbed, or is not over',
    invalid: 'of an arm no search says what its server can do',
  } as const;
  return `${searches[state]} (their steps: ${trials})`;
}

/** A search counts unless nothing is known of the server by it; one that was disturbed is suspect. */
function validityOfSearches(run: RunResult): ValiditySummary['state'] {
  const searches = run.searches ?? [];
  const found = candidatesOf(run).flatMap(({ name }) =>
    run.points.map((point) =>
      searches.filter((one) => one.arm === name && pointName(one.point) === pointName(point)),
    ),
  );
  const known = ({ end, lastPass }: SearchRecord): boolean =>
    lastPass !== undefined || end === 'below';
  if (found.length === 0 || found.some((all) => !all.some(known))) return 'invalid';
  const doubtful = (search: SearchRecord): boolean => {
    const { end, stop, confirmed } = search;
    return (
      stop.cause === 'machine' ||
      end === 'steps' ||
      (!confirmed && end !== 'below') ||
      doubtOfPass(search) !== undefined
    );
  };
  const few = found.some((all) => all.length < run.options.rounds || all.some(doubtful));
  return few ? 'suspect' : 'valid';
}

/** What is being compared; where only the floor was run, that. */
function candidatesOf(run: RunResult): readonly Arm[] {
  const candidates = run.arms.filter(({ role }) => role === 'candidate');
  return candidates.length > 0 ? candidates : run.arms;
}

/** Parameters that `describePoint` has words for. */
const DESCRIBED: ReadonlySet<string> = new Set(['clients', 'rate', 'payload']);

/** '500 clients, 50/s, 128 B': where the finding holds, and nowhere else. */
export function describePoint(run: RunResult, point: Point): string {
  const values = { ...run.params, ...point };
  const parts: string[] = [];
  if (typeof values['clients'] === 'number' && values['search'] !== 'clients')
    parts.push(formatCount(values['clients'], 'client'));
  if (typeof values['rate'] === 'number' && values['search'] !== 'rate') {
    const what = flowOfRun(run, point) === 'delivery' ? 'broadcast' : 'round trip';
    parts.push(`${formatCount(values['rate'], what)}/s`);
  }
  if (typeof values['payload'] === 'number')
    parts.push(`${formatBytes(values['payload'])} messages`);
  for (const [name, value] of Object.entries(point)) {
    if (!DESCRIBED.has(name)) parts.push(`${name} ${paramText(run.scenario, name, value)}`);
  }
  return parts.join(', ');
}

/** The verdict: one sentence per headline metric and pair of candidates, at the point where it holds. */
export function verdictSentences(run: RunResult): string[] {
  const comparisons = headlineComparisons(run);
  if (comparisons.length === 0) {
    const candidates = run.arms.filter(({ role }) => role === 'candidate').length;
    const why =
      run.trials.length === 0
        ? 'no trial was completed'
        : candidates < 2
          ? 'a verdict compares two arms, and there is one'
          : run.searches !== undefined
            ? 'no search found where both arms end'
            : 'no round has valid trials of two arms';
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

/** The command that looks around the operating point; undefined for a run that already does, or was no command. */
export function exploreCommand(run: RunResult): string | undefined {
  if (run.points.length > 1 || run.scenario.explore === '') return undefined;
  if (!run.command.startsWith('npm run ')) return undefined;
  const varied = /--vary ([\w-]+)=/.exec(run.scenario.explore)?.[1];
  // What has one value gives way to the sweep; and a port that was free once need not be so again.
  const command = ['vary', 'port', ...(varied === undefined ? [] : [varied])]
    .reduce(
      (text, name) => text.replace(new RegExp(` --${name} (?:'[^']*'|\\S+)`), ''),
      run.command,
    )
    .replace(/ --$/, '');
  const separator = command.includes(' -- ') ? ' ' : ' -- ';
  return `${command}${separator}${run.scenario.explore}`;
}
