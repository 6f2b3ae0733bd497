/**
 * The race of keep-alive: POSTs are sent on connections that have been idle for about as long as the server
 * keeps them, at steps before and after that moment.
 *
 *     answer ──────── idle ────────┬─ the server closes
 *                    POST at −4 ms ┤ +4 ms: the path knows, and takes a new connection
 *                                  └ in between: it is sent to nobody
 */
import { randomUUID } from 'node:crypto';
import { pauseUntilAborted } from '../../pause.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import type { Outcome, PostClient } from './post-client.ts';
import { createPostClient, lossOf } from './post-client.ts';
import { POST_PATH } from './post-origin.ts';

/** Steps of the sweep, and of what is said of it, ms. */
const STEP_MS = 2;
export const REACH_MS = 20;
export const SWEEP_MS: readonly number[] = Array.from(
  { length: (2 * REACH_MS) / STEP_MS + 1 },
  (_, step) => step * STEP_MS - REACH_MS,
);

export interface RaceOptions {
  readonly url: URL;
  /** As it was measured: from an answer until the client knows that the connection is closed, ms. */
  readonly closesAfterMs: number;
  readonly clients: number;
  /** When each batch is sent, relative to the close, ms. */
  readonly offsets: readonly number[];
  /** Where the POSTs go whose fate is looked at; left out: where nothing is lost but by a race. */
  readonly path?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Attempt {
  /** When it was really sent, relative to the close, ms. */
  readonly offsetMs: number;
  readonly outcome: Outcome;
}

/** @throws ProbeFailure where it is interrupted */
export async function runRace(options: RaceOptions): Promise<Attempt[]> {
  const { url, clients: count, offsets, closesAfterMs, timeoutMs, signal } = options;
  const { path = POST_PATH } = options;
  const clients = Array.from({ length: count }, () => createPostClient(url, timeoutMs));
  const attempts: Attempt[] = [];
  try {
    for (const offset of offsets) {
      const idleMs = closesAfterMs + offset;
      const found = await Promise.all(
        clients.map((client) => attempt(client, `${path}/${randomUUID()}`, idleMs, signal)),
      );
      if (signal.aborted) throw new ProbeFailure('aborted', 'interrupted');
      for (const one of found) {
        if (one !== undefined)
          attempts.push({ offsetMs: one.idleMs - closesAfterMs, outcome: one.outcome });
      }
    }
  } finally {
    for (const client of clients) client.close();
  }
  return attempts;
}

/** @returns undefined where no connection was there to be idle */
async function attempt(
  client: PostClient,
  path: string,
  idleMs: number,
  signal: AbortSignal,
): Promise<{ readonly idleMs: number; readonly outcome: Outcome } | undefined> {
  const warm = await client.post(POST_PATH);
  if (lossOf(warm.outcome) !== undefined) return undefined;
  await pauseUntilAborted(warm.endedAt + idleMs - performance.now(), signal);
  const { sentAt, outcome } = await client.post(path);
  return { idleMs: sentAt - warm.endedAt, outcome };
}

export interface RaceTally {
  /** Within the reach of the sweep. */
  readonly attempts: number;
  /** Those that were sent so much later than meant, by a busy machine, that they are not in it. */
  readonly late: number;
  /** How many were not answered by the server, by what the client got instead. */
  readonly losses: ReadonlyMap<string, number>;
  /** Where any was lost, by the step. */
  readonly lostAt: readonly {
    readonly offsetMs: number;
    readonly lost: number;
    readonly tried: number;
  }[];
  /**
   * Shares that came on a connection that had been idle, of those sent in the first and in the last quarter.
   * One that another POST of the same batch has just opened was not.
   */
  readonly idleBefore: number | undefined;
  readonly idleAfter: number | undefined;
}

export function tallyRace(all: readonly Attempt[], closesAfterMs: number): RaceTally {
  const near = all.filter(({ offsetMs }) => Math.abs(offsetMs) <= REACH_MS + STEP_MS);
  const losses = new Map<string, number>();
  const steps = new Map<number, { lost: number; tried: number }>();
  for (const { offsetMs, outcome } of near) {
    // Adding 0 makes 0 of −0.
    const step = Math.round(offsetMs / STEP_MS) * STEP_MS + 0;
    const at = steps.get(step) ?? { lost: 0, tried: 0 };
    steps.set(step, at);
    at.tried += 1;
    const loss = lossOf(outcome);
    if (loss === undefined) continue;
    at.lost += 1;
    losses.set(loss, (losses.get(loss) ?? 0) + 1);
  }
  const idleOf = (some: readonly Attempt[]): number | undefined => {
    const answered = some.flatMap(({ outcome }) => (outcome.how === 'answered' ? outcome : []));
    if (answered.length === 0) return undefined;
    const idle = answered.filter(
      ({ receipt }) => receipt.request > 1 && receipt.idleMs >= closesAfterMs / 2,
    );
    return idle.length / answered.length;
  };
  return {
    attempts: near.length,
    late: all.length - near.length,
    losses,
    lostAt: [...steps]
      .filter(([, { lost }]) => lost > 0)
      .sort(([a], [b]) => a - b)
      .map(([offsetMs, counts]) => ({ offsetMs, ...counts })),
    idleBefore: idleOf(near.filter(({ offsetMs }) => offsetMs < -REACH_MS / 2)),
    idleAfter: idleOf(near.filter(({ offsetMs }) => offsetMs > REACH_MS / 2)),
  };
}

/**
 * The most that `lost` of `attempts` is compatible with, per thousand, where none was lost: with 95 % certainty
 * it is less than 3 of them. That is for attempts that have nothing to do with each other; those of a batch
 * share their moment, so it is rather too low. https://en.wikipedia.org/wiki/Rule_of_three_(statistics)
 */
export const ruleOfThreePer1000 = (attempts: number): number => Math.min(1_000, 3_000 / attempts);

/** '−2', '0', '+2' */
export const signedStep = (ms: number): string =>
  ms === 0 ? '0' : `${ms < 0 ? '−' : '+'}${Math.abs(ms)}`;
