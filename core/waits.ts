/** How long a main thread may wait for its core before something else must have had it. Pure. */

/** What being woken costs on a shared machine, µs. A turn of another program takes milliseconds. */
export const WAKE_UP_US = 100;

/** Of its CPU time, that a main thread may wait for what is not its own process. */
export const LONGEST_WAIT = 0.15;

/**
 * How long a main thread waited each time it was woken, µs. Half of the switches are taken to be those of
 * helper threads. Undefined where it was not measured, or nothing was switched.
 */
export function wakeUpUs(
  probes: Readonly<Record<string, number | undefined>>,
  of: 'server' | 'generator',
): number | undefined {
  const waitNs = probes[`${of}MainWaitNs`];
  const switches = probes[`${of}ContextSwitches`];
  return waitNs === undefined || !switches ? undefined : (2 * waitNs) / switches / 1_000;
}
