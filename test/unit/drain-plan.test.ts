/** That everybody is sent away once, in time, and told to come back at another time. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { DrainPlan } from '../../servers/drain-plan.ts';
import { planDrain } from '../../servers/drain-plan.ts';

const plan = (count: number, deadlineMs: number): DrainPlan =>
  planDrain(count, deadlineMs, createRandom(1));
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('the batches of a drain', () => {
  test.each([
    { count: 0, deadlineMs: 10_000, batches: 0, lastAtMs: undefined, sizes: [] },
    { count: 1, deadlineMs: 10_000, batches: 1, lastAtMs: 0, sizes: [1] },
    { count: 10, deadlineMs: 10_000, batches: 1, lastAtMs: 0, sizes: [10] },
    { count: 11, deadlineMs: 10_000, batches: 2, lastAtMs: 100, sizes: [5, 6] },
    { count: 100, deadlineMs: 10_000, batches: 10, lastAtMs: 900, sizes: [10] },
    { count: 1_000, deadlineMs: 10_000, batches: 100, lastAtMs: 4_950, sizes: [10] },
    { count: 100_000, deadlineMs: 10_000, batches: 250, lastAtMs: 4_980, sizes: [400] },
    { count: 10_007, deadlineMs: 2_000, batches: 50, lastAtMs: 980, sizes: [200, 201] },
    { count: 500, deadlineMs: 50, batches: 1, lastAtMs: 0, sizes: [500] },
    { count: 500, deadlineMs: 0, batches: 1, lastAtMs: 0, sizes: [500] },
    { count: 500, deadlineMs: -1, batches: 1, lastAtMs: 0, sizes: [500] },
  ])(
    'of $count sessions in $deadlineMs ms are $batches',
    ({ count, deadlineMs, batches: expected, lastAtMs, sizes }) => {
      const { batches } = plan(count, deadlineMs);
      expect(batches.length).toBe(expected);
      expect(batches.at(-1)?.atMs).toBe(lastAtMs);
      expect([...new Set(batches.map(({ size }) => size))].sort((a, b) => a - b)).toEqual(sizes);
    },
  );

  test('hold everybody once, are never empty, and are in order within half of the deadline', () => {
    const random = createRandom(7);
    for (let i = 0; i < 500; i += 1) {
      const count = random.int(random.int(20_000) + 1);
      const deadlineMs = random.int(random.int(60_000) + 1);
      const { batches } = planDrain(count, deadlineMs, random);
      const times = batches.map(({ atMs }) => atMs);
      expect(sum(batches.map(({ size }) => size))).toBe(count);
      expect(batches.filter(({ size }) => !(size > 0))).toEqual([]);
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      expect(times.filter((at) => at > deadlineMs / 2)).toEqual([]);
    }
  });
});

describe('the time to come back', () => {
  test.each([
    { deadlineMs: 0, latest: 2_000 },
    { deadlineMs: 1_999.5, latest: 2_000 },
    { deadlineMs: 10_000, latest: 10_000 },
    { deadlineMs: 10_000.5, latest: 10_000 },
  ])(
    'after a drain of $deadlineMs ms is anywhere between 500 and $latest ms, in whole ms',
    ({ deadlineMs, latest }) => {
      const { retryMs } = plan(1, deadlineMs);
      const retries = Array.from({ length: 200_000 }, () => retryMs());
      const least = retries.reduce((a, b) => Math.min(a, b));
      const most = retries.reduce((a, b) => Math.max(a, b));
      expect([least, most, retries.every(Number.isInteger)]).toEqual([500, latest, true]);
      // Four standard errors of the mean of a uniform distribution.
      const tolerance = (4 * (latest - 500)) / Math.sqrt(12 * retries.length);
      expect(Math.abs(sum(retries) / retries.length - (500 + latest) / 2)).toBeLessThan(tolerance);
    },
  );

  test('is the same for the same seed', () => {
    const of = (seed: number): number[] => {
      const { retryMs } = planDrain(3, 10_000, createRandom(seed));
      return [retryMs(), retryMs(), retryMs()];
    };
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });
});
