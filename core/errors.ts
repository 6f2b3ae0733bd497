/**
 * Everything that can go wrong on the user's side, as a catalogue: code, sentence, hint, exit code.
 * An error made here is shown as two lines and never as a stack trace.
 */

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

interface UnknownName {
  readonly what: string;
  readonly name: string;
  readonly nearest: string | undefined;
  readonly known: readonly string[];
}

const catalogue = {
  'unknown-name': ({ what, name, nearest, known }: UnknownName) =>
    request(`There is no ${what} '${name}'.`, didYouMean(nearest, `Known: ${known.join(', ')}.`)),

  'unknown-flag': ({
    flag,
    nearest,
    command,
  }: {
    flag: string;
    nearest: string | undefined;
    command: string;
  }) =>
    request(
      `${command} has no option '${flag}'.`,
      didYouMean(nearest, `'npm run ${command} -- --help' lists them all.`),
    ),

  'bad-usage': ({ problem, command }: { problem: string; command: string }) =>
    request(problem, `'npm run ${command} -- --help' shows how it is used.`),

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

  'client-unavailable': ({ arm, why }: { arm: string; why: string }) =>
    request(
      `The arm '${arm}' cannot be run: ${why}.`,
      'Leave it out of --arms, or use --client lean.',
    ),

  'too-few-arms': () =>
    request(
      '--arms names no arm.',
      "Name at least one, for example --arms sse,ws; 'npm run list' shows them.",
    ),

  'too-many-clients': (d: { asked: number; possible: number; limit: string; raise: string }) =>
    machine(
      `${d.asked.toLocaleString('en-US')} clients do not fit on this machine: ${d.limit} allow ${d.possible.toLocaleString('en-US')}.`,
      `Use --clients ${d.possible} or fewer, or raise the limit: ${d.raise}`,
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

  'config-unusable': ({ path, problem }: { path: string; problem: string }) =>
    request(`${path} cannot be used: ${problem}.`, 'docs/gate.md shows what may stand in it.'),

  'base-not-built': ({ ref, problem, hint }: { ref: string; problem: string; hint: string }) =>
    request(`The base '${ref}' cannot be built: ${problem}.`, hint),

  'out-not-writable': ({ path, why }: { path: string; why: string }) =>
    machine(
      `The output folder ${path} cannot be written: ${why}.`,
      'Choose another with --out DIR, or change its permissions.',
    ),

  'run-file-not-written': ({ path, why }: { path: string; why: string }) =>
    machine(
      `The run file ${path} could not be written: ${why}.`,
      'What was written before is kept. Free some space or choose another folder with --out DIR.',
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

  interrupted: ({ kept }: { kept: string | undefined }) => ({
    exit: exitCodes.interrupted,
    says: 'Interrupted; every process that was started has been ended.',
    hint:
      kept === undefined
        ? 'Nothing had been measured yet.'
        : `The partial run is kept, marked aborted: ${kept}`,
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

/** The text of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
