/** Turns what was asked for on the command line into a plan: arms, points, values. Nothing is started. */
import { fault } from '../core/errors.ts';
import type { Faults } from '../core/faults.ts';
import { noFaults, parseFaults } from '../core/faults.ts';
import { nearestOf } from '../core/nearest.ts';
import type { ParamValues, PlainValues } from '../core/params.ts';
import { fillParams, formatParam, parseParam } from '../core/params.ts';
import type { Arm, Point } from '../core/result.ts';
import type { Phase, Scenario, ServerNeeds, Variant } from '../core/scenario.ts';
import type { Skipped } from '../loadgen/target-fit.ts';
import type { TrialSetup } from '../loadgen/trial.ts';
import { readArms, refuseGaps, splitList } from './arms.ts';
import { optionOfNeed, runParams } from './options.ts';
import type { RouteChoice } from './route-options.ts';
import { readRoutes } from './route-options.ts';
import { addRoutes, routeOf } from './route-request.ts';
import type { SearchRequest } from './search-request.ts';
import { readSearch } from './search-request.ts';
import type { TargetChoice } from './target-file.ts';
import { builtIn } from './target-file.ts';
import { fitToTargets, fittedPhases, refuseForTargets, targetOf } from './target-request.ts';

/** Raw texts by option name, as written. */
export type Given = Readonly<Record<string, string | undefined>>;

export interface Request {
  readonly scenario: Scenario;
  readonly values: PlainValues;
  readonly run: ParamValues<typeof runParams>;
  readonly arms: readonly Arm[];
  readonly points: readonly Point[];
  readonly client: string;
  /** The servers that are compared; ours alone where nothing else was asked for. */
  readonly targets: readonly TargetChoice[];
  /** What is between clients and server; nothing where nothing else was asked for. */
  readonly routes: readonly RouteChoice[];
  /** What of all that was asked for cannot be measured, and why. */
  readonly skipped: readonly Skipped[];
  readonly faults: Faults;
  readonly inject: string | undefined;
  readonly tls: boolean;
  readonly rounds: number;
  /** Where the scenario looks for a limit. */
  readonly search: SearchRequest | undefined;
  /** @param arm left out: the first variant */
  phases(point: Point, arm?: Arm): readonly Phase[];
  /** What the scenario needs of the server at this point, unless something else was asked for; and which server. */
  server(point: Point, arm?: Arm): ServerNeeds & ServerChoice;
}

/** Which server an arm runs, and what is broken in it; left out, ours, and nothing. */
export type ServerChoice = Partial<
  Pick<TrialSetup, 'serverScript' | 'faults' | 'target' | 'route'>
>;

export interface RequestFlags {
  readonly quick: boolean;
  readonly tls: boolean;
  /** Left out: ours alone. */
  readonly targets?: readonly TargetChoice[];
  /** Whether time-outs of proxies are seconds. */
  readonly fastTimers?: boolean;
}

const DEFAULT_ARMS = 'sse,ws,raw';
const QUICK_ROUNDS = 2;

/** @throws HarnessError for anything that cannot be run as it was asked for */
export function readRequest(scenario: Scenario, given: Given, flags: RequestFlags): Request {
  const { quick, tls, targets = [builtIn], fastTimers = false } = flags;
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(given)) if (text !== undefined) texts[name] = text;
  refuseSettled(scenario, texts);
  const defaults = fillParams(scenario.params, {});
  const values = {
    ...defaults,
    ...(quick ? scenario.quick : {}),
    ...pickGiven(fillParams(scenario.params, texts), texts),
  };
  const run = fillParams(runParams, {
    ...(scenario.rounds === undefined ? {} : { rounds: String(scenario.rounds) }),
    ...(quick ? { rounds: String(quickRounds(scenario)) } : {}),
    ...texts,
  }) as ParamValues<typeof runParams>;
  const client = texts['client'] ?? 'lean';
  const valuesOf = (point: Point, arm?: Arm): PlainValues => ({
    ...values,
    ...point,
    ...arm?.values,
  });
  const scripted = (point: Point, arm?: Arm): readonly Phase[] =>
    scenario.phases(valuesOf(point, arm));
  refuseForTargets({ texts, processes: run.processes, tls, targets });
  const needs = (point: Point, arm?: Arm): Partial<ServerNeeds> =>
    withoutGiven(scenario.server?.(valuesOf(point, arm)) ?? {}, texts);
  const { processes = run.processes } = needs({});
  const faults = readFaults(texts['inject'], scripted({}), processes);
  const asked = readArms({
    text: texts['arms'] ?? defaultArms(scenario),
    isExplicit: texts['arms'] !== undefined,
    client,
    targets,
  });
  const {
    arms: fitting,
    points,
    skipped: unfit,
  } = fitToTargets(
    {
      arms: addVariants(asked.arms, scenario.variants?.(values) ?? []),
      points: readPoints(scenario, texts['vary'] ?? scenario.vary),
      skipped: asked.skipped,
    },
    targets,
    scripted,
  );
  const { routes, skipped: unrouted } = readRoutes({
    texts,
    tls,
    fastTimers,
    port: run.port,
    path: process.env['PATH'],
    platform: process.platform,
  });
  const { arms, skipped: unreached } = addRoutes(fitting, routes, {
    points,
    phases: scripted,
    targetOf: (arm) => targetOf(arm, targets),
  });
  const skipped = [...unfit, ...unrouted, ...unreached];
  return {
    scenario,
    values,
    run,
    arms: tls ? arms.map((arm) => ({ ...arm, title: `${arm.title}, TLS` })) : arms,
    points,
    search: readSearch(scenario, values, arms, points),
    rounds: run.rounds,
    client,
    targets,
    routes,
    skipped,
    faults,
    inject: texts['inject'],
    tls,
    phases: (point, arm) => fittedPhases(scripted(point, arm), arm, targets),
    server: (point, arm) => ({
      policy: run.policy,
      replay: run.replay,
      bufferLimitBytes: run['buffer-limit'],
      blockMs: run['block-timeout'],
      slowMs: run['slow-timeout'],
      heartbeatMs: run.heartbeat,
      pongTimeoutMs: 0,
      keepAliveMs: 0,
      retryMs: 0,
      processes: run.processes,
      ...needs(point, arm),
      ...(arm === undefined ? {} : serverOf(targetOf(arm, targets), routeOf(arm, routes))),
    }),
  };
}

