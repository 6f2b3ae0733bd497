/**
 * Two or more runs of one scenario, held against the first of them: which arms and metrics they share,
 * what changed and how sure that is. Everything that the terminal, the page and --json show is in here.
 */
import { fault } from '../../core/errors.ts';
import { median } from '../../core/median.ts';
import type { Arm, Point, RunResult, Trial } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import type { TrialComparison } from '../../core/unpaired.ts';
import { compareTrials, sameTrials, trialsNotComparable } from '../../core/unpaired.ts';
import type { UnpairedDetector } from '../../core/unpaired-detectable.ts';
import { createUnpairedDetector } from '../../core/unpaired-detectable.ts';
import type { Verdict } from '../../core/verdict.ts';
import { beyondDeadline, isTimerLimited } from '../compare-arms.ts';
import { countedTrials, figureOf } from '../derive.ts';
import type { Metric } from '../metric.ts';
import type { MetricId } from '../metrics/registry.ts';
import { allMetrics } from '../metrics/registry.ts';
import { pointText } from '../param-text.ts';
import type { ValiditySummary } from '../summary.ts';
import { validityOf } from '../summary.ts';
import { cautionsOf } from './cautions.ts';
import { ownVerdict } from './own-verdict.ts';
import { changeSentence } from './sentences.ts';
import type { Settings } from './settings.ts';
import { differencesIn, settingsOf } from './settings.ts';

/** The charts have so many colours, and a reader has no more patience. */
export const MOST_RUNS = 6;

/** One of the runs; sentences call it by its letter. */
export interface ComparedRun {
  readonly letter: string;
  readonly id: string;
  readonly startedAt: string;
  readonly state: RunResult['state'];
  readonly version: string;
  readonly commit: string | undefined;
  readonly fingerprint: string;
  readonly command: string;
  readonly validity: ValiditySummary;
  /** What it found by itself: the first sentence of its report. */
  readonly verdict: string;
}

export interface ComparedArm {
  readonly name: string;
  readonly title: string;
  readonly role: Arm['role'];
  /** Letters of the runs that have it. */
  readonly runs: readonly string[];
}

export interface Change {
  readonly metric: MetricId;
  readonly arm: string;
  readonly point: Point;
  /** Letters: `run` is held against `against`, which is the first of all. */
  readonly run: string;
  readonly against: string;
  /** Figures of all trials together; undefined where there is too little for one. */
  readonly value: number | undefined;
  readonly valueAgainst: number | undefined;
  /** run / against, with its 95 % interval. */
  readonly ratio: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly trials: number;
  readonly trialsAgainst: number;
  readonly detectable: number | undefined;
  readonly verdict: Verdict;
  /** Named before the runs as what the scenario is about; all others are exploratory. */
  readonly headline: boolean;
  readonly says: string;
}

export interface RunsComparison {
  readonly schema: 1;
  readonly kind: 'comparison';
  readonly scenario: string;
  readonly question: string;
  /** Of the first run: a difference smaller than this does not matter. */
  readonly margin: number;
  /** How the machines differ; empty on one machine. */
  readonly machines: readonly string[];
  /** Compared although the machines differ. */
  readonly anyway: boolean;
  readonly runs: readonly ComparedRun[];
  readonly settings: Settings;
  /** What a reader has to know before any figure. */
  readonly cautions: readonly string[];
  readonly arms: readonly ComparedArm[];
  /** Points that at least two of the runs measured, the first among them. */
  readonly points: readonly Point[];
  /** What the numbers in them are, where they have a unit. */
  readonly paramTypes?: RunResult['scenario']['paramTypes'];
  readonly changes: readonly Change[];
}

export interface CompareRunsOptions {
  /** Compare even where the machines differ. */
  readonly anyway?: boolean;
}

/**
 * @throws HarnessError `runs-not-compared` for fewer than two runs, too many, or different scenarios
 */
