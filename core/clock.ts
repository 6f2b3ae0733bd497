/**
 * The one clock. Every process of a run counts nanoseconds of CLOCK_MONOTONIC since an epoch that the
 * controller chose, so times taken in different processes on one host can be subtracted.
 */

/** Nanoseconds since the run's epoch. Stays below 2^53 for 104 days, so a plain number is exact. */
export type Clock = () => number;

/** An epoch as it travels between processes: nanoseconds of CLOCK_MONOTONIC in decimal. */
export type Epoch = string;

export const NS_PER_US = 1_000;
export const NS_PER_MS = 1_000_000;
export const NS_PER_S = 1_000_000_000;

export function newEpoch(): Epoch {
  return process.hrtime.bigint().toString();
}

/**
 * `process.hrtime()` rather than its bigint form: no arithmetic on bigints in the receive path. Not
 * `performance.now()`, whose origin differs per process, and not `Date.now()`, which steps.
 */
export function createClock(epoch: Epoch): Clock {
  const epochNs = BigInt(epoch);
  const seconds = Number(epochNs / 1_000_000_000n);
  const nanoseconds = Number(epochNs % 1_000_000_000n);
  return () => {
    const now = process.hrtime();
    return (now[0] - seconds) * NS_PER_S + (now[1] - nanoseconds);
  };
}
