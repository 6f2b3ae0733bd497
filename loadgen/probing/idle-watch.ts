/**
 * Watches several connections to somebody's endpoint until they are cut or the time is over, all at once.
 * What the server says by itself cannot be stopped from here, so silences longer than that are not seen.
 */
import type { IdleFacts, IdleWatch, Silences, Talk } from '../../core/records/probe.ts';
import { pauseUntilAborted } from '../pause.ts';
import type { Arrival, Watched } from './connection.ts';
import { openStream } from './connection.ts';
import { crowdSignal } from './crowd-signal.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import { judgeIdle } from './idle-judge.ts';
import { ProbeFailure } from './probe-failure.ts';
import { createSilenceBook } from './silence-book.ts';

/** How long an answer to a ping may take, ms. */
const PONG_MS = 2_000;
/** Connections are not opened all in the same instant: whatever is cut at one moment is told from what is cut at one age. */
const STAGGER_MS = 30;
/** After a cut, the others have to live for so many times as long to show that they do not mind. */
const LONGER_THAN_CUT = 1.7;
const AND_MS = 1_000;

export interface IdleWatchOptions {
  readonly endpoint: ProbeEndpoint;
  readonly talks: readonly Talk[];
  readonly maxMs: number;
  /** Said once on each connection when it is open. */
  readonly greeting?: string | undefined;
  /** Whether the server was seen to answer pings: then one at the end shows who is still there. */
  readonly answersPings: boolean;
  readonly signal: AbortSignal;
  /** What arrives on the first connection of the plan. */
  arrived(arrival: Arrival): void;
  /** The first connection is open. */
  opened(at: number): void;
  onEnd(watch: IdleWatch): void;
}

interface Line {
  readonly talk: Talk;
  readonly watched: Watched;
  readonly book: ReturnType<typeof createSilenceBook>;
  readonly pongs: { at: number };
  timer: NodeJS.Timeout | undefined;
  result: IdleWatch | undefined;
}

export async function watchIdle(given: IdleWatchOptions): Promise<IdleFacts> {
  const { talks, maxMs } = given;
  const signal = crowdSignal(given.signal);
  const options = { ...given, signal };
  const lines: Line[] = [];
  const refusals: string[] = [];
  let over: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    over = resolve;
  });
  const timers = new Set<NodeJS.Timeout>();
  signal.addEventListener('abort', over, { once: true });
  if (signal.aborted) over();
  let opening = true;
  const overWhenAllEnded = (): void => {
    if (!opening && lines.every(({ result }) => result !== undefined)) over();
  };
  const open = async (talk: Talk, index: number): Promise<void> => {
    await pauseUntilAborted(index * STAGGER_MS, signal);
    // Whoever turns one away is not asked again and again.
    if (signal.aborted || refusals.length > 0) return;
    try {
      const line = await openLine(talk, options, index === 0);
      lines.push(line);
      void line.watched.ended.then(({ end, at }) => {
        clearInterval(line.timer);
        if (end.how === 'open' || line.result !== undefined) return;
        line.result = resultOf(line, end, at);
        options.onEnd(line.result);
        // What is cut later than this is not cut for the same reason.
        timers.add(setTimeout(over, line.result.ageMs * (LONGER_THAN_CUT - 1) + AND_MS));
        overWhenAllEnded();
      });
    } catch (error) {
      if (!(error instanceof ProbeFailure)) throw error;
      if (error.kind !== 'aborted') refusals.push(error.message);
    }
  };
  try {
    const opened = await Promise.allSettled(talks.map(open));
    for (const one of opened) if (one.status === 'rejected') throw one.reason;
    opening = false;
    timers.add(setTimeout(over, maxMs));
    overWhenAllEnded();
    await finished;
    for (const line of lines) clearInterval(line.timer);
    if (!signal.aborted && options.answersPings) await lookWhoIsThere(lines, signal);
  } finally {
    signal.removeEventListener('abort', over);
    for (const timer of timers) clearTimeout(timer);
    for (const line of lines) clearInterval(line.timer);
    const now = performance.now();
    for (const line of lines) line.result ??= resultOf(line, { how: 'open' }, now);
    if (signal.aborted) for (const { watched } of lines) watched.abandon();
    else await Promise.all(lines.map(({ watched }) => watched.leave()));
  }
  const watches = lines.flatMap(({ result }) => result ?? []);
  const why = refusals.at(-1);
  return {
    watches,
    verdict: judgeIdle(watches),
    refused: why === undefined ? undefined : { count: talks.length - lines.length, why },
    maxMs,
    interrupted: signal.aborted,
  };
}

async function openLine(talk: Talk, options: IdleWatchOptions, first: boolean): Promise<Line> {
  const { endpoint, signal, greeting } = options;
  const pongs = { at: Number.NEGATIVE_INFINITY };
  // Bytes may come with the head, before it is known when that was.
  let book: ReturnType<typeof createSilenceBook> | undefined;
  const early: Arrival[] = [];
  const take = (arrival: Arrival): void => {
    if (arrival.kind === 'pong') pongs.at = arrival.at;
    // A ping is answered by the library: the client has spoken.
    if (arrival.kind === 'ping') book?.said(arrival.at);
    if (first) options.arrived(arrival);
  };
  const watched = await openStream(
    endpoint,
    {
      heard: (at) => book?.heard(at),
      arrived(arrival) {
        if (book === undefined) early.push(arrival);
        else take(arrival);
      },
    },
    { signal },
  );
  book = createSilenceBook(watched.openedAt);
  if (first) options.opened(watched.openedAt);
  for (const arrival of early) {
    book.heard(arrival.at);
    take(arrival);
  }
  if (greeting !== undefined && watched.say({ text: greeting })) book.said(performance.now());
  const line: Line = { talk, watched, book, pongs, timer: undefined, result: undefined };
  const { kind, everyMs } = talk;
  if (kind !== 'nothing' && everyMs !== undefined) {
    line.timer = setInterval(() => {
      if (watched.say(kind)) line.book.said(performance.now());
    }, everyMs);
  }
  return line;
}

function resultOf({ talk, watched, book }: Line, end: IdleWatch['end'], at: number): IdleWatch {
  const lastSilence: Silences = book.current(at);
  return { talk, end, ageMs: at - watched.openedAt, lastSilence, survived: book.survived };
}

/** One ping to each: who does not answer was cut without anybody having been told. */
async function lookWhoIsThere(lines: readonly Line[], signal: AbortSignal): Promise<void> {
  const open = lines.filter(({ result }) => result === undefined);
  const asked = open.map((line) => {
    const at = performance.now();
    const silences = line.book.current(at);
    if (line.watched.say('ping')) line.book.said(at);
    return { line, at, silences };
  });
  const answered = (): boolean =>
    asked.every(({ line, at }) => line.pongs.at >= at || line.result !== undefined);
  const until = performance.now() + PONG_MS;
  while (!answered() && performance.now() < until && !signal.aborted)
    await pauseUntilAborted(20, signal);
  for (const { line, at, silences } of asked) {
    if (line.pongs.at >= at || line.result !== undefined || signal.aborted) continue;
    line.result = {
      talk: line.talk,
      end: { how: 'swallowed' },
      ageMs: at - line.watched.openedAt,
      lastSilence: silences,
      survived: line.book.survived,
    };
  }
}
