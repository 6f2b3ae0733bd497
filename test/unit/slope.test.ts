/** Straight lines: known ones are found exactly, and their intervals hold what they promise, also over noise that has a memory. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { FitPoint, LineFit } from '../../core/slope.ts';
import { fitLine, fitSeries } from '../../core/slope.ts';

/** How often the interval holds the slope that is there. */
function coverage(
  runs: number,
  fitted: (points: readonly FitPoint[]) => LineFit | undefined,
  make: (normal: () => number) => FitPoint[],
  slope: number,
): number {
  const { normal } = createRandom(1);
  let held = 0;
  for (let run = 0; run < runs; run += 1) {
    const found = fitted(make(normal));
    if (found !== undefined && found.low <= slope && slope <= found.high) held += 1;
  }
  return held / runs;
}

describe('a line through independent points', () => {
  test('is found exactly where there is no noise', () => {
    const fit = fitLine([1, 2, 3, 4].map((x) => ({ x: x * 1_000, y: 5e7 + x * 1_000 * 10_240 })));
    expect(fit?.slope).toBeCloseTo(10_240, 6);
    expect(fit?.intercept).toBeCloseTo(5e7, 3);
    expect(fit?.low).toBeCloseTo(10_240, 6);
    expect(Math.max(...(fit?.residuals ?? []).map(Math.abs))).toBeLessThan(1e-6);
  });

  test('agrees with a textbook: the interval of Anscombe’s first quartet', () => {
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    const fit = fitLine(x.map((value, i) => ({ x: value, y: y[i] ?? 0 })));
    // Slope 0.5001 with a standard error of 0.1179 on 9 degrees of freedom: t = 2.2622.
    expect(fit?.slope).toBeCloseTo(0.5001, 4);
    expect(fit?.high).toBeCloseTo(0.5001 + 2.2622 * 0.1179, 3);
    expect(fit?.intercept).toBeCloseTo(3.0001, 3);
  });

  test('has an interval that holds the truth in 95 of 100 cases', () => {
    const share = coverage(
      2_000,
      fitLine,
      (normal) => [1, 2, 3, 4].map((x) => ({ x, y: 7 + 3 * x + normal() })),
      3,
    );
    expect(share).toBeGreaterThan(0.935);
    expect(share).toBeLessThan(0.965);
  });

  test('of two points, or of one place, is none', () => {
    expect(
      fitLine([
        { x: 1, y: 1 },
        { x: 2, y: 2 },
      ]),
    ).toBeUndefined();
    expect(fitLine([1, 2, 3].map((y) => ({ x: 5, y })))).toBeUndefined();
  });
});

describe('a line through a series in time', () => {
  const series = (phi: number, count: number) => (normal: () => number) => {
    let noise = normal() / Math.sqrt(1 - phi * phi);
    return Array.from({ length: count }, (_, x) => {
      noise = phi * noise + normal();
      return { x, y: 0.1 * x + noise };
    });
  };

  test.each([
    { memory: 0, count: 24, least: 0.935 },
    { memory: 0, count: 100, least: 0.935 },
    { memory: 0.5, count: 100, least: 0.92 },
    { memory: 0.8, count: 200, least: 0.88 },
  ])(
    'of $count values whose neighbours agree by $memory is held by its interval',
    ({ memory, count, least }) => {
      const share = coverage(1_000, fitSeries, series(memory, count), 0.1);
      expect(share).toBeGreaterThan(least);
      expect(share).toBeLessThan(0.975);
    },
  );

  test('as if neighbours were independent would promise too much', () => {
    // What the method is for: the plain interval holds the truth in far fewer cases than 95 of 100.
    expect(coverage(1_000, fitLine, series(0.8, 200), 0.1)).toBeLessThan(0.6);
  });

  test('of a day of seconds is found from at most 1,200 means, and held as well', () => {
    const day = series(0.8, 86_400)(createRandom(2).normal);
    const fit = fitSeries(day);
    expect(fit?.residuals).toHaveLength(1_200);
    expect(fit?.low).toBeLessThan(0.1);
    expect(fit?.high).toBeGreaterThan(0.1);
    expect((fit?.high ?? 0) - (fit?.low ?? 0)).toBeLessThan(1e-5);
    // One more than the most: every two become one, and the odd one at the start none.
    const line = Array.from({ length: 1_201 }, (_, x) => ({ x, y: 7 + 3 * x }));
    expect(fitSeries(line)?.residuals).toHaveLength(600);
    expect(fitSeries(line)?.slope).toBeCloseTo(3, 9);
    expect(fitSeries(line)?.intercept).toBeCloseTo(7, 6);
  });

  test('of nine values is none', () => {
    expect(fitSeries(Array.from({ length: 9 }, (_, x) => ({ x, y: x })))).toBeUndefined();
  });
});
