/** How phases wait while others work. */
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Its timer keeps no process alive: what is waited for is always something that a child does, and when the
 * children are ended in the middle of it, so is the program.
 */
export const pause = (ms: number): Promise<void> => wait(ms, undefined, { ref: false });

/** Resolves when the time is over or the signal says so, whichever is first; its timer keeps the process alive. */
export function pauseUntilAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted === true) done();
  });
}
