import { describe, expect, test } from 'vitest';
import { median, quantileOfSorted } from '../../core/median.ts';
import {
  holm,
  mean,
  signedRankCritical,
  standardDeviation,
  studentQuantile,
  tInterval,
  tTest,
  wilcoxonSignedRank,
} from '../../core/stats.ts';

/** Extra hours of sleep under two drugs, ten patients, paired: Student (1908), R's `sleep`. */
const SLEEP = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];

describe('summaries', () => {
  test.each([
    { name: 'mean', of: mean, values: [2, 4, 4, 4, 5, 5, 7, 9], expected: 5 },
    {
      name: 'standard deviation',
      of: standardDeviation,
      values: [1, 2, 3, 4, 5],
      expected: 2.5 ** 0.5,
    },
    { name: 'median of an odd count', of: median, values: [9, 1, 5], expected: 5 },
    { name: 'median of an even count', of: median, values: [10, 2, 4, 1], expected: 3 },
  ])('$name', ({ of, values, expected }) => {
    expect(of(values)).toBeCloseTo(expected, 12);
  });

  test('too few values have no summary, rather than 0 or NaN', () => {
    expect([mean([]), median([]), quantileOfSorted([], 0.5)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([standardDeviation([1]), tInterval([1], 0.95), tTest([1])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('equal values have a deviation of exactly 0, though 0.1 is not exact in binary', () => {
    const equal = new Array<number>(7).fill(0.1);
    expect([mean(equal), standardDeviation(equal)]).toEqual([0.1, 0]);
    expect(tInterval(equal, 0.95)).toEqual({ mean: 0.1, low: 0.1, high: 0.1 });
  });

  test.each([
    [0, 1],
    [0.25, 1.75],
    [0.5, 2.5],
    [0.9, 3.7],
    [1, 4],
  ])('quantile %d of 1 2 3 4 is %d, as in R', (fraction, expected) => {
    expect(quantileOfSorted([1, 2, 3, 4], fraction)).toBeCloseTo(expected, 12);
  });

  test('a quantile outside 0 to 1 is refused', () => {
    expect(() => quantileOfSorted([1], 95)).toThrow(RangeError);
  });

  test('the median leaves the order of its input alone', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("Student's t", () => {
  // https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
  test.each([
    [0.975, 1, 12.706],
    [0.975, 5, 2.571],
    [0.975, 7, 2.365],
    [0.975, 11, 2.201],
    [0.975, 60, 2.0],
    [0.95, 5, 2.015],
    [0.95, 7, 1.895],
    [0.95, 11, 1.796],
    [0.995, 9, 3.25],
  ])('quantile %d at %d degrees of freedom is %d in the printed tables', (p, dof, expected) => {
    expect(studentQuantile(p, dof)).toBeCloseTo(expected, 3);
  });

  test('interval and p value of the sleep data are those R prints', () => {
    const interval = tInterval(SLEEP, 0.95);
    expect(interval?.mean).toBeCloseTo(1.58, 12);
    expect(interval?.low).toBeCloseTo(0.7001142, 6);
    expect(interval?.high).toBeCloseTo(2.4598858, 6);
    expect(tTest(SLEEP)).toBeCloseTo(0.002833, 6);
  });

  test('the interval ends where the two-sided p is 0.05, and one-sided ones are its halves', () => {
    const { low, high } = tInterval(SLEEP, 0.95) ?? { low: 0, high: 0 };
    expect(tTest(SLEEP, { center: low })).toBeCloseTo(0.05, 7);
    expect(tTest(SLEEP, { center: low, alternative: 'greater' })).toBeCloseTo(0.025, 7);
    expect(tTest(SLEEP, { center: high, alternative: 'less' })).toBeCloseTo(0.025, 7);
    expect(tTest(SLEEP, { center: high, alternative: 'greater' })).toBeCloseTo(0.975, 7);
  });

  test.each([
    { center: 0, alternative: 'greater', expected: 0 },
    { center: 0, alternative: 'less', expected: 1 },
    { center: 0, alternative: 'two-sided', expected: 0 },
    { center: 2, alternative: 'greater', expected: 0.5 },
    { center: 2, alternative: 'two-sided', expected: 1 },
  ] as const)('equal values of 2 against $center, $alternative: p is $expected', (row) => {
    expect(tTest([2, 2, 2], row)).toBe(row.expected);
  });
});

describe("Wilcoxon's signed-rank test", () => {
  /** All 2^n sign patterns of the mid-ranks of the distances, counted one by one. */
  function enumerated(values: readonly number[], alternative: 'greater' | 'less'): number {
    const kept = values.filter((value) => value !== 0);
    const sizes = kept.map(Math.abs);
    const ranks = sizes.map(
      (size) =>
        sizes.filter((other) => other < size).length +
        (sizes.filter((other) => other === size).length + 1) / 2,
    );
    const sum = (chosen: (index: number) => boolean) =>
      ranks.reduce((total, rank, index) => total + (chosen(index) ? rank : 0), 0);
    const observed = sum((index) => (kept[index] ?? 0) > 0);
    let extreme = 0;
    for (let signs = 0; signs < 2 ** kept.length; signs += 1) {
      const possible = sum((index) => ((signs >> index) & 1) === 1);
      if (alternative === 'greater' ? possible >= observed : possible <= observed) extreme += 1;
    }
    return extreme / 2 ** kept.length;
  }

  test.each([
    [5, 0.0625],
    [6, 0.03125],
    [8, 0.0078125],
    [12, 2 ** -11],
  ])('%d positive values, the most there can be, give a two-sided p of %d', (n, expected) => {
    expect(wilcoxonSignedRank(Array.from({ length: n }, (_, i) => i + 1))).toBe(expected);
  });

  test('the depression scores of Hollander and Wolfe give the p that R prints', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    const change = before.map((value, i) => value - (after[i] ?? 0));
    expect(wilcoxonSignedRank(change, { alternative: 'greater' })).toBeCloseTo(0.01953, 5);
  });

  // https://stat.ethz.ch/pipermail/r-help/2006-August/111730.html
  test('pairs with ties and zeros give the p of an exact package', () => {
    const one = [9, 14, 8, 11, 14, 10, 8, 14, 12, 14, 13, 9, 15, 12, 9];
    const two = [13, 15, 9, 12, 16, 10, 8, 13, 12, 16, 9, 10, 16, 12, 9];
    const change = one.map((value, i) => value - (two[i] ?? 0));
    expect(wilcoxonSignedRank(change)).toBeCloseTo(0.1367, 4);
  });

  test.each([
    { name: 'no ties', values: [0.3, -1.2, 2.5, 0.7, -0.1, 1.9] },
    { name: 'ties across the centre', values: [1, -1, 2, 2, -2, 3, 3, 3] },
    { name: 'all distances tied', values: [1, 1, 1, -1, 1, 1, 1] },
    { name: 'zeros', values: [0, 0, 4, -1, 2, 2, 5, 0, 1] },
    { name: 'the sleep data', values: SLEEP },
  ])('equals the enumeration of every sign pattern: $name', ({ values }) => {
    const greater = enumerated(values, 'greater');
    const less = enumerated(values, 'less');
    expect(wilcoxonSignedRank(values, { alternative: 'greater' })).toBeCloseTo(greater, 14);
    expect(wilcoxonSignedRank(values, { alternative: 'less' })).toBeCloseTo(less, 14);
    expect(wilcoxonSignedRank(values)).toBeCloseTo(Math.min(1, 2 * Math.min(greater, less)), 14);
  });

  test('a centre shifts the question, not the data', () => {
    const values = [3, 5, 8, 9, 14, 20];
    const shifted = values.map((value) => value - 8);
    expect(wilcoxonSignedRank(values, { center: 8 })).toBe(wilcoxonSignedRank(shifted));
  });

  test('without any value off the centre there is no evidence: p is 1', () => {
    expect(wilcoxonSignedRank([])).toBe(1);
    expect(wilcoxonSignedRank([2, 2, 2], { center: 2, alternative: 'greater' })).toBe(1);
  });

  test('60 values, beyond any enumeration, agree with the normal approximation', () => {
    const values = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? -(i + 1) : i + 1));
    // Negative ranks 1, 4 … 58 sum to 590 where 915 ± 135.9 are expected: z = −2.388.
    expect(wilcoxonSignedRank(values)).toBeCloseTo(0.0166, 3);
  });

  test.each([
    [5, undefined],
    [6, 0],
    [7, 2],
    [8, 3],
    [9, 5],
    [10, 8],
    [12, 13],
    [15, 25],
    [20, 52],
    [25, 89],
    [30, 137],
  ])('the two-sided 5 %% critical value for n = %d is %s in the printed tables', (n, expected) => {
    expect(signedRankCritical(n, 0.05)).toBe(expected);
  });
});

describe("Holm's correction", () => {
  test.each([
    { p: [0.01, 0.04, 0.03, 0.005], adjusted: [0.03, 0.06, 0.06, 0.02] },
    { p: [0.02], adjusted: [0.02] },
    { p: [0.6, 0.7], adjusted: [1, 1] },
    { p: [0.0078125, 1, 1, 1, 1], adjusted: [0.0390625, 1, 1, 1, 1] },
    { p: [], adjusted: [] },
  ])('turns $p into $adjusted', ({ p, adjusted }) => {
    const result = holm(p);
    expect(result).toHaveLength(adjusted.length);
    for (const [i, value] of adjusted.entries()) expect(result[i]).toBeCloseTo(value, 12);
  });
});
