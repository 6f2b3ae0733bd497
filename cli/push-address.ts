/** What `tail` and `send` have in common: how they are told where to go, and what they say when it fails. */
import type { Command } from 'commander';
import type { HarnessError } from '../core/errors.ts';
import { fault } from '../core/errors.ts';
import { parseParam } from '../core/params.ts';
import { parseAddress } from '../transports/push-client/address.ts';
import type { Failure } from '../transports/push-client/client-state.ts';
import { PushClientError } from '../transports/push-client/push-client-error.ts';

/** Takes an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function addAddress(command: Command): Command {
  return command
    .argument('<url>', 'address of a push server, e.g. http://127.0.0.1:8080')
    .option('--token <token>', 'what the server wants to be shown')
    .option(
      '--timeout <time>',
      'how long the server may take to let us in, or to answer (default 10s; with --request 30s, with --ask 310s)',
    );
}

const timeoutParam = {
  type: 'durationMs',
  default: 10_000,
  min: 10,
  max: 3_600_000,
  help: '',
} as const;

/** In ms, as far as one was given. @throws HarnessError naming the flag */
export function timeoutOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(parseParam('timeout', timeoutParam, text));
}

/** @throws HarnessError for what cannot be an address or a token */
export function checkAddress(url: string, token: string | undefined): void {
  try {
    parseAddress(url);
  } catch (error) {
    throw fault('bad-address', { url, problem: error instanceof Error ? error.message : '' });
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw fault('bad-value', { flag: '--token', problem: 'a token is visible ASCII characters' });
  }
}

/** @throws HarnessError naming the flag */
export function choiceOf<T extends string>(flag: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw fault('bad-value', { flag, problem: `'${text}' is not one of ${known.join(', ')}` });
}

/** Why there is no connection. @param causes what came of each protocol */
export function faultOfCauses(url: string, causes: readonly Failure[]): HarnessError {
  const answered = causes.findLast((one) => one.kind === 'refused' && one.status !== undefined);
  if (answered?.kind === 'refused' && answered.status !== undefined) {
    return faultOfStatus(url, answered.status, answered.says, answered.spoken);
  }
  const last = causes.at(-1);
  const why = last?.says ?? 'the connection ended';
  return last?.kind === 'unreachable' || last?.kind === 'silent'
    ? fault('server-unreachable', { url, why })
    : fault('not-a-push-server', { url, why });
}

/** Why a POST was not carried out; other errors stay what they are. */
export function faultOfError(url: string, error: unknown): unknown {
  if (!(error instanceof PushClientError)) return error;
  const { code, status, message, spoken } = error;
  if (code === 'refused' && status !== undefined) {
    return faultOfStatus(url, status, message, spoken);
  }
  return fault('server-unreachable', { url, why: message });
}

function faultOfStatus(url: string, status: number, says: string, spoken: boolean): HarnessError {
  // A push server has a sentence for whatever it refuses; a proxy in front of one may have none.
  const isKnown = spoken || status === 401 || status === 403 || status >= 500;
  return isKnown
    ? fault('server-refused', { url, status, says })
    : fault('not-a-push-server', { url, why: says });
}
