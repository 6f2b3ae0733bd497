/** What a reader of a comparison has to know before any of its figures. */
import type { RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { pointText } from '../param-text.ts';
import { validityOf } from '../summary.ts';
import type { Settings } from './settings.ts';
import { differencesIn } from './settings.ts';

const letterAt = (index: number): string => String.fromCharCode(65 + index);

interface Circumstances {
  /** How the machines differ; undefined on one machine. */
  readonly machines: string | undefined;
  readonly anyway: boolean;
}

export function cautionsOf(
  runs: readonly RunResult[],
  settings: Settings,
  { machines, anyway }: Circumstances,
): string[] {
  return [
    ...aboutMachines(machines, anyway),
    ...aboutCopies(runs),
    ...aboutLoad(settings),
    ...aboutTool(settings),
    ...runs.flatMap(aboutRun),
    ...aboutArms(runs),
    ...aboutPoints(runs),
    ...aboutMargin(runs),
  ];
}

function aboutMachines(machines: string | undefined, anyway: boolean): string[] {
  if (machines === undefined) return [];
  return anyway
    ? [
        `The machines differ: ${machines}. They are compared because --anyway was given; a difference may be the machine's.`,
      ]
    : [
        `Not comparable: the machines differ (${machines}). Run both on one machine, or add --anyway to see the changes all the same.`,
      ];
}

function aboutCopies(runs: readonly RunResult[]): string[] {
  const ids = [...new Set(runs.map(({ id }) => id))];
  return ids.flatMap((id) => {
    const letters = runs.flatMap((run, index) => (run.id === id ? [letterAt(index)] : []));
    return letters.length < 2 ? [] : [`${letters.join(' and ')} are the same run.`];
  });
}

function aboutLoad(settings: Settings): string[] {
  const found = differencesIn(settings, 'load');
  return found.length === 0
    ? []
    : [`The load differs: ${found.join('; ')}. A change below may come from that alone.`];
}

function aboutTool(settings: Settings): string[] {
  const found = differencesIn(settings, 'tool');
  return found.length === 0
    ? []
    : [`Different builds of pushbench made these runs: ${found.join('; ')}.`];
}

function aboutRun(run: RunResult, index: number): string[] {
  const letter = letterAt(index);
  const said: string[] = [];
  if (run.state === 'aborted') said.push(`Run ${letter} was stopped before its end.`);
  if (run.state === 'running') said.push(`Run ${letter} was never finished, or still runs.`);
  const { state, counts } = validityOf(run);
  if (state !== 'valid') {
    const { invalid, excluded } = counts;
    const left = excluded > 0 ? `, ${excluded} left out` : '';
    said.push(
      `Run ${letter} is ${state}: ${counts.valid} valid, ${counts.suspect} suspect and ${invalid} invalid trials${left}. Invalid trials do not count.`,
    );
  }
  if (run.options.inject !== undefined) {
    said.push(`Run ${letter} had faults injected on purpose: ${run.options.inject}.`);
  }
  return said;
}

function aboutArms(runs: readonly RunResult[]): string[] {
  const names = [...new Set(runs.flatMap(({ arms }) => arms.map(({ name }) => name)))];
  return names.flatMap((name) => {
    const without = lettersWithout(runs, ({ arms }) => arms.some((arm) => arm.name === name));
    return without === undefined ? [] : [`The arm ${name} is not in ${without}.`];
  });
}

function aboutPoints(runs: readonly RunResult[]): string[] {
  const texts = new Map(
    runs.flatMap(({ points, scenario }) =>
      points.map((point) => [pointName(point), pointText(scenario, point)] as const),
    ),
  );
  return [...texts].flatMap(([name, text]) => {
    const without = lettersWithout(runs, ({ points }) =>
      points.some((point) => pointName(point) === name),
    );
    const what = name === '' ? 'The load without a sweep' : `The point ${text}`;
    return without === undefined ? [] : [`${what} is not in ${without}.`];
  });
}

function aboutMargin(runs: readonly RunResult[]): string[] {
  const margins = new Set(runs.map(({ options }) => options.margin));
  return margins.size === 1 ? [] : ['The runs have different margins; that of A is used.'];
}

function lettersWithout(
  runs: readonly RunResult[],
  has: (run: RunResult) => boolean,
): string | undefined {
  const letters = runs.flatMap((run, index) => (has(run) ? [] : [letterAt(index)]));
  return letters.length === 0
    ? undefined
    : `${letters.length === 1 ? 'run' : 'runs'} ${letters.join(' and ')}`;
}