/** The server would be told one thing, and the phases and clients of the scenario would go by another. */
function refuseSettled(
  { name, settles = {} }: Scenario,
  texts: Readonly<Record<string, string>>,
): void {
  for (const [option, param] of Object.entries(settles)) {
    if (texts[option] === undefined) continue;
    throw fault('bad-value', {
      flag: `--${option}`,
      problem: `${name} settles it by --${param}, which both its server and its clients go by`,
      nearest: `--${param}`,
    });
  }
}

function serverOf(
  target: ServerChoice['target'],
  route: ServerChoice['route'],
): Pick<ServerChoice, 'target' | 'route'> {
  return {
    ...(target === undefined ? {} : { target }),
    ...(route === undefined ? {} : { route }),
  };
}

/** Of `--quick`: never more than without it. */
export function quickRounds({ rounds = QUICK_ROUNDS }: Scenario): number {
  return Math.min(rounds, QUICK_ROUNDS);
}

export function defaultArms(scenario: Scenario): string {
  return scenario.arms ?? DEFAULT_ARMS;
}

function withoutGiven(
  needs: Partial<ServerNeeds>,
  texts: Readonly<Record<string, string>>,
): Partial<ServerNeeds> {
  return Object.fromEntries(
    Object.entries(needs).filter(([need]) => {
      const option = optionOfNeed[need as keyof ServerNeeds];
      return option === undefined || texts[option] === undefined;
    }),
  );
}

/** Each arm in each variant; the floor only in the first, since nothing but the protocol is its matter. */
function addVariants(arms: readonly Arm[], variants: readonly Variant[]): Arm[] {
  if (variants.length === 0) return [...arms];
  return variants.flatMap(({ name, title, values }) =>
    arms
      .filter(({ role }) => name === '' || role === 'candidate')
      .map((arm) =>
        name === ''
          ? { ...arm, values: { ...values } }
          : {
              ...arm,
              name: `${arm.name}-${name}`,
              title: `${arm.title}, ${title}`,
              variant: name,
              values: { ...values },
            },
      ),
  );
}

/** The faults of the hub are made where it publishes; without that they would silently do nothing. */
function readFaults(text: string | undefined, phases: readonly Phase[], processes: number): Faults {
  if (text === undefined) return noFaults;
  const faults = parseFaults(text);
  const ofHub =
    faults.drop + faults.duplicate + faults.swap + faults.stall + faults.delay + faults.cpu > 0;
  if (ofHub && processes > 1) {
    throw fault('bad-value', {
      flag: '--inject',
      problem: `the faults of the server are known exactly in one process only, not in the ${processes} of this run`,
    });
  }
  const published = phases.flatMap((phase) => (phase.kind === 'load' ? (phase.publish ?? []) : []));
  if (ofHub && !published.some(({ from, to }) => from === 'server' && to.kind === 'everybody')) {
    throw fault('bad-value', {
      flag: '--inject',
      problem:
        'drop, duplicate, swap, stall, delay and cpu need the server to publish to everybody' +
        ' (bench broadcast --publish-from server)',
    });
  }
  return faults;
}

function pickGiven(values: PlainValues, texts: Readonly<Record<string, string>>): PlainValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => texts[name] !== undefined));
}

/** 'clients=100,1000' → two points. */
function readPoints(scenario: Scenario, vary: string | undefined): Point[] {
  if (vary === undefined) return [{}];
  const [name = '', list = ''] = vary.split('=');
  const param = Object.hasOwn(scenario.params, name) ? scenario.params[name] : undefined;
  if (param === undefined) {
    const known = Object.keys(scenario.params);
    throw fault('unknown-name', {
      what: 'parameter',
      name,
      nearest: nearestOf(name, known),
      known,
    });
  }
  refuseGaps('--vary', list);
  const values = splitList(list);
  if (values.length === 0) {
    throw fault('bad-value', {
      flag: '--vary',
      problem: `'${vary}' names no values; write it like ${name}=${formatParam(param, param.default)},…`,
    });
  }
  const parsed = values.map((text) => parseParam(name, param, text));
  const twice = values.find((_, index) => parsed.indexOf(parsed[index] ?? '') !== index);
  if (twice !== undefined) {
    throw fault('bad-value', { flag: '--vary', problem: `${name} ${twice} is there twice` });
  }
  return parsed.map((value) => ({ [name]: value }));
}
