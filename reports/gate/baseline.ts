/**
 * Saved runs that later ones are held against. A baseline is a run file without what only a report needs,
 * small enough to be committed.
 */
import { fault } from '../../core/errors.ts';
import type { GateRule } from '../../core/gate.ts';
import type { RunResult } from '../../core/result.ts';
import { countedTrials } from '../derive.ts';
import type { Unit } from '../metric.ts';
import { isMetricId, metrics } from '../metrics/registry.ts';
import { readRunFile, writeNamed } from '../run-file.ts';
import type { ArmRule } from './rules.ts';

/**
 * Units of what is the same on any machine and in any hour. Timings are not: the same binary differs by a
 * quarter from one CI job to the next.
 */
const TIMELESS: ReadonlySet<Unit> = new Set(['share', 'count', 'B']);

/** @throws HarnessError `output-unusable` */
export function saveBaseline(path: string, run: RunResult): void {
  const { gate: _gate, comparisons: _comparisons, ...rest } = run;
  const slim = {
    ...rest,
    comparisons: [],
    control: [],
    trials: run.trials.map(
      ({ arm, round, order, attempt, point, startedAt, outcome, excluded, validity, metrics }) => ({
        arm,
        round,
        order,
        attempt,
        point,
        startedAt,
        outcome,
        ...(excluded === undefined ? {} : { excluded }),
        validity: { state: validity.state, checks: [] },
        phases: [],
        timeline: [],
        closed: [],
        probes: {},
        metrics,
      }),
    ),
  };
  writeNamed(path, `${JSON.stringify(slim, undefined, 1)}\n`);
}

/** What is between clients and server, with the hash of a proxy's configuration in the words for it. */
interface Routed {
  readonly routes?: readonly { readonly name: string; readonly says: string }[] | undefined;
}

/** @throws HarnessError when it cannot be read, or is of another load */
export function readBaseline(
  path: string,
  asked: Pick<RunResult, 'scenario' | 'params' | 'targets'> & Routed,
): RunResult {
  const run = readRunFile(path);
  const serversOf = ({ targets }: Pick<RunResult, 'targets'>): string =>
    targets?.map(({ name }) => name).join(', ') ?? 'the built-in server';
  const routesOf = ({ routes = [] }: Routed): string =>
    routes.map(({ name, says }) => `${name} (${says})`).join(', ') || 'the direct route';
  const differing = [
    ...(routesOf(run) === routesOf(asked)
      ? []
      : [`over ${routesOf(run)}, not over ${routesOf(asked)}`]),
    ...(serversOf(run) === serversOf(asked)
      ? []
      : [`of ${serversOf(run)}, not of ${serversOf(asked)}`]),
    ...(run.scenario.name === asked.scenario.name
      ? []
      : [`scenario ${run.scenario.name}, not ${asked.scenario.name}`]),
    ...(run.scenario.hash === asked.scenario.hash
      ? []
      : [`the script of ${asked.scenario.name} has changed since`]),
    ...Object.keys({ ...run.params, ...asked.params })
      .filter((name) => run.params[name] !== asked.params[name])
      .map((name) => `${name} ${run.params[name]}, not ${asked.params[name]}`),
  ];
  if (differing.length > 0) throw fault('baseline-of-another-load', { path, differing });
  return run;
}

/** Whether a saved run may decide by this rule. */
export function isTimeless({ id }: Pick<ArmRule, 'id'>): boolean {
  return TIMELESS.has(metrics[id].unit);
}

export function isTimelessMetric(id: string): boolean {
  return isMetricId(id) && isTimeless({ id });
}

/** Figures of the trials that count, by the name of the rule. */
export function baselineFigures(
  run: RunResult,
  rules: readonly ArmRule[],
): Record<GateRule['metric'], number[]> {
  const [point = {}] = run.points;
  return Object.fromEntries(
    rules.map(({ metric, arm, id }) => [
      metric,
      countedTrials(run, arm, point).flatMap(({ metrics: all }) => all[id] ?? []),
    ]),
  );
}
