/**
 * Fires a callback when the events of a schedule are due, closer than Node's timers can.
 *
 * Node counts timers in whole milliseconds from a truncated loop time, so a timer fires up to a
 * millisecond late, every time. A helper thread that sleeps in `Atomics.wait` (which takes fractions)
 * wakes the main thread about 0.2 ms after the due time instead of 0.8 ms, for no more CPU. The two talk
 * through shared memory: messages between threads cost a fifth more. The helper never decides what is
 * due: whoever is woken looks at the clock.
 */
import { Worker } from 'node:worker_threads';
import type { Clock, Epoch } from './clock.ts';
import { NS_PER_MS } from './clock.ts';
import type { Schedule } from './schedule.ts';

/**
 * Wake-ups are at least this far apart: each costs both threads some 70 µs, so at thousands of events a
 * second one serves all that have become due since the last. Their `dueAt` keeps the lateness honest.
 */
const MIN_GAP_NS = 0.5 * NS_PER_MS;

/** Cells of the shared memory: turns of the main thread, turns of the helper, one that never changes. */
const ASKED = 0;
const WOKEN = 1;
const LATER = 2;

const SLEEPER = `
const { workerData } = require('node:worker_threads');
const cells = new Int32Array(workerData.memory);
const dueMs = new Float64Array(workerData.memory, 16, 1);
const epoch = BigInt(workerData.epoch);
const elapsedMs = () => Number(process.hrtime.bigint() - epoch) / 1e6;
for (let asked = 0; ; ) {
  Atomics.wait(cells, 0, asked);
  asked = Atomics.load(cells, 0);
  for (let left = dueMs[0] - elapsedMs(); left > 0; left = dueMs[0] - elapsedMs()) {
    Atomics.wait(cells, 2, 0, left);
  }
  Atomics.add(cells, 1, 1);
  Atomics.notify(cells, 1);
}
`;

export interface Ticker {
  /**
   * Calls `onDue(index, dueAt)` once for each event of the schedule, in order, never early. Several
   * schedules may run at the same time.
   * @param gathered whether events that are due together may come in one turn of the event loop: right
   *   where each goes over a socket of its own. Otherwise each has a turn, so that what was written gets
   *   a chance to leave, and a library that gathers writes gathers those of one event.
   * @returns a promise that resolves after the last one.
   */
  run(
    schedule: Schedule,
    startNs: number,
    onDue: (index: number, dueAt: number) => void,
    gathered?: boolean,
  ): Promise<void>;
  /**
   * Looks whether something is due, now that the main thread is awake anyway. Under a load that answers,
   * this is nearly always earlier and cheaper than being woken.
   */
  poke(now: number): void;
  close(): Promise<void>;
}

/** One schedule under way. */
interface Follower {
  /** When its next event is due, ns since the epoch; infinite while it has a turn coming. */
  nextDue: number;
  turn(): void;
}

/** Starts a helper thread; resolves when it is ready, so that no schedule pays for its start. */
export async function createTicker(clock: Clock, epoch: Epoch): Promise<Ticker> {
  const followers = new Set<Follower>();
  /** When the next event of any schedule is due; infinite when none is waited for. */
  let next = Number.POSITIVE_INFINITY;
  const fire = (now: number): void => {
    for (const follower of followers) if (follower.nextDue <= now) follower.turn();
    arm();
  };
  const sleeper = await startSleeper(epoch, () => fire(clock()));
  const arm = (): void => {
    next = Number.POSITIVE_INFINITY;
    for (const { nextDue } of followers) next = Math.min(next, nextDue);
    if (next < Number.POSITIVE_INFINITY) sleeper.sleepUntil(Math.max(next, clock() + MIN_GAP_NS));
  };
  return {
    run: (schedule, startNs, onDue, gathered = false) =>
      new Promise((resolve, reject) => {
        let index = 0;
        const follower: Follower = {
          nextDue: 0,
          turn() {
            try {
              let due = startNs + schedule.dueAt(index);
              while (due <= clock()) {
                onDue(index, due);
                index += 1;
                if (index >= schedule.count) {
                  followers.delete(follower);
                  resolve();
                  return;
                }
                due = startNs + schedule.dueAt(index);
                if (!gathered) break;
              }
              if (due > clock()) {
                follower.nextDue = due;
                arm();
              } else {
                follower.nextDue = Number.POSITIVE_INFINITY;
                setImmediate(() => follower.turn());
              }
            } catch (error) {
              followers.delete(follower);
              reject(error);
            }
          },
        };
        followers.add(follower);
        follower.turn();
      }),
    poke(now) {
      if (now >= next) fire(now);
    },
    async close() {
      followers.clear();
      await sleeper.close();
    },
  };
}

interface Sleeper {
  /** Wakes the main thread at this time, ns since the epoch, in place of any time asked for before. */
  sleepUntil(ns: number): void;
  close(): Promise<void>;
}

async function startSleeper(epoch: Epoch, onWake: () => void): Promise<Sleeper> {
  const memory = new SharedArrayBuffer(24);
  const cells = new Int32Array(memory);
  const dueMs = new Float64Array(memory, 16, 1);
  const thread = new Worker(SLEEPER, { eval: true, workerData: { memory, epoch } });
  await new Promise<void>((resolve, reject) => {
    thread.once('error', reject);
    thread.once('online', () => resolve());
  });
  /** When the helper is to wake us; infinite when it has not been asked. */
  let armedFor = Number.POSITIVE_INFINITY;
  return {
    sleepUntil(ns) {
      const before = armedFor;
      armedFor = ns;
      dueMs[0] = ns / NS_PER_MS;
      if (before < Number.POSITIVE_INFINITY) {
        // It sleeps already. A later time it finds out by itself; for an earlier one it must be told.
        if (ns < before) Atomics.notify(cells, LATER);
        return;
      }
      const wait = Atomics.waitAsync(cells, WOKEN, Atomics.load(cells, WOKEN));
      Atomics.add(cells, ASKED, 1);
      Atomics.notify(cells, ASKED);
      const wake = (): void => {
        armedFor = Number.POSITIVE_INFINITY;
        onWake();
      };
      if (wait.async) void wait.value.then(wake);
      else setImmediate(wake);
    },
    async close() {
      await thread.terminate();
    },
  };
}
