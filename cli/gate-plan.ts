/** What a gate is asked to decide, read from the command line and checked before anything is started. */
import { fault } from '../core/errors.ts';
import { FEWEST_GATE_ROUNDS } from '../core/gate.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Assertion } from '../core/objective.ts';
import type { Scenario } from '../core/scenario.ts';
import { refOf } from '../core/scenario.ts';
import { isTimeless, isTimelessMetric } from '../reports/gate/baseline.ts';
import type { ArmRule } from '../reports/gate/rules.ts';
import { defaultRules, parseRules } from '../reports/gate/rules.ts';
import { allMetrics } from '../reports/metrics/registry.ts';
import { runParams } from './options.ts';
import type { Request } from './request.ts';
import { readRequest } from './request.ts';
import { runsFolder } from './runs-folder.ts';
import { whyNeverMeasured } from './scenario-metrics.ts';
import { readObjective } from './search-request.ts';
import { shellWord } from './shell-word.ts';
import type { TargetChoice } from './target-file.ts';
import { builtIn } from './target-file.ts';
import { whyUnknown } from './target-metrics.ts';

export interface GateFlags {
  readonly baseRef?: string;
  readonly baseTarget?: string;
  readonly baseline?: string;
  readonly save?: string;
  readonly assert?: readonly string[];
  readonly metric?: readonly string[];
  readonly aa?: true;
  readonly tls?: true;
  readonly fastTimers?: true;
  readonly strict?: true;
  readonly json?: true;
  readonly markdown?: string;
  readonly junit?: string;
  readonly export?: readonly string[];
}

/** What a gate looks at in a scenario about deliveries, most important first. */
const DELIVERY_METRICS = ['latency.p99', 'server.cpu', 'reach', 'latency.p50', 'wire.bytes'];
export const DEFAULT_ARM = 'sse';
export interface GatePlan {
  readonly scenario: Scenario;
  readonly request: Request;
  /** Whether it measures how often the gate is right, instead of deciding anything. */
  readonly calibrates: boolean;
  readonly heads: readonly string[];
  readonly rules: readonly ArmRule[];
  readonly assertions: readonly Assertion[];
  readonly flags: GateFlags;
  readonly out: string;
  readonly command: string;
}

/** A pool is for error rates; faults in the head of a gate, or under limits, are there to be found. */
function isCalibration(
  { aa, baseRef, baseTarget, baseline, assert, save }: GateFlags,
  inject: string | undefined,
): boolean {
  const others = [baseRef, baseTarget, baseline, assert, save];
  return aa === true || (inject !== undefined && others.every((one) => one === undefined));
}

/** @throws HarnessError for anything that cannot be decided as it was asked for */
export function readPlan(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  flags: GateFlags,
  targets: readonly TargetChoice[] = [builtIn],
): GatePlan {
  refuseBases(flags, targets, `check ${refOf(scenario)}`);
  const request = readRequest(
    scenario,
    { arms: defaultArm(targets), rounds: String(FEWEST_GATE_ROUNDS), ...given },
    { quick: false, tls: flags.tls === true, fastTimers: flags.fastTimers === true, targets },
  );
  const calibrates = isCalibration(flags, given['inject']);
  const compares = calibrates || basesOf(flags).length > 0;
  if (compares && request.rounds < FEWEST_GATE_ROUNDS) {
    throw fault('out-of-range', {
      flag: '--rounds',
      value: String(request.rounds),
      min: String(FEWEST_GATE_ROUNDS),
      max: String(runParams.rounds.max),
      why: `With fewer than ${FEWEST_GATE_ROUNDS} rounds, five metrics together could never show a regression.`,
    });
  }
  if (!compares && flags.assert === undefined && flags.save === undefined) {
    throw fault('bad-usage', {
      problem:
        'Say what to check against: --base-ref main, --base-target FILE, --baseline FILE, or --assert "latency.p99<20ms".',
      command: `check ${refOf(scenario)}`,
    });
  }
  const heads = request.arms
    .filter(({ role, variant }) => role === 'candidate' && variant === undefined)
    .map(({ name }) => name);
  if (heads.length === 0) throw fault('too-few-arms');
  const assertions = (flags.assert ?? []).flatMap((text) =>
    readObjective('--assert', text, request.arms),
  );
  const { margin } = request.run;
  const usual = scenario.headline.includes('latency.p50') ? DELIVERY_METRICS : scenario.headline;
  const unknown = unknownMetrics(request);
  const metricIds = usual.filter((id) => !unknown.some(({ metric }) => metric === id));
  // The more arms, the fewer metrics of each: first those that may decide at all.
  const wanted = flags.baseline === undefined ? metricIds : [...metricIds].sort(timelessFirst);
  const rules =
    flags.metric === undefined
      ? defaultRules(heads, wanted, margin)
      : readRules(flags.metric, heads, margin);
  if (flags.baseline !== undefined && !rules.some(isTimeless)) {
    throw fault('bad-value', {
      flag: '--baseline',
      problem:
        `nothing of ${rules.map(({ metric }) => metric).join(', ')} may be held against another` +
        ' hour: choose counts, bytes or memory with --metric, e.g. reach',
    });
  }
  const hopeless = rules.find(({ id }) => unknown.some(({ metric }) => metric === id));
  if (hopeless !== undefined) {
    const why = unknown.find(({ metric }) => metric === hopeless.id)?.why ?? '';
    throw fault('bad-value', { flag: '--metric', problem: `${hopeless.id} is unknown: ${why}` });
  }
  refuseUnmeasurable(scenario, request, assertions, flags.metric === undefined ? [] : rules);
  const left = unknown.filter(({ metric }) => usual.includes(metric));
  return {
    scenario,
    request: {
      ...request,
      skipped: [
        ...request.skipped,
        ...left.map(({ metric, why }) => ({ what: metric, says: why })),
      ],
    },
    calibrates,
    heads,
    rules,
    assertions,
    flags,
    out: runsFolder(given['out']),
    command: commandLine(scenario, given, flags),
  };
}

