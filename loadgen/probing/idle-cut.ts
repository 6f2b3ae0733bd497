/**
 * After how long a silence a path cuts a connection to an origin of ours: one connection for each silence,
 * all at the same time, so that it takes as long as the longest and not as long as all of them.
 *
 * ```
 * silence 2 s  ├──────●                       the event behind it arrives: survived
 * silence 4 s  ├────────────●
 * silence 8 s  ├──────────────▌ ⋯⋯⋯●          cut at 5 s; the event that was sent at 8 s is lost
 * ```
 */

import { median } from '../../core/median.ts';
import type { End, Silent, StreamKind } from '../../core/records/probe.ts';
import { pauseUntilAborted } from '../pause.ts';
import { crowdSignal } from './crowd-signal.ts';
import type { MeasuredPath, OriginLine } from './origin-line.ts';
import { openLine } from './origin-line.ts';
import { ProbeFailure } from './probe-failure.ts';

/** How often the side that is not silent speaks, ms. */
const CHATTER_MS = 250;
const GRACE_MS = 1_000;

export interface IdleCutOptions extends MeasuredPath {
  readonly silences: readonly number[];
  /** Who is silent: the server (the client goes on speaking: WebSocket only), the client, or both. */
  readonly direction: Silent;
  /** How long the event behind a silence may take, ms (default 1 s). */
  readonly graceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface SilenceTrial {
  readonly silenceMs: number;
  /** `swallowed`: the connection seems open, and the event behind the silence did not come. */
  readonly outcome: 'survived' | 'cut' | 'swallowed';
  /** From the beginning of the silence to the end, as the client sees it, ms. */
  readonly cutAfterMs: number | undefined;
  readonly end: End;
  /** Events that the origin handed over after the silence began and that never came. */
  readonly lostEvents: number;
  /** From the client's end to when the origin was told, ms: negative where it knew first, undefined where it was not told. */
  readonly originToldMs: number | undefined;
}

export interface IdleCut {
  readonly transport: StreamKind;
  readonly direction: Silent;
  readonly trials: readonly SilenceTrial[];
  /** The longest silence that was survived, and the shortest that was not, ms. */
  readonly survivedMs: number;
  readonly notSurvivedMs: number | undefined;
  /** The median time after which connections were cut, ms; undefined where none was, or nobody was told. */
  readonly cutMs: number | undefined;
}

/** @throws ProbeFailure when a connection does not come about */
export async function measureIdleCut(given: IdleCutOptions): Promise<IdleCut> {
  const { endpoint, direction, silences } = given;
  const signal = given.signal === undefined ? undefined : crowdSignal(given.signal);
  const options = { ...given, signal };
  if (direction === 'server' && endpoint.transport === 'sse') {
    throw new RangeError('a client of an event stream cannot speak');
  }
  const tried = await Promise.allSettled(silences.map((ms) => trySilence(ms, options)));
  // Not before all are over, or connections would be left behind.
  const trials = tried.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  const survived = trials.filter(({ outcome }) => outcome === 'survived');
  const others = trials.filter(({ outcome }) => outcome !== 'survived');
  return {
    transport: endpoint.transport,
    direction,
    trials,
    survivedMs: Math.max(0, ...survived.map(({ silenceMs }) => silenceMs)),
    notSurvivedMs:
      others.length === 0 ? undefined : Math.min(...others.map(({ silenceMs }) => silenceMs)),
    cutMs: median(trials.flatMap(({ cutAfterMs }) => cutAfterMs ?? [])),
  };
}

async function trySilence(silenceMs: number, options: IdleCutOptions): Promise<SilenceTrial> {
  const { direction, graceMs = GRACE_MS, signal } = options;
  const line = await openLine(options, signal);
  const { client, session } = line;
  try {
    // The path has carried something both ways, or at least down, before the silence begins.
    const first = session.say();
    const begun = first === undefined ? undefined : await line.arrival(first.n, graceMs);
    if (begun === undefined) {
      throw new ProbeFailure('silent', 'the first event did not come through the path');
    }
    if (direction === 'both') client.say({ text: 'hello' });
    const startedAt = performance.now();
    const ending = { end: { how: 'open' } as End, at: undefined as number | undefined };
    void client.ended.then(({ end, at }) => {
      if (end.how !== 'open') Object.assign(ending, { end, at });
    });
    await silence(line, silenceMs, direction, signal);
    // Whether or not it was told: an origin that was not told goes on sending.
    const last = session.say();
    const arrived = last === undefined ? undefined : await line.arrival(last.n, graceMs);
    const told = await toldWithin(session.gone, ending.at === undefined ? 0 : graceMs);
    const cut = ending.at;
    return {
      silenceMs,
      outcome: arrived !== undefined ? 'survived' : cut === undefined ? 'swallowed' : 'cut',
      cutAfterMs: arrived === undefined && cut !== undefined ? cut - startedAt : undefined,
      end: arrived === undefined && cut === undefined ? { how: 'swallowed' } : ending.end,
      lostEvents: session.said.length - line.received.length,
      originToldMs: cut === undefined || told === undefined ? undefined : told - cut,
    };
  } finally {
    await client.leave();
  }
}

/** Resolves when it is over, for whatever it takes: a connection that is cut early is waited for all the same. */
async function silence(
  { client, session }: OriginLine,
  ms: number,
  direction: Silent,
  signal: AbortSignal | undefined,
): Promise<void> {
  const chatter = setInterval(
    () => {
      if (direction === 'server') client.say({ text: 'still here' });
      if (direction === 'client') session.say();
    },
    Math.min(CHATTER_MS, ms / 4),
  );
  await pauseUntilAborted(ms, signal);
  clearInterval(chatter);
}

/** @returns when the origin was told, unless that takes longer */
export function toldWithin(
  gone: Promise<{ readonly at: number }>,
  ms: number,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    void gone.then(({ at }) => {
      clearTimeout(timer);
      resolve(at);
    });
  });
}
