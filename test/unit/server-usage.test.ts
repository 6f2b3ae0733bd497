/** What several server processes used together, of which some come and go in the middle. */
import { expect, test } from 'vitest';
import type { ProcessReading } from '../../loadgen/procfs.ts';
import { watchServers } from '../../loadgen/server-usage.ts';

const reading = (cpuNs: number, rssBytes: number): ProcessReading => ({
  cpuNs,
  userNs: 0,
  mainCpuNs: cpuNs,
  mainWaitNs: 0,
  helperWaitNs: 0,
  contextSwitches: 0,
  rssBytes,
});

/** Processes that can be read, by pid. */
function machine(readings: Record<number, ProcessReading>, pids: number[]) {
  const usage = watchServers(
    () => pids,
    (pid) => readings[pid],
  );
  const used = (): number | undefined => {
    const read = usage.read();
    return read && read.after.cpuNs - read.before.cpuNs;
  };
  return { readings, pids, usage, used };
}

test('processes that stay count what they used since the start, all together', () => {
  const { readings, used, usage } = machine({ 1: reading(100, 10), 2: reading(50, 20) }, [1, 2]);
  readings[1] = reading(130, 15);
  readings[2] = reading(60, 25);
  expect(used()).toBe(40);
  expect(usage.read()?.after.rssBytes).toBe(40);
});

test('one that is replaced counts up to the last look, and its successor from nothing', () => {
  const { readings, pids, usage, used } = machine({ 1: reading(100, 10) }, [1]);
  readings[1] = reading(170, 10);
  usage.look();
  delete readings[1];
  pids.splice(0, 1, 2);
  readings[2] = reading(5, 30);
  expect(used()).toBe(75);
  // What it held is free again.
  expect(usage.read()?.after.rssBytes).toBe(30);
});

test('one that could never be read makes the sum unknown, not smaller', () => {
  expect(machine({ 1: reading(100, 10) }, [1, 2]).used()).toBeUndefined();
});

test('of several the busiest is told, with what it waited for', () => {
  const { readings, usage } = machine({ 1: reading(100, 10), 2: reading(50, 20) }, [1, 2]);
  readings[1] = reading(130, 15);
  readings[2] = { ...reading(70, 25), mainWaitNs: 40 };
  expect(usage.read()?.busiest).toEqual({ ranNs: 30, runnableNs: 60 });
});
