/**
 * What a program may ask of a run, and the same as it would have been typed: a value is read, and refused,
 * by the one parser whether it comes from a program or from a terminal.
 */
import { fault } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Param, Params } from '../core/params.ts';
import { formatParam } from '../core/params.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Target } from '../core/target.ts';
import type { ClientKind } from '../core/transport.ts';
import type { Progress } from '../loadgen/one-trial.ts';
import type { scenarios } from '../scenarios/registry.ts';
import { runParams, textOptions } from './options.ts';
import { shellWord } from './shell-word.ts';

export type ScenarioName = keyof typeof scenarios;

/** A number is in ms, bytes, per second, or a share of one; a text is as on the command line. */
export type ParamInput<P extends Param> = P extends {
  readonly type: 'choice';
  readonly choices: readonly (infer C)[];
}
  ? C
  : P extends { readonly type: 'text' }
    ? string
    : number | string;
export type ParamInputs<P extends Params> = { readonly [K in keyof P]?: ParamInput<P[K]> };

/** The path of a target file, or what would be in it. */
export type TargetInput = string | Target;

/** Those that have a field of their own in RunOptions. */
type Named = 'rounds' | 'arms' | 'target' | 'client' | 'vary' | 'inject' | 'out';
export type OtherOptions = ParamInputs<Omit<typeof runParams, Named>> & {
  readonly [K in Exclude<keyof typeof textOptions, Named>]?: string;
};

export interface RunOptions<P extends Params = Params> {
  /** Parameters of the scenario; `npm run list` shows them. */
  readonly params?: ParamInputs<P>;
  /** What to compare, e.g. ['sse', 'ws']; left out, what the scenario compares. */
  readonly arms?: string | readonly string[];
  /** Servers of your own, in place of the built-in one. Paths are from the working directory. */
  readonly target?: TargetInput | readonly TargetInput[];
  readonly client?: ClientKind | readonly ClientKind[];
  readonly rounds?: number;
  /** One parameter and its values: the scenario is run at each of them. */
  readonly vary?: { readonly [K in keyof P]?: readonly ParamInput<P[K]>[] };
  /** The values of `--quick` where nothing else is given: shorter, and two rounds. */
  readonly quick?: boolean;
  readonly tls?: boolean;
  /** Faults of the built-in server, as after `--inject`. */
  readonly inject?: string;
  /** Time-outs of proxies are seconds, so that their end can be waited for. */
  readonly fastTimers?: boolean;
  /** The other options of every scenario by their names on the command line, e.g. { control: 'off' }. */
  readonly options?: OtherOptions;
  /** Folder of run folders. Left out, nothing is written, or what has to be is removed at the end. */
  readonly out?: string;
  /** Ends the run and every process of it. */
  readonly signal?: AbortSignal;
  /** Called a few times a second. What it throws ends the run, which then rejects with it. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Checked at run time too, for those whose program no compiler has seen. */
export const runOptionNames: readonly string[] = Object.keys({
  params: 1,
  arms: 1,
  target: 1,
  client: 1,
  rounds: 1,
  vary: 1,
  quick: 1,
  tls: 1,
  fastTimers: 1,
  inject: 1,
  options: 1,
  out: 1,
  signal: 1,
  onProgress: 1,
} satisfies Record<keyof RunOptions, 1>);

/** Everything as it would have been typed, so that it is read and refused in the same way. */
export function textsOf(scenario: Scenario, options: RunOptions): Record<string, string> {
  const { params = {}, options: others = {}, rounds, arms, client, vary, inject } = options;
  refuseUnknown('parameter', Object.keys(params), Object.keys(scenario.params));
  refuseUnknown('option', Object.keys(others), otherNames);
  const texts: Record<string, string | undefined> = {
    ...textOfEach(scenario.params, params),
    ...textOfEach(runParams, others),
    rounds: rounds === undefined ? undefined : String(rounds),
    arms: listOf(arms),
    client: listOf(client),
    vary: varyText(scenario, vary),
    inject,
  };
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
  );
}

const named: ReadonlySet<string> = new Set<Named>([
  'rounds',
  'arms',
  'target',
  'client',
  'vary',
  'inject',
  'out',
]);
const otherNames: readonly string[] = [
  ...Object.keys(runParams),
  ...Object.keys(textOptions),
].filter((name) => !named.has(name));

type Inputs = Readonly<Record<string, number | string | undefined>>;

function textOfEach(params: Params, values: Inputs): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const param = params[name];
      if (value === undefined) return [];
      return [[name, param === undefined ? String(value) : inputText(param, value)]];
    }),
  );
}

/** What is no number of these units is left as it is, for the parser to refuse in its own words. */
function inputText(param: Param, value: number | string): string {
  return typeof value === 'number' && Number.isFinite(value)
    ? formatParam(param, value)
    : String(value);
}

const listOf = (value: string | readonly string[] | undefined): string | undefined =>
  value === undefined || typeof value === 'string' ? value : value.join(',');

/** { clients: [10, 100] } → 'clients=10,100' */
function varyText(scenario: Scenario, vary: RunOptions['vary']): string | undefined {
  if (vary === undefined) return undefined;
  const entries = Object.entries(vary).filter(([, values]) => values !== undefined);
  refuseUnknown('parameter', Object.keys(vary), Object.keys(scenario.params));
  const [first, second] = entries;
  if (first === undefined || second !== undefined) {
    throw fault('bad-value', {
      flag: 'vary',
      problem: `it names ${entries.length} parameters, and a sweep is over one`,
    });
  }
  const [name, values = []] = first;
  const param = scenario.params[name];
  return `${name}=${values.map((value) => (param === undefined ? String(value) : inputText(param, value))).join(',')}`;
}

export function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** The command line that does the same, where there is one. */
export function commandOf(
  wanted: string | Scenario,
  { target = [], quick, tls, fastTimers }: RunOptions,
  given: Readonly<Record<string, string>>,
): string {
  const targets = isList(target) ? target : [target];
  if (typeof wanted !== 'string' || targets.some((one) => typeof one !== 'string')) {
    return `run('${typeof wanted === 'string' ? wanted : wanted.name}', …) in a program`;
  }
  const options = [
    ...Object.entries(given).map(([name, value]) => `--${name} ${shellWord(value)}`),
    ...(targets.length === 0 ? [] : [`--target ${shellWord(targets.join(','))}`]),
    ...(quick === true ? ['--quick'] : []),
    ...(tls === true ? ['--tls'] : []),
    ...(fastTimers === true ? ['--fast-timers'] : []),
  ];
  return ['npm run bench', wanted, ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
}

export function refuseUnknown(
  what: string,
  names: readonly string[],
  known: readonly string[],
): void {
  const name = names.find((one) => !known.includes(one));
  if (name === undefined) return;
  throw fault('unknown-name', { what, name, nearest: nearestOf(name, known), known });
}
