/** How long to wait before connecting again, and why nobody waits the same time as anybody else. */
import type { Random } from '../../core/random.ts';

/**
 * @param attempt 0 after a connection was cut, and one more after each round that failed
 * @param retryMs what the server asked for, if it did
 * @returns ms to wait
 */
export type Reconnect = (attempt: number, retryMs: number | undefined, random: Random) => number;

/** Node fires a timer that is set for longer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Anything between nothing and a limit that doubles: of all ways to spread a crowd that was cut off at one
 * moment, the one with the fewest collisions. What the server asked for comes on top, never instead, or a
 * crowd that was told one time would come back at one time.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitter({ baseMs = 500, capMs = 30_000 } = {}): Reconnect {
  return (attempt, retryMs, random) =>
    Math.min(
      LONGEST_TIMER_MS,
      (retryMs ?? 0) + random.next() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30)),
    );
}
