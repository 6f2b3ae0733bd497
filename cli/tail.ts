/** `tail`: prints what a push server sends as it comes, and says when the connection was lost. */
import { exitCodes, fault } from '../core/errors.ts';
import { formatNumber } from '../core/units.ts';
import type { ClientState } from '../transports/push-client/client-state.ts';
import { eventsBetween } from '../transports/push-client/event-order.ts';
import type { PushedEvent } from '../transports/push-client/link.ts';
import { protocols } from '../transports/push-client/link.ts';
import type { PushClient } from '../transports/push-client/push-client.ts';
import { createPushClient } from '../transports/push-client/push-client.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import {
  addAddress,
  checkAddress,
  choiceOf,
  collect,
  faultOfCauses,
  timeoutOf,
} from './push-address.ts';

interface Flags {
  readonly token?: string;
  readonly room?: readonly string[];
  readonly key?: readonly string[];
  readonly protocol: string;
  readonly history?: string;
  readonly lastEventId?: string;
  readonly timeout?: string;
  readonly count?: string;
  readonly wait?: true;
  readonly raw?: true;
  readonly json?: true;
}

export const tail: CommandFactory = (command, io, finish) => {
  addAddress(command)
    .option('--room <name>', 'a room to hear; may be repeated (default main)', collect)
    .option('--key <key>', 'only messages with this key, or none; may be repeated', collect)
    .option('--protocol <name>', 'ws, sse, or auto: what works', 'auto')
    .option('--history <n>', 'begin with the last n messages that are kept, or all')
    .option('--last-event-id <id>', 'begin behind this event')
    .option('--count <n>', 'end after n events')
    .option('--wait', 'wait for a server that is not there yet')
    .option('--raw', 'print what is on the wire, as it is')
    .option('--json', 'print one JSON object per event: event, id, data, at')
    .action(async (url: string, flags: Flags) => {
      await follow(url, flags, io);
      finish(exitCodes.passed);
    });
};

/** Resolves when as many events have come as were asked for, or at Ctrl-C. */
async function follow(url: string, flags: Flags, io: Io): Promise<void> {
  checkAddress(url, flags.token);
  if (flags.raw === true && flags.json === true) {
    throw fault('bad-usage', { problem: '--raw and --json exclude each other.', command: 'tail' });
  }
  const protocol = choiceOf('--protocol', flags.protocol, [...protocols, 'auto']);
  const count = countOf('--count', flags.count);
  const connectTimeoutMs = timeoutOf(flags.timeout);
  const client = createPushClient({
    url,
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    token: flags.token,
    rooms: flags.room ?? ['main'],
    keys: flags.key ?? [],
    protocols: protocol === 'auto' ? protocols : [protocol],
    history: flags.history === 'all' ? 'all' : (countOf('--history', flags.history) ?? 0),
    lastEventId: flags.lastEventId,
    onWire: flags.raw === true ? io.out : undefined,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      if (io.signal.aborted) resolve();
      io.signal.addEventListener('abort', () => resolve(), { once: true });
      let left = count ?? Number.POSITIVE_INFINITY;
      client.on('message', (event) => {
        if (left === 0) return;
        left -= 1;
        if (flags.json === true) io.out(`${jsonOf(event)}\n`);
        else if (flags.raw !== true) io.out(`${lineOf(event)}\n`);
        if (left === 0) resolve();
      });
      narrate(client, io, (state, wasOpen) => {
        const goesOn = state.is === 'waiting' && (wasOpen || flags.wait === true);
        if (!goesOn) reject(faultOfCauses(url, state.causes));
        return goesOn;
      });
    });
  } finally {
    await client.close();
  }
}

/**
 * Says on stderr what becomes of the connection.
 * @param goesOn decides whether it is waited for, by whether there ever was one
 */
function narrate(
  client: PushClient,
  io: Io,
  goesOn: (state: Extract<ClientState, { causes: unknown }>, wasOpen: boolean) => boolean,
): void {
  let wasOpen = false;
  let isOpen = false;
  let missedAfter: string | undefined;
  client.on('state', (state) => {
    if (state.is === 'open') {
      io.err(`${greetingOf(state, wasOpen)}\n`);
      wasOpen = true;
    } else if (state.is !== 'connecting' && goesOn(state, wasOpen) && state.is === 'waiting') {
      const why = state.causes.at(-1)?.says ?? '';
      const again = `again in ${formatNumber(state.ms / 1_000)} s`;
      io.err(isOpen ? `cut: ${why}; ${again}\n` : `not there: ${why}; ${again}\n`);
    }
    isOpen = state.is === 'open';
  });
  client.on('gap', ({ room, after }) => {
    missedAfter ??= after;
    io.err(`gap in ${JSON.stringify(room)}: what came after ${after} is not kept any more\n`);
  });
  client.on('message', ({ id }) => {
    if (missedAfter === undefined || id === '') return;
    const missed = eventsBetween(missedAfter, id);
    missedAfter = undefined;
    if (missed === undefined) io.err('missed an unknown number of events of another server\n');
    else io.err(`missed ${missed} events at most\n`);
  });
  client.on('refused', ({ status, message }) => io.err(`refused, ${status}: ${message}\n`));
}

function greetingOf(
  { transport, session, resumed }: Extract<ClientState, { is: 'open' }>,
  again: boolean,
): string {
  if (resumed) return `resumed over ${transport}`;
  return again
    ? `connected again over ${transport}, and forgotten meanwhile; session ${session}`
    : `connected over ${transport}; session ${session}`;
}

/** One line for people: id, name, data. */
function lineOf({ id, event, text, data }: PushedEvent): string {
  const words = [id === '' ? '-' : id, event, typeof data === 'string' ? data : text];
  return words.map(printable).join(' ');
}

/** What a server sends must not be able to steer the terminal; line ends and tabs do no harm. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) =>
    character === '\n' || character === '\t'
      ? character
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** The data as the server wrote it, so that no digit of a number is lost, unless it has line ends. */
function jsonOf({ event, id, text, data }: PushedEvent): string {
  const isText = typeof data === 'string' || data instanceof Uint8Array;
  const value = isText ? JSON.stringify(Buffer.isBuffer(data) ? text : data) : text;
  const members = [
    `"event":${JSON.stringify(event)}`,
    ...(id === '' ? [] : [`"id":${JSON.stringify(id)}`]),
    `"data":${/[\r\n]/.test(value) ? JSON.stringify(data) : value}`,
    `"at":${JSON.stringify(new Date().toISOString())}`,
  ];
  return `{${members.join(',')}}`;
}

/** @throws HarnessError naming the flag */
function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw fault('bad-value', { flag, problem: `'${text}' is not a number of events` });
}
