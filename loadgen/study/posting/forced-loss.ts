/**
 * What becomes of a POST when the race of keep-alive is lost: told by an origin that loses it for certain,
 * whenever a POST comes on a connection that was used before.
 */
import { randomUUID } from 'node:crypto';
import type { Outcome, PostClient } from './post-client.ts';
import { createPostClient, lossOf } from './post-client.ts';
import type { Losing } from './post-origin.ts';
import { LOSING_PATHS, POST_PATH } from './post-origin.ts';

/** What was not lost: nobody sends on a used connection, or the path has sent it again. */
export const NEW_CONNECTION = 'a new connection';
export const SENT_AGAIN = 'sent again';

export interface ForcedOptions {
  readonly url: URL;
  readonly times: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * One after the other, each from a client that has had an answer on its connection before.
 * @returns how often the client was told what
 */
export async function forceLosses(
  how: Losing,
  { url, times, timeoutMs, signal }: ForcedOptions,
): Promise<ReadonlyMap<string, number>> {
  const told = new Map<string, number>();
  for (let n = 0; n < times && !signal.aborted; n += 1) {
    const client = createPostClient(url, timeoutMs);
    try {
      const word = await forceOne(client, `${LOSING_PATHS[how]}/${randomUUID()}`);
      told.set(word, (told.get(word) ?? 0) + 1);
    } finally {
      client.close();
    }
  }
  return told;
}

async function forceOne(client: PostClient, path: string): Promise<string> {
  const warm = await client.post(POST_PATH);
  // Without an answer before there is nothing to lose.
  const before = lossOf(warm.outcome);
  return before ?? wordOf((await client.post(path)).outcome);
}

function wordOf(outcome: Outcome): string {
  if (outcome.how !== 'answered') return lossOf(outcome) ?? '';
  return outcome.receipt.arrivals > 1 ? SENT_AGAIN : NEW_CONNECTION;
}

/** '502' where it was always that; else 'hung up (7), 502 (3)'. */
export function toldText(told: ReadonlyMap<string, number>): string {
  const sorted = [...told].sort(([, a], [, b]) => b - a);
  const [only] = sorted;
  if (only !== undefined && sorted.length === 1) return only[0];
  return sorted.map(([word, count]) => `${word} (${count})`).join(', ');
}
