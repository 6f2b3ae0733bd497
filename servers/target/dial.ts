/** Opens a WebSocket connection to a target as a client would: handshake, opening, answers to its heartbeats. */
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { WebSocket } from 'ws';
import type { OpeningStep, TargetPost } from '../../core/target.ts';

/** How long the handshake and the opening may take together. */
const OPEN_MS = 10_000;
/** Number of the client that publishes: nobody else has it. */
const CLIENT = '2147483647';
const SHORT = 120;

export interface Dialled {
  readonly socket: WebSocket;
  /** Fills `{client}`, and `{id}` with what the opening found. */
  place(text: string): string;
}

export interface DialOptions {
  readonly url: string;
  readonly protocol: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly opening: readonly OpeningStep[];
  readonly replies: ReadonlyMap<string, string>;
}

/** @throws Error that says which step waited for what */
export async function dial(options: DialOptions): Promise<Dialled> {
  const { protocol, opening, replies } = options;
  let id = '';
  const place = (text: string): string =>
    text.replaceAll('{client}', CLIENT).replaceAll('{id}', id);
  const socket = new WebSocket(place(options.url), protocol === undefined ? [] : [protocol], {
    headers: placeAll(options.headers, place),
    handshakeTimeout: OPEN_MS,
    perMessageDeflate: false,
  });
  const inbox = createInbox();
  socket.on('message', (data: Buffer) => {
    const text = data.toString('utf8');
    const reply = replies.get(text);
    if (reply === undefined) inbox.put(text);
    else socket.send(reply, () => undefined);
  });
  const carryOut = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      socket.once('open', () => resolve());
    });
    for (const step of opening) {
      if ('send' in step) socket.send(place(step.send), () => undefined);
      else if ('post' in step) await post(step.post, place);
      else id = (await inbox.matching(new RegExp(step.await))).groups?.['id'] ?? id;
    }
  };
  const failed = new Promise<never>((_, reject) => {
    socket.on('error', reject);
    socket.once('close', (code) => reject(new Error(`it was closed with code ${code}`)));
  });
  const over = new AbortController();
  const late = pause(OPEN_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`it took longer than ${OPEN_MS / 1_000} s: ${inbox.waiting()}`);
  });
  const done = carryOut();
  // Whichever of them comes too late has nobody to tell.
  for (const one of [done, failed, late]) one.catch(() => undefined);
  try {
    await Promise.race([done, failed, late]);
    return { socket, place };
  } catch (error) {
    socket.terminate();
    throw error;
  } finally {
    over.abort();
    inbox.close();
  }
}

interface Inbox {
  put(text: string): void;
  /** The next that matches; others are passed over. */
  matching(pattern: RegExp): Promise<RegExpExecArray>;
  /** What is waited for, and what came instead. */
  waiting(): string;
  /** Keeps nothing any more. */
  close(): void;
}

function createInbox(): Inbox {
  let texts: string[] = [];
  let last: string | undefined;
  let awaited = 'the handshake';
  let isClosed = false;
  let look: () => void = () => undefined;
  return {
    put(text) {
      if (isClosed) return;
      texts.push(text);
      last = text;
      look();
    },
    matching(pattern) {
      awaited = `what matches ${pattern}`;
      return new Promise((resolve) => {
        look = () => {
          for (let text = texts.shift(); text !== undefined; text = texts.shift()) {
            const match = pattern.exec(text);
            if (match === null) continue;
            look = () => undefined;
            return resolve(match);
          }
        };
        look();
      });
    },
    waiting: () =>
      `it waited for ${awaited}, and ${last === undefined ? 'nothing came' : `'${last.slice(0, SHORT)}' came last`}`,
    close() {
      isClosed = true;
      texts = [];
    },
  };
}

async function post(
  { url, method = 'POST', headers = {}, body }: TargetPost,
  place: (text: string) => string,
): Promise<void> {
  const answer = await request(place(url), {
    method: method as 'POST',
    headers: placeAll(headers, place),
    body: body === undefined ? null : place(body),
  });
  await answer.body.dump();
  if (answer.statusCode > 299) {
    throw new Error(`the POST of the opening was answered with ${answer.statusCode}`);
  }
}

function placeAll(
  texts: Readonly<Record<string, string>>,
  place: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, place(text)]));
}
