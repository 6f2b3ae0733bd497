/** Turns what was asked for on the command line into a plan: arms, points, values. Nothing is started. */
import { fault } from '../core/errors.ts';
import type { Faults } from '../core/faults.ts';
import { noFaults, parseFaults } from '../core/faults.ts';
import { nearestOf } from '../core/nearest.ts';
import type { ParamValues, PlainValues } from '../core/params.ts';
import { fillParams, formatParam, parseParam } from '../core/params.ts';
import type { Arm, Point } from '../core/result.ts';
import type { Phase, Scenario, ServerNeeds, Variant } from '../core/scenario.ts';
import type { ClientKind, Transport } from '../core/transport.ts';
import { clientKinds } from '../core/transport.ts';
import type { TrialSetup } from '../loadgen/trial.ts';
import { transports } from '../transports/registry.ts';
import { runParams } from './options.ts';
import type { SearchRequest } from './search-request.ts';
import { readSearch } from './search-request.ts';

/** Raw texts by option name, as written. */
export type Given = Readonly<Record<string, string | undefined>>;

export interface Request {
  readonly scenario: Scenario;
  readonly values: PlainValues;
  readonly run: ParamValues<typeof runParams>;
  readonly arms: readonly Arm[];
  readonly points: readonly Point[];
  readonly client: string;
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
export type ServerChoice = Partial<Pick<TrialSetup, 'serverScript' | 'faults' | 'target'>>;

export interface RequestFlags {
  readonly quick: boolean;
  readonly tls: boolean;
}

const DEFAULT_ARMS = 'sse,ws,raw';
const QUICK_ROUNDS = 2;

/** @throws HarnessError for anything that cannot be run as it was asked for */
export function readRequest(scenario: Scenario, given: Given, flags: RequestFlags): Request {
  const { quick, tls } = flags;
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(given)) if (text !== undefined) texts[name] = text;
  const defaults = fillParams(scenario.params, {});
  const values = {
    ...defaults,
    ...(quick ? scenario.quick : {}),
    ...pickGiven(fillParams(scenario.params, texts), texts),
  };
  const run = fillParams(runParams, {
    ...(scenario.rounds === undefined ? {} : { rounds: String(scenario.rounds) }),
    ...(quick ? { rounds: String(QUICK_ROUNDS) } : {}),
    ...texts,
  }) as ParamValues<typeof runParams>;
  const client = texts['client'] ?? 'lean';
  const valuesOf = (point: Point, arm?: Arm): PlainValues => ({
    ...values,
    ...point,
    ...arm?.values,
  });
  const phases = (point: Point, arm?: Arm): readonly Phase[] =>
    scenario.phases(valuesOf(point, arm));
  const faults = readFaults(texts['inject'], phases({}), run.processes);
  const arms = addVariants(
    readArms(texts['arms'] ?? defaultArms(scenario), client, texts['arms'] !== undefined),
    scenario.variants?.(values) ?? [],
  );
  const points = readPoints(scenario, texts['vary'] ?? scenario.vary);
  return {
    scenario,
    values,
    run,
    arms: tls ? arms.map((arm) => ({ ...arm, title: `${arm.title}, TLS` })) : arms,
    points,
    search: readSearch(scenario, values, arms, points),
    rounds: run.rounds,
    client,
    faults,
    inject: texts['inject'],
    tls,
    phases,
    server: (point, arm) => ({
      policy: run.policy,
      replay: run.replay,
      bufferLimitBytes: run['buffer-limit'],
      slowMs: 10_000,
      heartbeatMs: run.heartbeat,
      pongTimeoutMs: 0,
      keepAliveMs: 0,
      retryMs: 0,
      processes: run.processes,
      ...withoutGiven(scenario.server?.(valuesOf(point, arm)) ?? {}, texts),
    }),
  };
}

export function defaultArms(scenario: Scenario): string {
  return scenario.arms ?? DEFAULT_ARMS;
}

/** What a need is called on the command line, where it can be said there. */
const flagOfNeed: Readonly<Record<string, string>> = {
  bufferLimitBytes: 'buffer-limit',
  heartbeatMs: 'heartbeat',
};

function withoutGiven(
  needs: Partial<ServerNeeds>,
  texts: Readonly<Record<string, string>>,
): Partial<ServerNeeds> {
  return Object.fromEntries(
    Object.entries(needs).filter(([name]) => texts[flagOfNeed[name] ?? name] === undefined),
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
      problem: `the faults of the server are known exactly in one process only, not in ${processes} (leave --processes out)`,
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

/**
 * Each transport with each kind of client. Where both kinds are asked for, the library's arms carry it in
 * their name.
 */
function readArms(text: string, clientText: string, explicit: boolean): Arm[] {
  const names = splitList(text);
  if (names.length === 0) throw fault('too-few-arms');
  const kinds = splitList(clientText).map(readClientKind);
  const arms: Arm[] = [];
  for (const name of names) {
    const transport = readTransport(name);
    for (const kind of kinds) {
      const client = transport.clients[kind];
      if (typeof client !== 'function') {
        // Asked for by name it is an error; as part of the default it is left out.
        if (explicit && kinds.length === 1)
          throw fault('client-unavailable', { arm: name, why: client.unavailable });
        continue;
      }
      const tagged = kind === 'library' && kinds.length > 1;
      arms.push({
        name: tagged ? `${name}-library` : name,
        title: kind === 'library' ? `${transport.title} (library client)` : transport.title,
        transport: name,
        client: kind,
        target: 'built-in',
        route: 'direct',
        role: transport.role,
      });
    }
  }
  return arms.map((arm, index) => numbered(arm, arms.slice(0, index)));
}

/** The same arm twice compares a build with itself (A/A): whatever is found then is noise. */
function numbered(arm: Arm, earlier: readonly Arm[]): Arm {
  const twins = earlier.filter(({ name }) => name === arm.name).length;
  if (twins === 0) return arm;
  return { ...arm, name: `${arm.name}-${twins + 1}`, title: `${arm.title} (${twins + 1})` };
}

function readTransport(name: string): Transport {
  const registry: Readonly<Record<string, Transport>> = transports;
  const transport = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (transport === undefined) {
    const known = Object.keys(registry);
    throw fault('unknown-name', { what: 'arm', name, nearest: nearestOf(name, known), known });
  }
  return transport;
}

function readClientKind(text: string): ClientKind {
  const kind = clientKinds.find((known) => known === text);
  if (kind === undefined) {
    throw fault('unknown-name', {
      what: 'client',
      name: text,
      nearest: nearestOf(text, clientKinds),
      known: clientKinds,
    });
  }
  return kind;
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

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