/** Minutes of rounds would only end with 'no data'. */
function refuseUnmeasurable(
  scenario: Scenario,
  { points, arms, phases }: Request,
  assertions: readonly Assertion[],
  rules: readonly ArmRule[],
): void {
  const trials = points.flatMap((point) => arms.map((arm) => phases(point, arm)));
  const asked = [
    ...assertions.map(({ metric }) => ({ flag: '--assert', metric })),
    ...rules.map(({ id }) => ({ flag: '--metric', metric: id })),
  ];
  for (const { flag, metric } of asked) {
    const why = whyNeverMeasured(metric, trials);
    if (why === undefined) continue;
    throw fault('bad-value', {
      flag,
      problem: `${refOf(scenario)} never measures ${metric}, because ${why}`,
    });
  }
}

/** Bases that were given, by their flags. */
function basesOf({ baseRef, baseTarget, baseline }: GateFlags): string[] {
  return [
    ...(baseRef === undefined ? [] : ['--base-ref']),
    ...(baseTarget === undefined ? [] : ['--base-target']),
    ...(baseline === undefined ? [] : ['--baseline']),
  ];
}

function refuseBases(flags: GateFlags, targets: readonly TargetChoice[], command: string): void {
  const refuse = (problem: string): never => {
    throw fault('bad-usage', { problem, command });
  };
  const bases = basesOf(flags);
  if (bases.length > 1) {
    refuse(
      `${bases.join(' and ')} are ${bases.length === 2 ? 'two' : 'three'} bases; a gate has one.`,
    );
  }
  const [first] = targets;
  if (flags.baseTarget !== undefined && (targets.length !== 1 || first?.target === undefined)) {
    refuse('--base-target is held against one other target file: --base-target A --target B.');
  }
  if (flags.baseRef !== undefined && targets.length > 1) {
    refuse('--base-ref builds the repository of one server; give one --target, or none.');
  }
}

/** The first that a server is described for, where it is not ours. */
function defaultArm([first]: readonly TargetChoice[]): string {
  if (first?.target === undefined) return DEFAULT_ARM;
  return first.target.sse === undefined ? 'ws' : DEFAULT_ARM;
}

/** Metrics that would have no data, each once. */
function unknownMetrics({
  targets,
}: Request): readonly { readonly metric: string; readonly why: string }[] {
  return targets.flatMap(({ target }) =>
    allMetrics.flatMap(([metric]) => {
      const why = target === undefined ? undefined : whyUnknown(metric, target);
      return why === undefined ? [] : [{ metric, why }];
    }),
  );
}

function timelessFirst(a: string, b: string): number {
  return Number(isTimelessMetric(b)) - Number(isTimelessMetric(a));
}

function readRules(
  texts: readonly string[],
  heads: readonly string[],
  margin: number,
): readonly ArmRule[] {
  const parsed = parseRules(texts, heads, margin);
  if (!('problem' in parsed)) return parsed;
  if (parsed.name === undefined) {
    throw fault('bad-value', { flag: '--metric', problem: parsed.problem });
  }
  const known = allMetrics.map(([id]) => id);
  throw fault('unknown-name', {
    what: 'metric',
    name: parsed.name,
    nearest: nearestOf(parsed.name, known),
    known,
  });
}

/** The command that does it again, with everything that was given and nothing else. */
function commandLine(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  {
    baseRef,
    baseTarget,
    baseline,
    save,
    assert = [],
    metric = [],
    aa,
    tls,
    fastTimers,
    strict,
  }: GateFlags,
): string {
  const options = [
    ...(baseRef === undefined ? [] : [`--base-ref ${shellWord(baseRef)}`]),
    ...(baseTarget === undefined ? [] : [`--base-target ${shellWord(baseTarget)}`]),
    ...(baseline === undefined ? [] : [`--baseline ${shellWord(baseline)}`]),
    ...(save === undefined ? [] : [`--save ${shellWord(save)}`]),
    ...assert.map((text) => `--assert ${shellWord(text)}`),
    ...metric.map((text) => `--metric ${shellWord(text)}`),
    ...Object.entries(given)
      .filter(([option]) => option !== 'out')
      .map(([option, value]) => `--${option} ${shellWord(value)}`),
    ...(aa === true ? ['--aa'] : []),
    ...(tls === true ? ['--tls'] : []),
    ...(fastTimers === true ? ['--fast-timers'] : []),
    ...(strict === true ? ['--strict'] : []),
  ];
  return ['npm run check --', shellWord(refOf(scenario)), ...options].join(' ');
}
