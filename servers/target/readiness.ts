/** Waits until a server that was started answers, and says what it was that did not come. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../../core/errors.ts';
import type { CommandGroup } from './command-group.ts';
import { lastLine, TargetFailure } from './target-failure.ts';

const LOOK_MS = 50;
/** How long a server of before may take to leave its port. */
const FREE_MS = 2_000;
/** How long one answer may take. */
const ANSWER_MS = 2_000;

/** What to look at: a URL that is to answer 2xx, something it prints, or a port that is to accept connections. */
export type Sign =
  | { readonly url: string }
  | { readonly output: RegExp }
  | { readonly host: string; readonly port: number };

/** @throws TargetFailure when the command ends first, or the time is up */
export async function waitUntilReady(
  title: string,
  group: CommandGroup,
  sign: Sign,
  timeoutMs: number,
): Promise<void> {
  const over = new AbortController();
  // What is missing, for the sentence.
  let missing = describe(sign);
  const ready =
    'output' in sign
      ? printed(group, sign.output)
      : answers(sign, over.signal, (why) => {
          missing = why;
        });
  const ended = group.ended.then(({ says }) => {
    throw new TargetFailure(`${title} did not get ready: it ${says}`, group.lastWords());
  });
  const late = pause(timeoutMs, undefined, { signal: over.signal }).then(() => {
    const seconds = Math.round(timeoutMs / 100) / 10;
    const words = group.lastWords();
    throw new TargetFailure(
      `${title} was not ready within ${seconds} s: ${missing}. The last it said${lastLine(words) || ': nothing'}`,
      words,
    );
  });
  // Whichever of them comes too late has nobody to tell.
  for (const one of [ready, ended, late]) one.catch(() => undefined);
  try {
    await Promise.race([ready, ended, late]);
  } finally {
    over.abort();
  }
}

/**
 * Whoever listens where it is going to would be measured in its place. One of before may still be ending.
 * @throws TargetFailure
 */
export async function waitUntilFree(title: string, host: string, port: number): Promise<void> {
  const deadline = performance.now() + FREE_MS;
  for (;;) {
    // Whoever is there after it was there when it was over: a look of before may have been long in coming back.
    const isLast = performance.now() > deadline;
    if ((await unreachable(host, port)) !== undefined) return;
    if (isLast) {
      throw new TargetFailure(
        `${title} is not started: something listens on ${host} port ${port} already, and would be measured in its place. End it, or have the server take {port}`,
      );
    }
    await pause(LOOK_MS);
  }
}

/** Whether somebody else has started it already. @throws TargetFailure */
export async function checkRunning(title: string, host: string, port: number): Promise<void> {
  const why = await unreachable(host, port);
  if (why === undefined) return;
  throw new TargetFailure(
    `${title} does not run: ${why}. Start it first, or give its file a 'start', with which it is started for each trial`,
  );
}

function describe(sign: Sign): string {
  if ('url' in sign) return `${sign.url} does not answer`;
  if ('output' in sign) return `it did not print what matches ${sign.output}`;
  return `nobody listens on port ${sign.port}`;
}

function printed(group: CommandGroup, pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const look = (words: string): void => {
      if (pattern.test(words)) resolve();
    };
    group.onWords(look);
    look(group.lastWords());
  });
}

async function answers(
  sign: Exclude<Sign, { readonly output: RegExp }>,
  signal: AbortSignal,
  onMissing: (why: string) => void,
): Promise<void> {
  while (!signal.aborted) {
    const why = 'url' in sign ? await badAnswer(sign.url) : await unreachable(sign.host, sign.port);
    if (why === undefined) return;
    onMissing(why);
    await pause(LOOK_MS, undefined, { signal });
  }
}

async function badAnswer(url: string): Promise<string | undefined> {
  // Loaded where there is a URL to be asked: most are ready as soon as their port is.
  const { request } = await import('undici');
  try {
    const { statusCode, body } = await request(url, {
      headersTimeout: ANSWER_MS,
      // Of a stream nobody waits for the end.
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    body.on('error', () => undefined).destroy();
    return statusCode >= 200 && statusCode < 300 ? undefined : `${url} answers ${statusCode}`;
  } catch (error) {
    return `${url} does not answer: ${reasonOf(error)}`;
  }
}

/** Undefined where a connection is accepted. */
function unreachable(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ANSWER_MS });
    const end = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`${host} port ${port} does not answer`));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(`nobody listens on ${host} port ${port} (${error.code ?? error.message})`),
    );
  });
}
