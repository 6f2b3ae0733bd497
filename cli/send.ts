/** `send`: publishes, asks the application of a push server, or asks one of its clients. */
import { exitCodes, fault } from '../core/errors.ts';
import { parseAddress } from '../transports/push-client/address.ts';
import type { PostAnswer } from '../transports/push-client/link.ts';
import { createPoster } from '../transports/push-client/poster.ts';
import type { PushClient } from '../transports/push-client/push-client.ts';
import { createPushClient } from '../transports/push-client/push-client.ts';
import { PushClientError } from '../transports/push-client/push-client-error.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import {
  addAddress,
  checkAddress,
  choiceOf,
  faultOfCauses,
  faultOfError,
  timeoutOf,
} from './push-address.ts';

interface Flags {
  readonly token?: string;
  readonly room?: string;
  readonly event?: string;
  readonly key?: string;
  readonly protocol: string;
  readonly request?: true;
  readonly ask?: string;
  readonly timeout?: string;
}

/** Does one thing with one text, and says what came of it; '' is nothing to say. */
type Sender = (text: string) => Promise<string>;

/** The longest answer of a server to a POST, ms, unless it was said; a question to a client may take it five minutes. */
const POST_TIMEOUT_MS = 10_000;
const ASK_TIMEOUT_MS = 310_000;

export const send: CommandFactory = (command, io, finish) => {
  addAddress(command)
    .argument('[text...]', 'messages; without any, each line of standard input is one')
    .option('--room <name>', 'publish to this room (default main)')
    .option('--event <name>', 'the name of the event')
    .option('--key <key>', 'the key of the message')
    .option('--protocol <name>', 'post, or ws: a WebSocket frame', 'post')
    .option('--request', 'ask the application of the server, and print its answer')
    .option('--ask <session>', 'ask the client with this session, and print its answer')
    .action(async (url: string, texts: readonly string[], flags: Flags) => {
      await sendAll(url, texts, flags, io);
      finish(io.signal.aborted ? exitCodes.interrupted : exitCodes.passed);
    });
};

async function sendAll(url: string, texts: readonly string[], flags: Flags, io: Io): Promise<void> {
  const protocol = choiceOf('--protocol', flags.protocol, ['post', 'ws']);
  checkAddress(url, flags.token);
  checkFlags(flags);
  const { sender, close } =
    flags.ask !== undefined
      ? asker(url, flags.ask, flags)
      : flags.request === true || protocol === 'ws'
        ? overClient(url, protocol, flags, io)
        : publisher(url, flags);
  let published = 0;
  try {
    for await (const text of texts.length > 0 ? texts : (io.lines?.(io.signal) ?? [])) {
      if (io.signal.aborted) break;
      const outcome = await sender(text);
      if (outcome !== '') io.out(`${outcome}\n`);
      else published += 1;
    }
  } catch (error) {
    // Whatever was under way when it was interrupted has not failed by itself.
    if (!io.signal.aborted) throw faultOfError(url, error);
  } finally {
    await close();
    // What arrived is worth knowing also where something after it failed.
    if (published > 0)
      io.err(`published ${published} ${published === 1 ? 'message' : 'messages'}\n`);
  }
}

function checkFlags({ room, event, key, request, ask }: Flags): void {
  const purposes = [request === true, ask !== undefined].filter(Boolean).length;
  const publishes = [room, event, key].some((one) => one !== undefined);
  if (purposes < 2 && !(purposes === 1 && publishes)) return;
  throw fault('bad-usage', {
    problem: '--request and --ask exclude each other, and --room, --event and --key.',
    command: 'send',
  });
}

interface Opened {
  readonly sender: Sender;
  close(): Promise<void>;
}

function publisher(url: string, { token, room, event, key, timeout }: Flags): Opened {
  const timeoutMs = timeoutOf(timeout) ?? POST_TIMEOUT_MS;
  const poster = createPoster(parseAddress(url).base, headersWith(token), timeoutMs);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ room, event, key })) {
    if (value !== undefined) query.set(name, value);
  }
  return {
    async sender(text) {
      const answer = await poster.post(`/publish?${query}`, typeOf(text), text);
      if (answer.status !== 204) throw strangeAnswer(url, answer);
      return '';
    },
    close: poster.close,
  };
}