export function compareRuns(
  runs: readonly RunResult[],
  { anyway = false }: CompareRunsOptions = {},
): RunsComparison {
  const [base, ...others] = runs;
  if (base === undefined || others.length === 0) throw notCompared('there is only one');
  if (runs.length > MOST_RUNS) throw notCompared(`there are ${runs.length}, and ${MOST_RUNS} fit`);
  const scenarios = [...new Set(runs.map(({ scenario }) => scenario.name))];
  if (scenarios.length > 1) {
    throw fault('runs-not-compared', {
      why: `they answer different questions (${runs.map((run) => `${run.id} is ${run.scenario.name}`).join(', ')})`,
      hint: "Choose runs of one scenario; 'npm run view' lists them all.",
    });
  }
  const settings = settingsOf(runs);
  const fingerprints = new Set(runs.map(({ environment }) => environment.fingerprint));
  const machines =
    fingerprints.size === 1
      ? []
      : differencesIn(settings, 'machine').filter((text) => !text.startsWith('fingerprint '));
  const compared = runs.map(describeRun);
  const context: Context = {
    detector: createUnpairedDetector(),
    margin: base.options.margin,
    machines: fingerprints.size === 1 ? undefined : machines.join('; ') || 'unknown',
    anyway,
  };
  const points = base.points.filter((point) => others.some((run) => hasPoint(run, point)));
  const changes = others.flatMap((run, index) =>
    compareWithBase(base, run, String(compared[index + 1]?.letter), points, context),
  );
  return {
    schema: 1,
    kind: 'comparison',
    scenario: base.scenario.name,
    question: base.scenario.question,
    margin: base.options.margin,
    machines: fingerprints.size > 1 && machines.length === 0 ? ['fingerprint'] : machines,
    anyway: anyway && fingerprints.size > 1,
    runs: compared,
    settings,
    cautions: cautionsOf(runs, settings, context),
    arms: armsOf(runs),
    points,
    ...(base.scenario.paramTypes === undefined ? {} : { paramTypes: base.scenario.paramTypes }),
    changes,
  };
}

const notCompared = (why: string) =>
  fault('runs-not-compared', {
    why,
    hint: `Name two to ${MOST_RUNS} runs, for example: npm run compare -- latest~1 latest`,
  });

/** 'A' for the first. */
export const letterOf = (index: number): string => String.fromCharCode(65 + index);

function describeRun(run: RunResult, index: number): ComparedRun {
  return {
    letter: letterOf(index),
    id: run.id,
    startedAt: run.startedAt,
    state: run.state,
    version: run.tool.version,
    commit: run.tool.commit,
    fingerprint: run.environment.fingerprint,
    command: run.command,
    validity: validityOf(run),
    verdict: ownVerdict(run),
  };
}

function armsOf(runs: readonly RunResult[]): ComparedArm[] {
  const all = runs.flatMap(({ arms }) => arms);
  const names = [...new Set(all.map(({ name }) => name))];
  return names.flatMap((name) => {
    const arm = all.find((one) => one.name === name);
    if (arm === undefined) return [];
    const having = runs.flatMap((run, index) =>
      run.arms.some((one) => one.name === name) ? [letterOf(index)] : [],
    );
    return [{ name, title: arm.title, role: arm.role, runs: having }];
  });
}

export interface Context {
  readonly detector: UnpairedDetector;
  readonly margin: number;
  /** How they differ; undefined on one machine. */
  readonly machines: string | undefined;
  readonly anyway: boolean;
}

const hasPoint = ({ points }: RunResult, wanted: Point): boolean =>
  points.some((point) => pointName(point) === pointName(wanted));

function compareWithBase(
  base: RunResult,
  run: RunResult,
  letter: string,
  points: readonly Point[],
  context: Context,
): Change[] {
  const shared = base.arms.filter(({ name }) => run.arms.some((arm) => arm.name === name));
  return points
    .filter((point) => hasPoint(run, point))
    .flatMap((point) =>
      shared.flatMap((arm) => {
        const pair = { base, run, letter, point, arm, same: isSameEvidence(base, run, arm, point) };
        return allMetrics.flatMap(
          ([id, metric]) => changeOf({ ...pair, id, metric }, context) ?? [],
        );
      }),
    );
}

interface Question {
  readonly base: RunResult;
  readonly run: RunResult;
  readonly letter: string;
  readonly point: Point;
  readonly arm: Arm;
  /** Whether both hold the very same trials of it. */
  readonly same: boolean;
  readonly id: MetricId;
  readonly metric: Metric;
}

