/** An abort signal that many connections listen to at once, which Node would take for a leak. */
import { setMaxListeners } from 'node:events';

/** Aborted when `signal` is; it may have any number of listeners, and theirs are not on `signal`. */
export function crowdSignal(signal: AbortSignal): AbortSignal {
  const own = AbortSignal.any([signal]);
  setMaxListeners(0, own);
  return own;
}
