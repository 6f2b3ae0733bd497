/**
 * Two runs stand side by side without pairs: are the statistics those of the textbooks, and does the
 * rule keep its promises over thousands of made-up runs whose truth is known?
 */
import { describe, expect, test } from 'vitest';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import { compareTrials, sameTrials } from '../../core/unpaired.ts';
import { createUnpairedDetector } from '../../core/unpaired-detectable.ts';
import {
  rankSum,
  rankSumCritical,
  welchDegrees,
  welchInterval,
  welchTest,
} from '../../core/unpaired-stats.ts';

const SIMULATIONS = 1000;
const detector = createUnpairedDetector();
const MARGIN = 0.1;

describe('Welch’s test', () => {
  // The second example of https://en.wikipedia.org/wiki/Welch%27s_t-test#Examples: unequal spread and size.
  const a1 = [17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8];
  const a2 = [
    21.5, 22.8, 21.0, 23.0, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8, 20.7, 21.7, 21.5, 22.5, 23.6, 21.5,
    22.5, 23.5, 21.5, 21.8,
  ];

  test('agrees with the published example', () => {
    expect(welchTest(a1, a2)).toBeCloseTo(0.148, 2);
  });

  test('has an interval that ends at the centre whose p is 0.05', () => {
    const { low, high } = welchInterval(a1, a2, 0.95) ?? { low: 0, high: 0 };
    expect(welchTest(a1, a2, { center: low })).toBeCloseTo(0.05, 7);
    expect(welchTest(a1, a2, { center: high })).toBeCloseTo(0.05, 7);
  });

  test('has as many degrees of freedom as the noisier sample alone, or both together', () => {
    expect(welchDegrees(1, 8, 0, 8)).toBe(7);
    expect(welchDegrees(1, 8, 1, 8)).toBeCloseTo(14, 12);
    expect(welchDegrees(0, 8, 0, 8)).toBe(14);
  });

  test('is certain about samples that do not vary', () => {
    expect(welchTest([2, 2], [1, 1], { alternative: 'greater' })).toBe(0);
    expect(welchTest([1, 1], [1, 1])).toBe(1);
    expect(welchInterval([1, 1], [1, 1], 0.95)).toEqual({ mean: 0, low: 0, high: 0 });
    expect(welchInterval([1], [1, 1], 0.95)).toBeUndefined();
  });
});

describe('the rank-sum test', () => {
  // As in the printed tables of the two-sided test at 5 %.
  test.each([
    [4, 4, 0],
    [5, 5, 2],
    [6, 6, 5],
    [8, 8, 13],
    [10, 8, 17],
    [20, 20, 127],
  ])('has the critical values of the tables for %d and %d: %d', (nA, nB, critical) => {
    expect(rankSumCritical(nA, nB, 0.05)).toBe(critical);
  });

  test('cannot be significant for three against three', () => {
    expect(rankSumCritical(3, 3, 0.05)).toBeUndefined();
    expect(rankSum([4, 5, 6], [1, 2, 3])).toBeCloseTo(0.1, 12);
  });

  test('counts every arrangement once, ties included', () => {
    // Of the 20 ways to place three of six, one is as extreme.
    expect(rankSum([4, 5, 6], [1, 2, 3], { alternative: 'greater' })).toBeCloseTo(1 / 20, 12);
    expect(rankSum([1, 1, 1], [1, 1, 1])).toBe(1);
    // 1 | 2 2 | 3: of the 6 ways to place two, {2, 3} comes twice, and nothing lies above it.
    expect(rankSum([2, 3], [1, 2], { alternative: 'greater' })).toBeCloseTo(2 / 6, 12);
  });

  test('goes over to the normal distribution without a step', () => {
    const random = createRandom(3);
    const a = Array.from({ length: 25 }, () => random.normal() + 0.5);
    const b = Array.from({ length: 25 }, () => random.normal());
    const exact = rankSum(a, b);
    const approximate = rankSum([...a, 0.25], [...b, 0.25]);
    expect(Math.abs(exact - approximate)).toBeLessThan(0.02);
  });

  test('says that nothing was drawn where one side is empty', () => {
    expect(rankSum([], [1, 2])).toBe(1);
  });
});

