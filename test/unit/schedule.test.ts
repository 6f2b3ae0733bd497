import { describe, expect, test } from 'vitest';
import type { Schedule } from '../../core/schedule.ts';
import { createSchedule } from '../../core/schedule.ts';

const times = ({ count, dueAt }: Schedule): number[] =>
  Array.from({ length: count }, (_, i) => dueAt(i));

describe('a constant schedule', () => {
  const constant = (ratePerS: number, durationMs: number) =>
    createSchedule({ pacing: 'constant', ratePerS, durationMs, seed: 1 });

  test.each([
    { ratePerS: 50, durationMs: 6_000, count: 300 },
    { ratePerS: 50, durationMs: 6_001, count: 300 },
    { ratePerS: 0.5, durationMs: 10_000, count: 5 },
    { ratePerS: 1 / 60, durationMs: 60_000, count: 1 },
    { ratePerS: 100 / 60, durationMs: 180_000, count: 300 },
    { ratePerS: 10_000, durationMs: 10_000, count: 100_000 },
    { ratePerS: 1, durationMs: 10, count: 1 },
  ])('of $ratePerS/s for $durationMs ms has $count events', ({ ratePerS, durationMs, count }) => {
    expect(constant(ratePerS, durationMs).count).toBe(count);
  });

  test('has its events at equal distances from 0', () => {
    expect(times(constant(4, 1_000))).toEqual([0, 250_000_000, 500_000_000, 750_000_000]);
  });

  test('builds up no error where the distance is not a whole number', () => {
    const { dueAt } = constant(3, 1_000_000);
    expect([dueAt(1), dueAt(2), dueAt(3), dueAt(2_999_997)]).toEqual([
      333_333_333, 666_666_667, 1_000_000_000, 999_999_000_000_000,
    ]);
  });

  test('does not depend on the seed', () => {
    const of = (seed: number) =>
      times(createSchedule({ pacing: 'constant', ratePerS: 7, durationMs: 1_000, seed }));
    expect(of(1)).toEqual(of(2));
  });
});

describe('a Poisson schedule', () => {
  const poisson = (seed: number, ratePerS = 200, durationMs = 10_000) =>
    createSchedule({ pacing: 'poisson', ratePerS, durationMs, seed });

  test('is the same for the same seed and another for another', () => {
    expect(times(poisson(1))).toEqual(times(poisson(1)));
    expect(times(poisson(1))).not.toEqual(times(poisson(2)));
  });

  test('never goes back, and stays within its duration', () => {
    const due = times(poisson(3));
    expect(due).toEqual([...due].sort((a, b) => a - b));
    expect(due.at(-1)).toBeLessThan(10_000_000_000);
    expect(due.every(Number.isInteger)).toBe(true);
  });

  test('has the asked rate on average, and gaps that vary as much as they are long', () => {
    const due = times(poisson(4, 1_000, 100_000));
    const gaps = due.slice(1).map((at, i) => at - (due[i] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(
      gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length,
    );
    // Four standard errors at 100,000 events: 1.3 % of the mean, 1.8 % of an exponential's deviation.
    expect(Math.abs(mean / 1_000_000 - 1)).toBeLessThan(0.013);
    expect(Math.abs(deviation / mean - 1)).toBeLessThan(0.018);
  });

  test('has one event at least', () => {
    expect(times(poisson(1, 1, 0.001))).toEqual([0]);
  });
});
