/** `probe`: looks at one live endpoint from outside, and says what is on the way to it. */

import { exitCodes, fault } from '../core/errors.ts';
import type { Params } from '../core/params.ts';
import { fillParams } from '../core/params.ts';
import { formatCount } from '../core/units.ts';
import { MOST_STREAMS } from '../loadgen/probing/idle-plan.ts';
import type { ProbeStep } from '../loadgen/probing/probe.ts';
import { FEWEST_CONNECTIONS, OTHER_CONNECTIONS, probeEndpoint } from '../loadgen/probing/probe.ts';
import { ProbeFailure } from '../loadgen/probing/probe-failure.ts';
import { adviceOf } from '../reports/probe-advice.ts';
import { probeText } from '../reports/probe-text.ts';
import { endText, talkText, timeText, transportNames } from '../reports/probe-words.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { addParams, givenValues } from './options.ts';
import { faultOfProbe } from './probe-faults.ts';
import { collect } from './push-address.ts';
import { harmless, secretsOf, shownUrl } from './secrets.ts';
import { toolVersion } from './tool.ts';

/** What a stranger may open without asking. */
const UNASKED_CONNECTIONS = 30;

const params = {
  max: {
    type: 'durationMs',
    default: 75_000,
    min: 1_000,
    max: 300_000,
    help: 'how long connections are watched for being cut',
  },
  connections: {
    type: 'count',
    default: 16,
    min: FEWEST_CONNECTIONS,
    max: 200,
    help: `connections that are opened in all: ${OTHER_CONNECTIONS} for the head and pings, the others are watched, of an event stream at most ${MOST_STREAMS}; more than ${UNASKED_CONNECTIONS} only with --yes`,
  },
  timeout: {
    type: 'durationMs',
    default: 15_000,
    min: 100,
    max: 120_000,
    help: 'how long connecting, TLS and the head may take, each',
  },
} as const satisfies Params;

interface Flags {
  readonly header?: readonly string[];
  readonly subprotocol?: string;
  readonly send?: string;
  readonly insecure?: true;
  readonly yes?: true;
  readonly json?: true;
}

interface Plan {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxMs: number;
  readonly connections: number;
  readonly timeoutMs: number;
}

export const probe: CommandFactory = (command, io, finish) => {
  command.argument('<url>', 'an event stream or a WebSocket, e.g. https://example.com/events');
  addParams(command, params, {});
  command
    .option(
      '--header <line>',
      "a header, such as 'Authorization: Bearer …'; may be repeated",
      collect,
    )
    .option('--subprotocol <name>', 'the WebSocket subprotocol to ask for')
    .option(
      '--send <text>',
      'a message to send on each WebSocket that is watched, such as one that subscribes',
    )
    .option('--insecure', 'take certificates that nobody vouches for')
    .option('--yes', `open more than ${UNASKED_CONNECTIONS} connections without asking`)
    .option('--json', 'print one JSON object and nothing else')
    .action(async (url: string, flags: Flags) => {
      const given = fillParams(params, givenValues(command, Object.keys(params)));
      const plan: Plan = {
        url: addressOf(url),
        headers: headersIn(flags.header ?? []),
        maxMs: Number(given['max']),
        connections: Number(given['connections']),
        timeoutMs: Number(given['timeout']),
      };
      if (flags.yes !== true) await confirm(plan, io);
      finish(await look(plan, flags, io));
    });
};

async function look(plan: Plan, flags: Flags, io: Io): Promise<number> {
  const { url, headers, maxMs, connections, timeoutMs } = plan;
  const secrets = secretsOf(headers, url);
  const shown = shownUrl(url.href);
  const isWs = /^wss?:$/.test(url.protocol) || flags.subprotocol !== undefined;
  const say = (text: string): void => io.err(`${harmless(text, secrets)}\n`);
  try {
    const result = await probeEndpoint({
      endpoint: {
        url,
        headers,
        subprotocol: flags.subprotocol,
        userAgent: `pushbench/${toolVersion()} (+probe)`,
        insecure: flags.insecure === true,
        timeoutMs,
      },
      shownUrl: shown,
      maxMs,
      connections,
      greeting: flags.send,
      signal: io.signal,
      progress: (step) => {
        if (step.step === 'found' && step.transport === 'sse' && flags.send !== undefined) {
          throw fault('bad-value', {
            flag: '--send',
            problem: 'an event stream takes nothing from its clients',
          });
        }
        if (flags.json !== true) say(stepText(step));
      },
    });
    const advice = adviceOf(result);
    const tool = `pushbench ${toolVersion()}`;
    const document = { tool, at: new Date().toISOString(), ...result, advice };
    // Value by value: a secret that happens to be the name of a field must not break the document.
    const text =
      flags.json === true
        ? JSON.stringify(
            document,
            (_, value: unknown) => (typeof value === 'string' ? harmless(value, secrets) : value),
            2,
          )
        : harmless(probeText(result, advice), secrets);
    io.out(`${text}\n`);
    return result.idle.interrupted ? exitCodes.interrupted : exitCodes.passed;
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error;
    const safe = new ProbeFailure(
      error.kind,
      harmless(error.message, secrets),
      error.code,
      error.answer,
    );
    throw faultOfProbe(safe, {
      url: shown,
      host: url.hostname,
      isWs,
      isSecure: /^(https|wss):$/.test(url.protocol),
      timeoutMs,
      show: (location) => harmless(shownUrl(location), secrets),
    });
  }
}

function stepText(step: ProbeStep): string {
  if (step.step === 'found') return `found ${transportNames[step.transport]}; measuring its head`;
  if (step.step === 'watching') {
    return `watching ${formatCount(step.talks.length, 'connection')} for up to ${timeText(step.maxMs)}; Ctrl-C ends at once and tells what is known`;
  }
  const { watch } = step;
  return `cut after ${timeText(watch.ageMs)}, having ${talkText(watch.talk)}: ${endText(watch.end, step.transport)}`;
}

/** @throws HarnessError for what is no address of a stream */
function addressOf(text: string): URL {
  const bad = (problem: string) => fault('bad-stream-address', { url: shownUrl(text), problem });
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw bad('it does not say with which protocol');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // Node says 'Invalid URL' and nothing more.
    throw bad('it cannot be read as a URL');
  }
  if (!/^(https?|wss?):$/.test(url.protocol)) {
    throw bad(`${url.protocol} is neither http, https, ws nor wss`);
  }
  return url;
}

/** @throws HarnessError that names the header and never says its value */
function headersIn(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line): [string, string] => {
      const [, name, value] = /^([!#$%&'*+.^`|~\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === undefined || value === undefined) {
        throw fault('bad-value', {
          flag: '--header',
          problem: "a header is written like 'Name: value'",
        });
      }
      if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
        throw fault('bad-value', {
          flag: '--header',
          problem: `the value of ${name} has characters that a header cannot have`,
        });
      }
      return [name, value];
    }),
  );
}

/** A server of somebody else is not asked for many connections by accident. @throws HarnessError */
async function confirm({ connections, url }: Plan, io: Io): Promise<void> {
  if (connections <= UNASKED_CONNECTIONS) return;
  const refused = () => fault('needs-yes', { connections, limit: UNASKED_CONNECTIONS });
  if (io.terminal === undefined || io.lines === undefined) throw refused();
  io.err(`Open ${connections} connections to ${url.host}? Type yes: `);
  for await (const line of io.lines(io.signal)) {
    if (line.trim().toLowerCase() === 'yes') return;
    break;
  }
  throw io.signal.aborted ? fault('interrupted', { kept: undefined }) : refused();
}
