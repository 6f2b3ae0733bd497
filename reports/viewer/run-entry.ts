/** A run as a line in the list of the viewer: what it was, what it found, and how far it has got. */
import type { RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { ownVerdict } from '../compare/own-verdict.ts';
import { countedTrials } from '../derive.ts';
import type { ArmLook } from '../html/arm-look.ts';
import { armLooks } from '../html/arm-look.ts';
import { formatMetric } from '../metric.ts';
import { metricOf } from '../metrics/registry.ts';
import { describePoint, validityOf } from '../summary.ts';

export interface Sparkline {
  readonly metric: string;
  readonly lines: readonly SparkLine[];
}

export interface SparkLine {
  readonly arm: string;
  /** A class of the style sheet, which sets its colour. */
  readonly style: string;
  readonly values: readonly number[];
  /** The last one, with its unit. */
  readonly text: string;
}

export interface ReadableEntry {
  readonly kind: 'run';
  /** Of its folder, which is what the viewer knows it by. */
  readonly name: string;
  readonly id: string;
  readonly scenario: string;
  readonly startedAt: string;
  readonly state: RunResult['state'];
  readonly validity: 'valid' | 'suspect' | 'invalid';
  readonly verdict: string;
  /** '500 clients, 50 broadcasts/s'. */
  readonly load: string;
  /** Looks as in the reports, which also tells the lines of the sparkline apart. */
  readonly arms: readonly Pick<ArmLook, 'name' | 'style' | 'shape'>[];
  readonly build: string;
  /** Runs with different ones are not comparable. */
  readonly fingerprint: string;
  /** Trials that are done, and how many were planned; unknown where a search decides that as it goes. */
  readonly done: number;
  readonly planned: number | undefined;
  /** Trials whose round was run again. */
  readonly leftOut: number;
  readonly spark: Sparkline | undefined;
}

/** A folder whose run file cannot be read. */
export interface UnreadableEntry {
  readonly kind: 'unreadable';
  readonly name: string;
  readonly why: string;
}

export type RunEntry = ReadableEntry | UnreadableEntry;

export function describeRun(name: string, run: RunResult): ReadableEntry {
  const looks = armLooks(run);
  const [point] = run.points;
  return {
    kind: 'run',
    name,
    id: run.id,
    scenario: run.scenario.name,
    startedAt: run.startedAt,
    state: run.state,
    validity: validityOf(run).state,
    verdict: ownVerdict(run),
    load: point === undefined ? '' : describePoint(run, run.points.length > 1 ? {} : point),
    arms: looks.map(({ name: arm, style, shape }) => ({ name: arm, style, shape })),
    build: run.tool.commit ?? run.tool.version,
    fingerprint: run.environment.fingerprint,
    done: run.trials.filter(({ excluded }) => excluded === undefined).length,
    leftOut: run.trials.filter(({ excluded }) => excluded !== undefined).length,
    planned:
      run.searches === undefined
        ? run.options.rounds * run.arms.length * Math.max(1, run.points.length)
        : undefined,
    spark: sparklineOf(run),
  };
}

/** The first headline metric of each candidate, round by round, at the first point. */
function sparklineOf(run: RunResult): Sparkline | undefined {
  const [point] = run.points;
  const id = run.scenario.headline.find((one) =>
    run.trials.some(({ metrics }) => metrics[one] !== undefined),
  );
  if (point === undefined || id === undefined) return undefined;
  const unit = metricOf(id)?.unit ?? 'count';
  const lines = armLooks(run).flatMap(({ arm, name, style }): SparkLine[] => {
    if (arm.role === 'floor') return [];
    const values = countedTrials(run, arm.name, point).flatMap(({ metrics }) => metrics[id] ?? []);
    return values.length === 0
      ? []
      : [{ arm: name, style, values, text: formatMetric(unit, values.at(-1)) }];
  });
  if (lines.length === 0) return undefined;
  const at = pointName(point) === '' ? '' : ` at ${pointName(point)}`;
  return { metric: `${metricOf(id)?.title ?? id}${at}`, lines };
}
