/** What a gate is asked to decide, read from the command line and checked before anything is started. */
import { join, resolve } from 'node:path';
import { fault } from '../core/errors.ts';
import { FEWEST_GATE_ROUNDS } from '../core/gate.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Assertion } from '../core/objective.ts';
import type { Scenario } from '../core/scenario.ts';
import { isTimeless, isTimelessMetric } from '../reports/gate/baseline.ts';
import type { ArmRule } from '../reports/gate/rules.ts';
import { defaultRules, parseRules } from '../reports/gate/rules.ts';
import { allMetrics } from '../reports/metrics/registry.ts';
import { runParams } from './options.ts';
import type { Request } from './request.ts';
import { readRequest } from './request.ts';
import { DEFAULT_OUT } from './run-session.ts';
import { readObjective } from './search-request.ts';
import { packageFolder } from './tool.ts';

export interface GateFlags {
  readonly baseRef?: string;
  readonly baseline?: string;
  readonly save?: string;
  readonly assert?: readonly string[];
  readonly metric?: readonly string[];
  readonly aa?: true;
  readonly tls?: true;
  readonly strict?: true;
  readonly json?: true;
  readonly markdown?: string;
  readonly junit?: string;
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
  { aa, baseRef, baseline, assert, save }: GateFlags,
  inject: string | undefined,
): boolean {
  const others = [baseRef, baseline, assert, save];
  return aa === true || (inject !== undefined && others.every((one) => one === undefined));
}

/** @throws HarnessError for anything that cannot be decided as it was asked for */
export function readPlan(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  flags: GateFlags,
): GatePlan {
  const request = readRequest(
    scenario,
    { arms: DEFAULT_ARM, rounds: String(FEWEST_GATE_ROUNDS), ...given },
    { quick: false, tls: flags.tls === true },
  );
  const calibrates = isCalibration(flags, given['inject']);
  const compares = calibrates || flags.baseRef !== undefined || flags.baseline !== undefined;
  if (flags.baseRef !== undefined && flags.baseline !== undefined) {
    throw fault('bad-usage', {
      problem: '--base-ref and --baseline are two bases; a gate has one.',
      command: `check ${scenario.name}`,
    });
  }
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
        'Say what to check against: --base-ref main, --baseline FILE, or --assert "latency.p99<20ms".',
      command: `check ${scenario.name}`,
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
  const metricIds = scenario.headline.includes('latency.p50')
    ? DELIVERY_METRICS
    : scenario.headline;
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
  return {
    scenario,
    request,
    calibrates,
    heads,
    rules,
    assertions,
    flags,
    out: resolve(given['out'] ?? join(packageFolder(), DEFAULT_OUT)),
    command: commandLine(scenario, given, flags),
  };
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
  { name }: Scenario,
  given: Readonly<Record<string, string>>,
  { baseRef, baseline, save, assert = [], metric = [], aa, tls, strict }: GateFlags,
): string {
  const quote = (text: string): string => (/^[\w.,:=%/-]+$/.test(text) ? text : `'${text}'`);
  const options = [
    ...(baseRef === undefined ? [] : [`--base-ref ${quote(baseRef)}`]),
    ...(baseline === undefined ? [] : [`--baseline ${quote(baseline)}`]),
    ...(save === undefined ? [] : [`--save ${quote(save)}`]),
    ...assert.map((text) => `--assert ${quote(text)}`),
    ...metric.map((text) => `--metric ${quote(text)}`),
    ...Object.entries(given)
      .filter(([option]) => option !== 'out')
      .map(([option, value]) => `--${option} ${quote(value)}`),
    ...(aa === true ? ['--aa'] : []),
    ...(tls === true ? ['--tls'] : []),
    ...(strict === true ? ['--strict'] : []),
  ];
  return ['npm run check --', name, ...options].join(' ');
}
