/**
 * Everything that can go wrong on the user's side, as a catalogue: code, sentence, hint, exit code.
 * An error made here is shown as two lines and never as a stack trace.
 */

import { nearestFew } from './nearest.ts';

export const exitCodes = {
  passed: 0,
  failed: 1,
  impossibleRequest: 2,
  machineCannot: 3,
  toolFault: 4,
  invalid: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

interface Entry {
  readonly exit: ExitCode;
  readonly says: string;
  readonly hint: string;
}

const request = (says: string, hint: string): Entry => ({
  exit: exitCodes.impossibleRequest,
  says,
  hint,
});
const machine = (says: string, hint: string): Entry => ({
  exit: exitCodes.machineCannot,
  says,
  hint,
});

const didYouMean = (nearest: string | undefined, rest: string): string =>
  nearest === undefined ? rest : `Did you mean '${nearest}'? ${rest}`;

/** @param command '' for the program itself, which is no script of npm's */
const helpOf = (command: string): string =>
  command === '' ? "'npx pushbench --help'" : `'npm run ${command} -- --help'`;

/** More names than this are not read at a terminal. */
const MOST_KNOWN = 40;
const FEW_KNOWN = 5;

function knownText(name: string, known: readonly string[]): string {
  if (known.length <= MOST_KNOWN) return `Known: ${known.join(', ')}.`;
  const near = nearestFew(name, known, FEW_KNOWN).join(', ');
  return `The nearest are ${near}; 'npm run list' shows all ${known.length}.`;
}

interface UnknownName {
  readonly what: string;
  readonly name: string;
  readonly nearest: string | undefined;
  readonly known: readonly string[];
}

const catalogue = {
  'unknown-name': ({ what, name, nearest, known }: UnknownName) =>
    request(
      `There is no ${what} '${name}'.`,
      didYouMean(nearest, knownText(nearest ?? name, known)),
    ),

  'unknown-flag': (d: { flag: string; nearest: string | undefined; command: string }) =>
    request(
      `${d.command === '' ? 'pushbench' : d.command} has no option '${d.flag}'.`,
      didYouMean(d.nearest, `${helpOf(d.command)} lists them all.`),
    ),

  'bad-usage': (d: { problem: string; command: string; hint?: string | undefined }) =>
    request(d.problem, d.hint ?? `${helpOf(d.command)} shows how it is used.`),

  'bad-value': (d: { flag: string; problem: string; nearest?: string | undefined }) =>
    request(`${d.flag}: ${d.problem}.`, didYouMean(d.nearest, 'Nothing was started.')),

  'out-of-range': (d: { flag: string; value: string; min: string; max: string; why?: string }) =>
    request(
      `${d.flag} ${d.value} is outside ${d.min} … ${d.max}.`,
      d.why ?? `Choose a value between ${d.min} and ${d.max}.`,
    ),

  'flags-lost-to-npm': ({ flags, command }: { flags: readonly string[]; command: string }) =>
    request(
      `npm kept ${flags.join(', ')} for itself, so ${flags.length === 1 ? 'it' : 'they'} did not reach pushbench.`,
      `Put -- before the options: ${command}`,
    ),

  'client-unavailable': ({ arm, why, hint }: { arm: string; why: string; hint?: string }) =>
    request(
      `The arm '${arm}' cannot be run: ${why}.`,
      hint ?? 'Leave it out of --arms, or use --client lean.',
    ),

  'too-few-arms': () =>
    request(
      '--arms names no arm.',
      "Name at least one, for example --arms sse,ws; 'npm run list' shows them.",
    ),

  'too-many-clients': (d: { asked: number; possible: number; limit: string; raise?: string }) =>
    machine(
      `${d.asked.toLocaleString('en-US')} clients do not fit on this machine: ${d.limit} allow ${d.possible.toLocaleString('en-US')}.`,
      `Use --clients ${d.possible} or fewer${d.raise === undefined ? '.' : `, or raise the limit: ${d.raise}`}`,
    ),

  'port-in-use': (d: { host: string; port: number; code: string; free?: string }) =>
    machine(
      d.code === 'EADDRINUSE'
        ? `Port ${d.port} on ${d.host} is already in use.`
        : `The server cannot listen on ${d.host} port ${d.port} (${d.code}).`,
      `Choose another with --port, or ${d.free ?? 'leave --port out to take any free port'}.`,
    ),

  'certificate-unusable': ({ cert, key, why }: { cert: string; key: string; why: string }) =>
    request(
      `${cert} and ${key} cannot be used for TLS: ${why}.`,
      'Give a certificate and its key, both PEM; --tls makes one for the run.',
    ),

  'proxy-missing': (d: { names: readonly string[]; install: readonly string[] }) =>
    machine(
      `Nothing is left to run: ${d.names.join(' and ')} ${d.names.length === 1 ? 'is' : 'are'} not installed.`,
      `Install with: ${d.install.join('; ')}. Or leave --route out to measure without a proxy.`,
    ),

  'proxy-unusable': ({ proxy, binary, why }: { proxy: string; binary: string; why: string }) =>
    machine(
      `${proxy} (${binary}) cannot be run: ${why}.`,
      'Install it anew, or leave it out of --route.',
    ),

  'proxy-config-rejected': ({ proxy, says }: { proxy: string; says: string }) =>
    request(
      `${proxy} does not accept its configuration: ${says.replace(/\.$/, '')}.`,
      'Change what was given with --proxy-set or --proxy-config; docs/routes.md lists the directives.',
    ),

  'proxy-port-in-use': ({ proxy, port, says }: { proxy: string; port: number; says: string }) =>
    machine(
      `${proxy} cannot listen: ${says}.`,
      port === 0 ? 'Try again: any free port will do.' : 'Choose another port, or end what has it.',
    ),

  'nothing-to-run': ({ reasons }: { reasons: readonly string[] }) =>
    request(
      `Nothing is left to run: ${reasons.join('; ')}.`,
      'Choose other --arms or another --route.',
    ),

  'no-namespaces': ({ why }: { why: string }) =>
    machine(
      `A network that swallows everything cannot be made here: ${why}.`,
      'It needs Linux, root, iproute2 (ip, ss) and nsenter; without them, bench reconnect --cut half-open comes close.',
    ),

  'page-not-built': ({ why }: { why: string }) =>
    machine(`The page is not there: ${why}.`, "'npm run build' makes it."),

  'other-control-version': ({ server }: { server: string }) =>
    request(
      `This generator cannot drive ${server}: that build speaks another version of the control messages.`,
      'Choose a newer base, or compare with a saved run: --baseline FILE.',
    ),

  'baseline-of-another-load': ({
    path,
    differing,
  }: {
    path: string;
    differing: readonly string[];
  }) =>
    request(
      `${path} was saved from another load: ${differing.join('; ')}.`,
      'Give the same parameters, or save a new baseline with --save FILE.',
    ),

  'baseline-without-data': (d: {
    path: string;
    thin: readonly { readonly metric: string; readonly trials: number }[];
    needed: number;
  }) =>
    request(
      `${d.path} is too thin to hold a run against: ${d.needed} valid trials are needed, and it has ${d.thin
        .map(({ metric, trials }) => `${trials} of ${metric}`)
        .join(', ')}.`,
      'Nothing was started. Save a new baseline with --save FILE and more --rounds, or choose other metrics with --metric.',
    ),

  'nothing-to-save': ({ path, arms }: { path: string; arms: readonly string[] }) => ({
    exit: exitCodes.invalid,
    says: `Nothing was saved to ${path}: no trial of ${arms.join(', ')} counts.`,
    hint: "The report says what was wrong with each; 'npm run doctor' shows what this machine can measure.",
  }),

  'config-unusable': (d: { path: string; problem: string; nearest?: string | undefined }) =>
    request(
      `${d.path} cannot be used: ${d.problem}.`,
      didYouMean(d.nearest, 'docs/gate.md shows what may stand in it.'),
    ),

  'target-unusable': ({ path, problem, hint }: { path: string; problem: string; hint?: string }) =>
    request(
      `${path} cannot be used as a target: ${problem}.`,
      hint ?? 'docs/targets.md shows every field by example.',
    ),

  'target-cannot': ({ reasons, hint }: { reasons: readonly string[]; hint?: string }) =>
    request(
      `Nothing of this can be measured on what was asked for: ${reasons.join('; ')}.`,
      hint ?? 'docs/targets.md says what can be measured on a server of your own.',
    ),

  'scenario-unusable': ({ place, problem }: { place: string; problem: string }) =>
    request(
      `${place} is no scenario that can be run: ${problem}.`,
      'docs/api.md shows how one is written.',
    ),

  'run-under-way': () =>
    request(
      'A run is under way in this program, and two at once would measure each other.',
      'Await the first before the second is started.',
    ),

  'base-not-built': ({ ref, problem, hint }: { ref: string; problem: string; hint: string }) =>
    request(`The base '${ref}' cannot be built: ${problem}.`, hint),

  'target-not-built': (d: { title: string; problem: string; words: string; cwd: string }) =>
    request(
      `${d.title} cannot be measured: ${d.problem}.`,
      d.words.trim() === ''
        ? `It printed nothing. It ran in ${d.cwd}.`
        : `It ran in ${d.cwd}. The last it said:\n    ${d.words.trimEnd().replaceAll('\n', '\n    ')}`,
    ),

  'out-not-writable': ({ path, why }: { path: string; why: string }) =>
    machine(
      `The output folder ${path} cannot be written: ${why}.`,
      'Choose another with --out DIR, or change its permissions.',
    ),

  'run-file-not-written': ({ path, why }: { path: string; why: string }) =>
    machine(
      `${path} could not be written: ${why}.`,
      'What was written before is kept. Free some space or choose another folder with --out DIR.',
    ),

  'output-unusable': (d: { flag?: string; path: string; why: string }) =>
    machine(
      `${d.flag === undefined ? '' : `${d.flag}: `}${d.path} cannot be written: ${d.why}.`,
      d.flag === undefined
        ? 'Choose another place with --out FILE.'
        : 'Nothing was started. Choose another place.',
    ),

  'export-not-written': ({ path, why }: { path: string; why: string }) =>
    machine(
      `The export ${path} could not be written: ${why}.`,
      'Nothing of the run is lost. Choose another place, or see to it that this one can be written.',
    ),

  'collector-unreachable': ({ url, why }: { url: string; why: string }) =>
    machine(
      `The collector at ${url} did not take the metrics: ${why}.`,
      'Nothing of the run is lost. Check that it takes OTLP over HTTP there, usually on port 4318.',
    ),

  'no-valid-trial': ({ why }: { why: string }) =>
    machine(
      `No trial came about: ${why}.`,
      "'npm run doctor' shows what this machine can measure; try fewer --clients or a lower --rate.",
    ),

  'run-file-unreadable': (d: { path: string; why: string; hint?: string }) =>
    request(
      `${d.path} is not a run file that can be read: ${d.why}.`,
      d.hint ?? 'Run files are named run.json and are written by bench.',
    ),

  'no-such-run': (d: { name: string; folder: string; latest: readonly string[]; count: number }) =>
    request(
      `There is no run '${d.name}', neither as a path nor in ${d.folder}.`,
      d.count === 0
        ? 'There are no runs there yet; bench makes them.'
        : `Write a run id, a path to a run folder, or latest or latest~1. The latest of ${d.count}: ${d.latest.join(', ')}.`,
    ),

  'runs-not-compared': ({ why, hint }: { why: string; hint: string }) =>
    request(`These runs are not compared: ${why}.`, hint),

  'bad-stream-address': ({ url, problem }: { url: string; problem: string }) =>
    request(
      `'${url}' is not an address to probe: ${problem}.`,
      'Write it like https://example.com/events or wss://example.com/socket.',
    ),

  'no-stream': ({ url, why, hint }: { url: string; why: string; hint: string }) =>
    request(`${url} is no stream: ${why}.`, hint),

  'stream-unreachable': ({ url, why, hint }: { url: string; why: string; hint: string }) =>
    machine(`${url} cannot be probed: ${why}.`, hint),

  'needs-yes': ({ connections, limit }: { connections: number; limit: number }) =>
    request(
      `--connections ${connections} is more than the ${limit} that are opened without asking.`,
      'Add --yes if the server is yours, or its owner agrees. Nothing was started.',
    ),

  'bad-address': ({ url, problem }: { url: string; problem: string }) =>
    request(
      `'${url}' is not the address of a push server: ${problem}.`,
      'Write it like http://127.0.0.1:8080.',
    ),

  'server-unreachable': ({ url, why }: { url: string; why: string }) =>
    machine(
      `Nobody answers at ${url}: ${why}.`,
      "Check the address, or start a server: 'npm run demo'.",
    ),

  'server-refused': ({ url, status, says }: { url: string; status: number; says: string }) =>
    status >= 500 || status === 429
      ? machine(`${url} refuses, with ${status}: ${says}.`, 'Try again later.')
      : request(
          `${url} refuses, with ${status}: ${says}.`,
          status === 401
            ? 'Give the token of the server with --token.'
            : 'Check the address and the options.',
        ),

  'not-a-push-server': ({ url, why }: { url: string; why: string }) =>
    request(
      `${url} is not a push server: ${why}.`,
      "Check the address, or start a server: 'npm run demo'.",
    ),

  'not-answered': ({ what, why }: { what: string; why: string }) => ({
    exit: exitCodes.failed,
    says: `The ${what} was not answered: ${why}.`,
    hint: 'It got there, so the address and the options are right.',
  }),

  interrupted: ({ kept, given = true }: { kept: string | undefined; given?: boolean }) => ({
    exit: exitCodes.interrupted,
    says: 'Interrupted; every process that was started has been ended.',
    hint:
      kept === undefined
        ? 'Nothing had been measured yet.'
        : given
          ? `The partial run is kept, marked aborted: ${kept}`
          : 'What had been measured is not kept, since no folder was given for it (out).',
  }),
} satisfies Record<string, (detail: never) => Entry>;

type Catalogue = typeof catalogue;
export type ErrorCode = keyof Catalogue;

/** An error whose message is meant for the person at the terminal. */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly exitCode: ExitCode;

  constructor(code: ErrorCode, entry: Entry) {
    super(entry.says);
    this.code = code;
    this.hint = entry.hint;
    this.exitCode = entry.exit;
  }
}

/** Makes the error `code` from the catalogue; the detail it needs is checked by the compiler. */
export function fault<C extends ErrorCode>(
  code: C,
  ...detail: Parameters<Catalogue[C]>
): HarnessError {
  const make = catalogue[code] as (...args: Parameters<Catalogue[C]>) => Entry;
  return new HarnessError(code, make(...detail));
}

/**
 * For scenarios whose parameters do not fit together: throw it in `phases`, and it is shown as if the option
 * had been refused.
 */
export function refuseValue(parameter: string, problem: string): HarnessError {
  return fault('bad-value', { flag: `--${parameter}`, problem });
}

/** The text of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
