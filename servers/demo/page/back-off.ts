/** How long to wait before connecting again, so that a crowd that was cut off does not come back as one. */

const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * Full jitter: anything between nothing and a limit that doubles. What the server asked for comes on top.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt 0 after a cut, and one more after each attempt that failed
 */
export function backOffMs(attempt: number, retryMs = 0): number {
  return retryMs + Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 16));
}

/** The server says in the reason of a close when to come back: `retry=1234`. */
export function retryIn(reason: string): number {
  return Number(/^retry=(\d+)$/.exec(reason)?.[1] ?? 0);
}
