/** Opens connections through a path and keeps them, until it takes no more or there are enough; and says how it refuses. */
import { randomUUID } from 'node:crypto';
import type { Watched } from '../probing/connection.ts';
import { openStream } from '../probing/connection.ts';
import { crowdSignal } from '../probing/crowd-signal.ts';
import type { ProbeEndpoint } from '../probing/endpoint.ts';
import type { Origin, OriginSession } from '../probing/origin.ts';
import { ProbeFailure } from '../probing/probe-failure.ts';

/** At one time on their way. */
const AT_ONCE = 20;
/** So many refusals in a row, and none let in: it is full. */
const FULL_AFTER = 60;
/** Whoever has no answer by then waits, while nobody is let in, ms. */
const QUIET_MS = 3_000;
const LOOK_MS = 50;
/** Everybody hears something so often, or time-outs would make room again, ms. */
const BEAT_MS = 500;

export interface Climbed {
  /** Open at the same time, at the end. */
  readonly held: number;
  /** Let in and cut again while others came. */
  readonly cut: number;
  readonly tried: number;
  /** Whether it was given up because nobody was let in any more. */
  readonly isFull: boolean;
  /** How those were told that were not let in, and how many; `waits`: they were not. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** @throws ProbeFailure when it is interrupted, or this process may not open as many */
export async function climb(
  { endpoint, origin, signal }: { endpoint: ProbeEndpoint; origin: Origin; signal: AbortSignal },
  most: number,
): Promise<Climbed> {
  const enough = new AbortController();
  const ending = crowdSignal(AbortSignal.any([signal, enough.signal]));
  const open: Watched[] = [];
  const refusals = new Map<string, number>();
  let cut = 0;
  let [tried, inARow] = [0, 0];
  let letInAt = performance.now();
  let isFull = false;
  let isQuiet = false;
  let own: ProbeFailure | undefined;
  const sessions: OriginSession[] = [];
  const attempt = async (): Promise<void> => {
    const id = randomUUID();
    const url = new URL(origin.pathOf(endpoint.transport, id), endpoint.url);
    try {
      const one = await openStream(
        { ...endpoint, url },
        { arrived: () => undefined },
        { signal: ending },
      );
      open.push(one);
      sessions.push(await origin.session(id));
      void one.ended.then(({ end }) => {
        if (end.how !== 'open') cut += 1;
      });
      inARow = 0;
      letInAt = performance.now();
    } catch (error) {
      if (!(error instanceof ProbeFailure)) throw error;
      if (error.code === 'EMFILE' || error.code === 'EADDRNOTAVAIL') own = error;
      if (error.kind === 'aborted' && isFull) {
        // It was not waited for: what would have become of it is known from the others.
        tried -= 1;
        return;
      }
      const how = refusalOf(error);
      refusals.set(how, (refusals.get(how) ?? 0) + 1);
      if (how !== WAITS) inARow += 1;
    }
  };
  /**
   * Takes the next place until there are none. After the first refusal one by one: those that are on their
   * way to be refused take up room, too.
   */
  const go = async (isFirst: boolean): Promise<void> => {
    while (tried < most && !ending.aborted && (isFirst || refusals.size === 0)) {
      tried += 1;
      await attempt();
      if (inARow < FULL_AFTER && own === undefined) continue;
      isFull = true;
      enough.abort();
    }
  };
  const beating = setInterval(() => {
    for (const session of sessions) session.beat();
  }, BEAT_MS);
  const watch = setInterval(() => {
    if (performance.now() - letInAt <= QUIET_MS) return;
    isQuiet = true;
    enough.abort();
  }, LOOK_MS);
  try {
    const going = await Promise.allSettled(
      Array.from({ length: AT_ONCE }, (_, index) => go(index === 0)),
    );
    for (const one of going) if (one.status === 'rejected') throw one.reason;
    if (signal.aborted) throw new ProbeFailure('aborted', 'interrupted');
    if (own !== undefined)
      throw new ProbeFailure(
        'unreachable',
        `this machine gives no more connections: ${own.message}`,
        own.code,
      );
    return { held: open.length - cut, cut, tried, isFull: isFull || isQuiet, refusals };
  } finally {
    clearInterval(watch);
    clearInterval(beating);
    for (const one of open) one.abandon();
    await Promise.all(open.map(({ ended }) => ended));
  }
}

export const WAITS = 'waits';

/** As a client sees it. */
export function refusalOf({ kind, answer, message }: ProbeFailure): string {
  if (answer !== undefined) return `answered ${answer.status}`;
  switch (kind) {
    // Given up by us, or after the time for an answer.
    case 'aborted':
    case 'silent':
      return WAITS;
    case 'refused':
      return 'refused';
    case 'hung-up':
      return /ECONNRESET/.test(message) ? 'reset' : 'hung up on';
    default:
      return message;
  }
}
