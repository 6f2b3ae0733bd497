/** Options of every scenario, typed like scenario parameters, and how both become commander options. */

import type { Command } from 'commander';
import { Option } from 'commander';
import { faultHelp } from '../core/faults.ts';
import type { Params } from '../core/params.ts';
import { formatParam, placeholderOf } from '../core/params.ts';
import type { ServerNeeds } from '../core/scenario.ts';
import { slowPolicies } from '../core/scenario.ts';

/** How the comparison is made, whatever the scenario. */
export const runParams = {
  rounds: {
    type: 'count',
    default: 8,
    min: 1,
    max: 1_000,
    help: 'rounds; each runs every arm once, in new processes',
  },
  margin: {
    type: 'share',
    default: 0.1,
    min: 0.001,
    max: 10,
    help: 'a difference smaller than this does not matter to you',
  },
  seed: {
    type: 'count',
    default: 1,
    min: 0,
    max: 2 ** 31 - 1,
    help: 'decides the order of arms and random arrivals',
  },
  workers: {
    type: 'count',
    default: 0,
    min: 0,
    max: 256,
    help: 'generator processes; 0 chooses by load and cores',
  },
  processes: {
    type: 'count',
    default: 1,
    min: 1,
    max: 64,
    help: 'server processes behind the one port; what is published crosses between them',
  },
  heartbeat: {
    type: 'durationMs',
    default: 15_000,
    min: 0,
    max: 3_600_000,
    help: 'interval of heartbeats, jittered; 0ms turns them off',
  },
  'buffer-limit': {
    type: 'sizeBytes',
    default: 1_048_576,
    min: 1_024,
    max: 2 ** 30,
    help: 'a session with more than this buffered is slow',
  },
  policy: {
    type: 'choice',
    choices: slowPolicies,
    default: 'drop-newest',
    help: 'what happens to a slow session',
  },
  'block-timeout': {
    type: 'durationMs',
    default: 250,
    min: 1,
    max: 600_000,
    help: 'with --policy block: how long everybody waits for a session over --buffer-limit; then it misses what comes',
  },
  'slow-timeout': {
    type: 'durationMs',
    default: 10_000,
    min: 1,
    max: 3_600_000,
    help: 'with --policy disconnect: how long a session may hold back less than --buffer-limit; more ends it at once',
  },
  replay: {
    type: 'count',
    default: 0,
    min: 0,
    max: 1_000_000,
    help: 'messages kept per room for those who come back; 0 keeps none and sends no ids',
  },
  connections: {
    type: 'count',
    default: 16,
    min: 1,
    max: 10_000,
    help: 'connections of each worker for what a one-way stream cannot send',
  },
  pipelining: {
    type: 'count',
    default: 1,
    min: 1,
    max: 1_000,
    help: 'requests under way on each of them',
  },
  'connect-timeout': {
    type: 'durationMs',
    default: 10_000,
    min: 100,
    max: 600_000,
    help: 'how long a connection may take to be established',
  },
  'post-timeout': {
    type: 'durationMs',
    default: 120_000,
    min: 100,
    max: 600_000,
    help: 'how long the answer to a POST may take; one later than 2m is recorded as 2m',
  },
  'start-timeout': {
    type: 'durationMs',
    default: 20_000,
    min: 500,
    max: 600_000,
    help: 'how long the server or a worker may take until it is ready',
  },
  'reply-timeout': {
    type: 'durationMs',
    default: 30_000,
    min: 500,
    max: 3_600_000,
    help: 'how long a process may take to report, beside what it was told to do; then the trial has failed',
  },
  'stop-timeout': {
    type: 'durationMs',
    default: 5_000,
    min: 100,
    max: 600_000,
    help: 'how long a process may take to end when asked; then it is killed',
  },
  control: {
    type: 'choice',
    choices: ['on', 'off'],
    default: 'on',
    help: 'a script that never changes, run in every round: when it moves, the machine moved',
  },
  'head-room': {
    type: 'choice',
    choices: ['on', 'off'],
    default: 'on',
    help: 'whether it is measured first how much the generator could take; kept for the next run of the same load',
  },
  port: {
    type: 'count',
    default: 0,
    min: 0,
    max: 65_535,
    help: 'port of the server on loopback; 0 takes a free one',
  },
} as const satisfies Params;

/** By which of them one asks for what a scenario needs of the server, where one can. */
export const optionOfNeed = {
  policy: 'policy',
  replay: 'replay',
  bufferLimitBytes: 'buffer-limit',
  blockMs: 'block-timeout',
  slowMs: 'slow-timeout',
  heartbeatMs: 'heartbeat',
  pongTimeoutMs: undefined,
  keepAliveMs: undefined,
  retryMs: undefined,
  processes: 'processes',
} as const satisfies Record<keyof ServerNeeds, keyof typeof runParams | undefined>;

