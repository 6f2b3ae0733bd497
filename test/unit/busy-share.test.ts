/** How busy several processes of a server, or a proxy, were: of what they could use, and what they wanted. */
import { expect, test } from 'vitest';
import { busyProxy, busyServer } from '../../loadgen/cost-meter.ts';
import type { ProcessReading } from '../../loadgen/procfs.ts';
import { NOTHING } from '../../loadgen/server-usage.ts';

const WALL_NS = 1e9;

/** Of all processes together in one second, and of the busiest of them. */
function usage(after: Partial<ProcessReading>, ranNs: number, runnableNs = ranNs, working = 4) {
  return {
    before: NOTHING,
    after: { ...NOTHING, ...after },
    working,
    busiest: { ranNs, runnableNs },
  };
}

const serverShare = (...args: Parameters<typeof busyServer>): number | undefined =>
  busyServer(...args)['serverBusyShare'];

test('one process of ours is not asked: its event loop tells', () => {
  expect(busyServer(usage({ cpuNs: 9e8 }, 9e8), WALL_NS, 4, 1, false)).toEqual({});
});

test('several processes of ours are busy by what they can use, or by the one that the others wait for', () => {
  // 0.9 of a core in all is a quarter of four cores, and all of one.
  expect(serverShare(usage({ cpuNs: 9e8 }, 2.5e8), WALL_NS, 4, 4, false)).toBeCloseTo(0.25, 9);
  expect(serverShare(usage({ cpuNs: 9e8 }, 2.5e8), WALL_NS, 1, 4, false)).toBeCloseTo(0.9, 9);
  // Two processes can use two of the four cores.
  expect(serverShare(usage({ cpuNs: 1.9e9 }, 9.5e8), WALL_NS, 4, 2, false)).toBeCloseTo(0.95, 9);
  expect(serverShare(usage({ cpuNs: 1.3e9 }, 9.7e8), WALL_NS, 4, 4, false)).toBeCloseTo(0.97, 9);
});

test('somebody else’s server is busy by all cores, or by one where one process does it all', () => {
  const one = usage({ cpuNs: 1e9 }, 9.8e8, 9.8e8, 1);
  expect(serverShare(one, WALL_NS, 4, 1, true)).toBeCloseTo(0.98, 9);
  expect(serverShare(usage({ cpuNs: 2e9 }, 9.8e8), WALL_NS, 4, 3, true)).toBeCloseTo(0.5, 9);
});

const proxyShare = (...args: Parameters<typeof busyProxy>): number | undefined =>
  busyProxy(...args)['proxyBusyShare'];

test('a proxy is busy by its busiest process, or by all of its threads', () => {
  expect(proxyShare(usage({ cpuNs: 9.5e8 }, 9.5e8), WALL_NS, 4, 2e9)).toBeCloseTo(0.95, 9);
  expect(proxyShare(usage({ cpuNs: 1.9e9 }, 3e8), WALL_NS, 2, 1.2e9)).toBeCloseTo(0.95, 9);
  expect(busyProxy(undefined, WALL_NS, 2, 2e9)).toEqual({});
});

test('what a proxy waited for a core counts where ours use the cores up, and not where others do', () => {
  const shared = usage({ cpuNs: 6e8, mainCpuNs: 6e8, mainWaitNs: 3.5e8 }, 6e8, 9.5e8);
  expect(proxyShare(shared, WALL_NS, 2, 1.9e9)).toBeCloseTo(0.95, 9);
  expect(proxyShare(shared, WALL_NS, 2, 1.2e9)).toBeCloseTo(0.6, 9);
});