function asker(url: string, session: string, { token, timeout }: Flags): Opened {
  const timeoutMs = timeoutOf(timeout) ?? ASK_TIMEOUT_MS;
  const poster = createPoster(parseAddress(url).base, headersWith(token), timeoutMs);
  const path = `/sessions/${encodeURIComponent(session)}/ask`;
  return {
    async sender(text) {
      const answer = await poster.post(path, typeOf(text), text).catch((error: unknown) => {
        throw unanswered(error);
      });
      const outcome: unknown = isJson(answer.text) ? JSON.parse(answer.text) : undefined;
      if (!isRecord(outcome) || !('data' in outcome)) throw strangeAnswer(url, answer);
      return JSON.stringify(outcome['data']);
    },
    close: poster.close,
  };
}

/** What a client did not answer is not the server's fault, although HTTP says it in a status. */
function unanswered(error: unknown): unknown {
  if (!(error instanceof PushClientError) || error.body === undefined) return error;
  const outcome: unknown = isJson(error.body) ? JSON.parse(error.body) : undefined;
  if (!isRecord(outcome) || typeof outcome['outcome'] !== 'string') return error;
  const why = {
    failed: String(outcome['error']),
    timeout: 'it took too long',
    left: 'it has left',
  }[outcome['outcome']];
  return why === undefined ? error : fault('not-answered', { what: 'question', why });
}

function overClient(url: string, protocol: 'post' | 'ws', flags: Flags, io: Io): Opened {
  const { token, room, event, key } = flags;
  const timeoutMs = timeoutOf(flags.timeout);
  const client = createPushClient({
    url,
    token,
    protocols: [protocol === 'ws' ? 'ws' : 'sse'],
    ...(timeoutMs === undefined ? {} : { connectTimeoutMs: timeoutMs }),
  });
  const gaveUp = new Promise<never>((_, reject) => {
    io.signal.addEventListener('abort', () => reject(new Error('interrupted')), { once: true });
    client.on('state', (state) => {
      // It would try again for ever; here somebody waits.
      if (state.is === 'waiting' || state.is === 'closed') reject(faultOfCauses(url, state.causes));
    });
  });
  // It is raced against below; before that, nobody minds.
  gaveUp.catch(() => undefined);
  return {
    async sender(text) {
      const data: unknown = isJson(text) ? JSON.parse(text) : text;
      const done = flags.request === true ? requestOf(client, data, timeoutMs) : publish(data);
      // Why it was closed is known better where it was noticed.
      const known = done.catch((error: unknown) => {
        if (error instanceof PushClientError && error.code === 'closed') return gaveUp;
        throw error;
      });
      return Promise.race([known, gaveUp]);
    },
    close: () => client.close(),
  };

  async function publish(data: unknown): Promise<string> {
    await client.publish(data, { room, event, key, confirm: true });
    return '';
  }
}

async function requestOf(
  client: PushClient,
  data: unknown,
  timeoutMs: number | undefined,
): Promise<string> {
  try {
    return JSON.stringify(
      (await client.request(data, timeoutMs === undefined ? {} : { timeoutMs })) ?? null,
    );
  } catch (error) {
    const isOurs = error instanceof PushClientError && ['failed', 'timeout'].includes(error.code);
    throw isOurs ? fault('not-answered', { what: 'request', why: error.message }) : error;
  }
}

function headersWith(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function typeOf(text: string): string {
  return isJson(text) ? 'application/json' : 'text/plain; charset=utf-8';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Everybody answers something to a POST; what this one says, no push server does. */
function strangeAnswer(url: string, { status }: PostAnswer): Error {
  return fault('not-a-push-server', { url, why: `it answered ${status}, and nothing it should` });
}
