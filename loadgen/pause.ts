/** How phases wait while others work. */
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Its timer keeps no process alive: what is waited for is always something that a child does, and when the
 * children are ended in the middle of it, so is the program.
 */
export const pause = (ms: number): Promise<void> => wait(ms, undefined, { ref: false });