/** What is no number and no choice. */
export const textOptions = {
  arms: { placeholder: 'names', help: 'what to compare, e.g. sse,ws,sse-prepared' },
  target: {
    placeholder: 'file,…',
    help: 'servers of your own, each described by a target file (docs/targets.md); built-in is ours',
  },
  client: {
    placeholder: 'lean|library',
    help: 'receive path: our own, an application’s, or both (lean,library)',
  },
  route: {
    placeholder: 'names',
    help: 'what is between clients and server: direct, nginx, haproxy, caddy, apache, relay:delay=40ms,jitter=5ms,bandwidth=2MiB/s, url:https://… (docs/routes.md; default direct)',
  },
  'proxy-preset': {
    placeholder: 'stock|recommended',
    help: 'how the proxies are configured, or both (stock,recommended) as arms of their own (default stock)',
  },
  'proxy-set': {
    placeholder: 'proxy.directive=value',
    help: 'a directive of a proxy, e.g. nginx.proxy_buffering=off; may be repeated',
  },
  'proxy-config': {
    placeholder: 'file',
    help: 'a whole configuration for the proxy, with {listen}, {upstream} and {folder} in it',
  },
  vary: {
    placeholder: 'name=a,b,c',
    help: 'run the scenario for each value of a parameter and draw the curve',
  },
  inject: { placeholder: 'faults', help: faultHelp },
  out: { placeholder: 'dir', help: 'folder for run files and reports' },
} as const;

export const flagOptions = {
  quick: 'a first look: fewer rounds, and the shorter phases named above',
  tls: 'TLS between server and generator, with a certificate made for the run',
  'fast-timers': 'time-outs of proxies are seconds, so that their end can be waited for',
  json: 'print the run file on stdout and nothing else',
  open: 'open the report in the browser when done',
} as const;

/** Between several settings in one text; nginx would not take it in a value either. */
export const SETTING_BREAK = ';';

/** Options that may be given more than once. */
const repeated: ReadonlySet<string> = new Set(['proxy-set']);

const joinSettings = (text: string, before: string | undefined): string =>
  before === undefined ? text : `${before}${SETTING_BREAK} ${text}`;

/**
 * Adds one option per parameter; the parser and its messages are in core/params.
 * @param origins where the defaults of some come from; as the rest of a sentence
 */
export function addParams(
  command: Command,
  params: Params,
  quick: Readonly<Record<string, number | string>>,
  origins: Readonly<Record<string, string>> = {},
): void {
  for (const [name, param] of Object.entries(params)) {
    const byQuick = quick[name];
    const inQuick =
      byQuick === undefined || byQuick === param.default
        ? ''
        : `, with --quick ${formatParam(param, byQuick)}`;
    const origin = origins[name] === undefined ? '' : `, ${origins[name]}`;
    const limits =
      param.type === 'choice' || param.type === 'text'
        ? ''
        : `, ${formatParam(param, param.min)} … ${formatParam(param, param.max)}`;
    command.addOption(
      new Option(
        `--${name} <${placeholderOf(param)}>`,
        `${param.help} (default ${formatParam(param, param.default)}${inQuick}${origin}${limits})`,
      ),
    );
  }
}

/** What an option takes, and what it is for. */
type Texts = Readonly<Record<string, { readonly placeholder: string; readonly help: string }>>;

/** Adds options whose values are read elsewhere. */
export function addTexts(command: Command, texts: Texts): void {
  for (const [name, { placeholder, help }] of Object.entries(texts)) {
    const option = new Option(`--${name} <${placeholder}>`, help);
    // Said again it is one more, where others are replaced.
    if (repeated.has(name)) option.argParser(joinSettings);
    command.addOption(option);
  }
}

export function addCommonOptions(
  command: Command,
  defaults: Readonly<Record<string, string>>,
  without: ReadonlySet<string> = new Set(),
): void {
  for (const [name, { placeholder, help }] of Object.entries(textOptions)) {
    if (without.has(name)) continue;
    const value = defaults[name];
    const said = value === undefined ? help : `${help} (default ${value})`;
    addTexts(command, { [name]: { placeholder, help: said } });
  }
  for (const [name, help] of Object.entries(flagOptions)) {
    if (!without.has(name)) command.option(`--${name}`, help);
  }
}

/** Commander turns `--publish-from` into `publishFrom`; parameters keep the name as written. */
export function givenValues(command: Command, names: readonly string[]): Record<string, string> {
  const options: Record<string, unknown> = command.opts();
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = options[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
    if (typeof value === 'string') given[name] = value;
  }
  return given;
}