describe('the verdict on two runs', () => {
  const spread = [-0.014, -0.009, -0.005, -0.002, 0.002, 0.005, 0.009, 0.014];
  const at = (center: number, scale = 1) => spread.map((one) => center + scale * one);
  const compare = (a: number[], b: number[], direction: 'lower' | 'higher' = 'lower') =>
    compareTrials(a, b, { direction, margin: MARGIN, detector });

  test.each([
    ['worse', Math.log(1.3), 1],
    ['better', Math.log(0.7), 1],
    ['same', 0, 1],
    ['small-but-real', Math.log(1.05), 1],
    ['unclear', Math.log(1.05), 20],
  ] as const)('is %s', (verdict, center, scale) => {
    expect(compare(at(center, scale), at(0, scale)).verdict).toBe(verdict);
  });

  test('trades places where more is better', () => {
    expect(compare(at(0.3), at(0), 'higher').verdict).toBe('better');
    expect(compare(at(-0.3), at(0), 'higher').verdict).toBe('worse');
  });

  test('negates exactly when the runs are swapped', () => {
    const one = compare(at(0.3, 3), at(0));
    const other = compare(at(0), at(0.3, 3));
    expect(one.ratio).toBeCloseTo(1 / (other.ratio ?? 0), 12);
    expect(one.low).toBeCloseTo(1 / (other.high ?? 0), 12);
    expect(one.pBeyond).toBeCloseTo(other.pBeyond ?? 0, 12);
  });

  test('is none below six trials of either run', () => {
    const found = compare(at(0.3), at(0).slice(0, 5));
    expect(found).toMatchObject({ verdict: 'unclear', trials: 8, trialsAgainst: 5 });
    expect(found.reason).toBe('needs 6 trials of each run, has 8 and 5');
    expect(found.ratio).toBeGreaterThan(1.3);
  });

  test('needs no interval for figures that never vary', () => {
    const constant = (value: number) => new Array<number>(6).fill(value);
    expect(compare(constant(1), constant(1)).verdict).toBe('same');
    expect(compare(constant(1.2), constant(1)).verdict).toBe('worse');
  });

  test('cannot be "same" where the timer was part of what was measured', () => {
    const options = { direction: 'lower', margin: MARGIN, timerLimited: true, detector } as const;
    expect(compareTrials(at(0), at(0), options)).toMatchObject({ verdict: 'unclear' });
  });

  test('is "same" at ratio 1 for the very same trials, however few', () => {
    expect(sameTrials(2)).toMatchObject({ ratio: 1, low: 1, high: 1, verdict: 'same' });
  });

  test('refuses the logarithm of zero', () => {
    expect(() => compare([Number.NEGATIVE_INFINITY], [0])).toThrow(RangeError);
  });
});

interface Source {
  readonly name: string;
  /** Figures of the trials of two runs of so many, the first of which is `ratio` times as slow. */
  draw(random: Random, counts: readonly [number, number], ratio: number): [number[], number[]];
}

const many = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);
const tailed = (random: Random) => 1 + 0.3 * Math.exp(0.8 * random.normal());

const sources: Source[] = [
  {
    name: 'normal noise on the log scale',
    draw: (random, [nA, nB], ratio) => [
      many(nA, () => ratio * Math.exp(0.05 * random.normal())),
      many(nB, () => Math.exp(0.05 * random.normal())),
    ],
  },
  {
    name: 'one run three times as noisy',
    draw: (random, [nA, nB], ratio) => [
      many(nA, () => ratio * Math.exp(0.15 * random.normal())),
      many(nB, () => Math.exp(0.05 * random.normal())),
    ],
  },
  {
    name: 'trials with a log-normal tail',
    draw: (random, [nA, nB], ratio) => [
      many(nA, () => ratio * tailed(random)),
      many(nB, () => tailed(random)),
    ],
  },
];

const designs = [
  [6, 6],
  [8, 8],
  [6, 12],
] as const;
const cases = sources.flatMap((source) =>
  designs.map((counts) => ({ source, name: source.name, counts, design: counts.join(' and ') })),
);

function tally(source: Source, counts: readonly [number, number], truth: number, seed: number) {
  const random = createRandom(seed);
  let [held, flagged, beyond] = [0, 0, 0];
  for (let i = 0; i < SIMULATIONS; i += 1) {
    const [a, b] = source.draw(random, counts, truth);
    const {
      low = Number.NaN,
      high = Number.NaN,
      verdict,
    } = compareTrials(a.map(Math.log), b.map(Math.log), {
      direction: 'lower',
      margin: MARGIN,
      detector,
    });
    if (low <= truth && truth <= high) held += 1;
    if (verdict === 'better' || verdict === 'worse') beyond += 1;
    if (verdict === 'better' || verdict === 'worse' || verdict === 'small-but-real') flagged += 1;
  }
  return [held, flagged, beyond].map((count) => count / SIMULATIONS) as [number, number, number];
}

describe('simulated runs', { timeout: 30_000 }, () => {
  test.each(cases)('$design trials, $name: 95 % intervals hold the truth', (one) => {
    const [coverage] = tally(one.source, one.counts, 1.07, 7);
    expect(coverage).toBeGreaterThanOrEqual(0.93);
    expect(coverage).toBeLessThanOrEqual(0.975);
  });

  test.each(cases)('$design trials, $name: equal runs are not told apart', (one) => {
    const [, flagged, beyond] = tally(one.source, one.counts, 1, 8);
    expect(flagged).toBeLessThan(0.055);
    expect(beyond).toBeLessThan(0.01);
  });

  test.each(cases.filter(({ name }) => !name.includes('tail')))(
    '$design trials, $name: the detectable change is found 8 times in 10',
    ({ source, counts, name }) => {
      const deviation = name.includes('noisy') ? 0.15 : 0.05;
      const sides = [
        { count: counts[0], deviation },
        { count: counts[1], deviation: 0.05 },
      ] as const;
      const any = detector.anyDifference(...sides) ?? 0;
      const beyondMargin = detector.beyondMargin(...sides, MARGIN) ?? 0;
      expect(tally(source, counts, 1 + any, 9)[1]).toBeCloseTo(0.8, 1);
      expect(tally(source, counts, 1 + beyondMargin, 10)[2]).toBeCloseTo(0.8, 1);
    },
  );
});