function changeOf(question: Question, context: Context): Change | undefined {
  const { base, run, letter, point, arm, id, metric } = question;
  const values = valuesOf(run, arm.name, point, id);
  const against = valuesOf(base, arm.name, point, id);
  if (values.length === 0 && against.length === 0) return undefined;
  const trials = countedTrials(run, arm.name, point);
  const trialsAgainst = countedTrials(base, arm.name, point);
  const comparison = judge(question, values, against, context);
  const at = base.points.length > 1 ? pointText(base.scenario, point) : '';
  const names = { run: letter, against: letterOf(0), arm: arm.title, at };
  const { ratio, low, high, detectable, verdict } = comparison;
  return {
    metric: id,
    arm: arm.name,
    point,
    run: letter,
    against: letterOf(0),
    value: figureValue(run, metric, id, trials, values),
    valueAgainst: figureValue(base, metric, id, trialsAgainst, against),
    ratio,
    low,
    high,
    trials: comparison.trials,
    trialsAgainst: comparison.trialsAgainst,
    detectable,
    verdict,
    headline: base.scenario.headline.includes(id),
    says: changeSentence(comparison, metric, names, context),
  };
}

/** Figures of single trials, or the limits that searches found; those that do not count are not among them. */
function valuesOf(run: RunResult, arm: string, point: Point, id: MetricId): number[] {
  if (run.searches !== undefined) {
    return run.searches.flatMap((one) =>
      one.arm === arm &&
      one.end === 'bracketed' &&
      one.lastPass !== undefined &&
      pointName(one.point) === pointName(point) &&
      id === `capacity.${one.searched}`
        ? [one.lastPass]
        : [],
    );
  }
  return countedTrials(run, arm, point).flatMap(({ metrics }) => metrics[id] ?? []);
}

function figureValue(
  run: RunResult,
  metric: Metric,
  id: MetricId,
  trials: readonly Trial[],
  values: readonly number[],
): number | undefined {
  if (run.searches !== undefined) {
    return median(values);
  }
  const figure = figureOf(metric, id, trials);
  return figure.kind === 'value' ? figure.value : undefined;
}

function judge(
  { base, run, point, arm, same, id, metric }: Question,
  values: readonly number[],
  against: readonly number[],
  { detector, margin, machines, anyway }: Context,
): TrialComparison {
  const cannot = (why: string) => trialsNotComparable(why, values.length, against.length);
  if (same && values.length > 0) return sameTrials(values.length);
  if (machines !== undefined && !anyway) return cannot(`the machines differ (${machines})`);
  if (values.length === 0 || against.length === 0) {
    return cannot(
      `${values.length === 0 ? 'the later' : 'the first'} run has no valid trial with it`,
    );
  }
  if ([...values, ...against].every((value) => value === 0)) {
    return { ...sameTrials(values.length), trialsAgainst: against.length, reason: 'all are 0' };
  }
  if (metric.aroundZero !== true && [...values, ...against].some((value) => value <= 0)) {
    return cannot('it is 0 in some trials, and 0 has no ratio');
  }
  if (metric.aroundZero === true) {
    return cannot('it lies around zero, where a ratio says nothing; each report has its interval');
  }
  const timed = metric.timed === true;
  const late = timed ? [base, run].map((one) => beyondDeadline(one, point, [arm], id)) : [];
  const beyond = late.reduce((sum, count) => sum + count, 0);
  if (beyond > 0) {
    return cannot(`it lies beyond the deadline in ${beyond} trials, and nobody knows how far`);
  }
  return compareTrials(values.map(Math.log), against.map(Math.log), {
    direction: metric.better,
    margin,
    timerLimited: timed && [base, run].some((one) => isTimerLimited(one, point, arm.name)),
    detector,
  });
}

/** Whether both runs hold the very same trials: a run held against itself, or against its copy. */
function isSameEvidence(a: RunResult, b: RunResult, { name }: Arm, point: Point): boolean {
  if (a.id !== b.id) return false;
  const evidence = (run: RunResult): string =>
    JSON.stringify([countedTrials(run, name, point), run.searches]);
  return evidence(a) === evidence(b);
}
