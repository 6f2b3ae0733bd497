/** The time, as a parameter: tests of reconnects and timeouts would otherwise have to wait for them. */

export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** ms since some moment that does not matter. */
  now(): number;
  set(act: () => void, ms: number): Timer;
}

export const nodeTimers: Timers = {
  now: () => performance.now(),
  set(act, ms) {
    const timer = setTimeout(act, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
