/** What a run came to, for the program that asked for it: figures, limits, and the sentences of the report. */
import { AssertionError } from 'node:assert';
import { join, resolve } from 'node:path';
import { fault, reasonOf } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { AssertionRecord } from '../core/records/gate.ts';
import type { Arm, Point, RunResult } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import { countedTrials, figureOf } from '../reports/derive.ts';
import { figureText } from '../reports/figure-text.ts';
import { answersOf } from '../reports/findings/registry.ts';
import { renderHtml } from '../reports/formats/html.ts';
import { checkAssertions } from '../reports/gate/assertions.ts';
import type { Metric, Unit } from '../reports/metric.ts';
import type { MetricId } from '../reports/metrics/registry.ts';
import { allMetrics, isMetricId, metrics } from '../reports/metrics/registry.ts';
import { makeFolders } from '../reports/output-path.ts';
import { writeRunFile, writeWhole } from '../reports/run-file.ts';
import { validityOf, verdictSentences } from '../reports/summary.ts';
import { readObjective } from './search-request.ts';

/** A figure of an arm over all its trials that count, as the report shows it. */
export interface MetricFigure {
  /** Undefined where it was not measured, and where there is too little data to speak of it. */
  readonly value: number | undefined;
  readonly unit: Unit;
  /** With its unit: '4.2 ms', '–' or 'not enough data'. */
  readonly text: string;
  /** What is missing, where something is: '200 of 1,000 broadcasts'. */
  readonly note: string | undefined;
  /** Of every trial that counts by itself, in the order of the rounds. */
  readonly trials: readonly number[];
}

export interface SavedRun {
  readonly folder: string;
  readonly runFile: string;
  readonly report: string;
}

export interface AssertOptions {
  /** Of a sweep: where; left out, at every point. */
  readonly point?: Point;
  /** Whether it is also an error when nobody can tell; left out, it is not. */
  readonly strict?: boolean;
}

export interface RunOutcome {
  /** Everything, as it is in a run file. */
  readonly run: RunResult;
  /** Names of the arms. */
  readonly arms: readonly string[];
  /** Whether there is evidence of every arm; `bench` ends with exit code 5 where this is false. */
  readonly valid: boolean;
  readonly validity: {
    /** `suspect` where something was not as it should have been, and figures are to be taken with care. */
    readonly state: 'valid' | 'suspect' | 'invalid';
    /** What disturbed which trials. */
    readonly reasons: readonly string[];
  };
  /** The answer and the verdict in sentences. */
  readonly answer: readonly string[];
  /**
   * @param point of a sweep; needed where there are several
   * @throws HarnessError `unknown-name` for an arm or a metric that there is not
   */
  metric(arm: string, id: MetricId, point?: Point): MetricFigure;
  /**
   * Holds limits such as 'sse.latency.p99<50ms' against the run, by the rules of `check --assert`.
   * @throws HarnessError for a limit that cannot be read
   */
  check(limits: string | readonly string[], options?: AssertOptions): readonly AssertionRecord[];
  /**
   * As `check`; throws an AssertionError that says in sentences which limits are broken, or had no data.
   * @returns what was found of each limit
   */
  assert(limits: string | readonly string[], options?: AssertOptions): readonly AssertionRecord[];
  /** Where it was written; undefined where no folder was given. */
  readonly files: SavedRun | undefined;
  /** Writes the run file and the report into this folder. @throws HarnessError */
  save(folder: string): SavedRun;
}

export function createOutcome(run: RunResult, folder: string | undefined): RunOutcome {
  const { state } = validityOf(run);
  const check = (
    limits: string | readonly string[],
    { point }: AssertOptions = {},
  ): AssertionRecord[] => {
    const texts = typeof limits === 'string' ? [limits] : limits;
    const assertions = texts.flatMap((text) => readObjective(`'${text}'`, text, run.arms));
    const points = point === undefined ? run.points : [pointOf(run, point)];
    return points.flatMap((at) =>
      checkAssertions({ ...run, points: [at] }, assertions, candidatesOf(run.arms)).map((record) =>
        run.points.length === 1 ? record : { ...record, says: `${pointName(at)}: ${record.says}` },
      ),
    );
  };
  return {
    run,
    arms: run.arms.map(({ name }) => name),
    valid: state !== 'invalid',
    validity: { state, reasons: reasonsOf(run) },
    answer: [...answersOf(run), ...verdictSentences(run)],
    metric: (arm, id, point) => figure(run, arm, id, point),
    check,
    assert(limits, options) {
      const records = check(limits, options);
      const fails = (record: AssertionRecord): boolean =>
        record.state !== 'kept' && (record.state !== 'unclear' || options?.strict === true);
      const failed = records.filter(fails);
      if (failed.length === 0) return records;
      const lacking = failed.some((record) => record.state === 'no-data') ? reasonsOf(run) : [];
      const lines = [...failed.map(({ says }) => says), ...lacking];
      throw new AssertionError({
        message: `${failed.length} of ${records.length} limits not kept:\n${lines.map((line) => `  ${line}`).join('\n')}`,
        actual: failed.map(({ value }) => value),
        expected: failed.map(({ text }) => text),
        operator: 'keeps to',
      });
    },
    files: folder === undefined ? undefined : filesIn(folder),
    save: (to) => save(run, resolve(to)),
  };
}

function figure(run: RunResult, name: string, id: string, point?: Point): MetricFigure {
  const arm = run.arms.find((one) => one.name === name);
  if (arm === undefined)
    throw unknown(
      'arm',
      name,
      run.arms.map((one) => one.name),
    );
  if (!isMetricId(id))
    throw unknown(
      'metric',
      id,
      allMetrics.map(([known]) => known),
    );
  if (point === undefined && run.points.length > 1) {
    throw fault('bad-value', {
      flag: `metric('${name}', '${id}')`,
      problem: `the run has ${run.points.length} points (${run.points.map(pointName).join('; ')}), and a figure is of one: give it as the third argument`,
    });
  }
  const at = pointOf(run, point ?? run.points[0] ?? {});
  const metric: Metric = metrics[id];
  const trials = countedTrials(run, name, at);
  const found = figureOf(metric, id, trials);
  const { text, note } = figureText(run, arm, at, id);
  return {
    value: found.kind === 'value' ? found.value : undefined,
    unit: metric.unit,
    text,
    note,
    trials: [...trials]
      .sort((a, b) => a.round - b.round)
      .flatMap(({ metrics: all }) => all[id] ?? []),
  };
}

/** @throws HarnessError `unknown-name` */
function pointOf(run: RunResult, point: Point): Point {
  const name = pointName(point);
  const found = run.points.find((one) => pointName(one) === name);
  if (found === undefined) throw unknown('point', name, run.points.map(pointName));
  return found;
}

function unknown(what: string, name: string, known: readonly string[]): Error {
  return fault('unknown-name', { what, name, nearest: nearestOf(name, known), known });
}

/** What a limit without an arm is about: as in a gate, neither the floor nor a variant. */
function candidatesOf(arms: readonly Arm[]): string[] {
  const candidates = arms.filter(
    ({ role, variant }) => role === 'candidate' && variant === undefined,
  );
  return (candidates.length > 0 ? candidates : arms).map(({ name }) => name);
}

function reasonsOf(run: RunResult): string[] {
  const reasons = run.trials.flatMap(({ arm, round, excluded, says, validity }) => {
    const broken = validity.checks.filter(({ ok }) => ok === 'invalid' || ok === 'suspect');
    const why = says ?? excluded;
    const all = why === undefined ? broken.map((one) => `${one.says} (${one.title})`) : [why];
    return all.map((one) => `${arm}, round ${round + 1}: ${one}`);
  });
  return [...new Set(reasons)];
}

const filesIn = (folder: string): SavedRun => ({
  folder,
  runFile: join(folder, 'run.json'),
  report: join(folder, 'report.html'),
});

function save(run: RunResult, folder: string): SavedRun {
  try {
    makeFolders(folder);
  } catch (error) {
    throw fault('out-not-writable', { path: folder, why: reasonOf(error) });
  }
  const files = filesIn(folder);
  writeRunFile(folder, run);
  writeWhole(files.report, renderHtml(run));
  return files;
}
