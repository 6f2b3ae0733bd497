/** Where two arms change places along a sweep: only between values at which the rounds surely say so. */
import { describe, expect, test } from 'vitest';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import type { Rounds, Side } from '../../reports/crossing.ts';
import { crossingsOf, sidesOf } from '../../reports/crossing.ts';

/** Ratios at 16, 64, 256 …; sure unless they are next to 1. */
const sides = (...ratios: number[]): Side[] =>
  ratios.map((ratio, index) => ({
    at: 16 * 4 ** index,
    ratio,
    sign: Math.abs(ratio - 1) < 0.01 ? 0 : ratio < 1 ? -1 : 1,
    tested: true,
  }));

describe('two arms along a sweep', () => {
  test('change places between neighbours on whose either side it is sure, half-way in ratio', () => {
    expect(crossingsOf(sides(1.25, 0.8))).toEqual([
      { kind: 'crosses', from: 16, to: 64, at: expect.closeTo(32, 6), firstBelow: false },
    ]);
    expect(crossingsOf(sides(0.9, 1.1 ** 3))[0]).toMatchObject({ firstBelow: true });
  });

  test('may do so more than once', () => {
    const found = crossingsOf(sides(1.2, 0.8, 0.8, 1.2));
    expect(found.map((one) => one.kind === 'crosses' && [one.from, one.to])).toEqual([
      [16, 64],
      [256, 1_024],
    ]);
  });

  test('with something unsure in between do so somewhere there', () => {
    expect(crossingsOf(sides(1.2, 1.001, 0.8))).toEqual([
      { kind: 'crosses', from: 16, to: 256, at: undefined, firstBelow: false },
    ]);
  });

  test('stay apart where the ratio crosses 1 only within what is sure', () => {
    expect(crossingsOf(sides(1.3, 1.2, 0.995))).toEqual([
      { kind: 'apart', firstLess: false, sure: 2, of: 3 },
    ]);
  });

  test('are level where nothing is sure, and untested where there are too few rounds', () => {
    expect(crossingsOf(sides(1.005, 0.995))).toEqual([{ kind: 'level', tested: true }]);
    expect(crossingsOf([{ at: 16, ratio: 2, sign: 0, tested: false }])).toEqual([
      { kind: 'level', tested: false },
    ]);
    expect(crossingsOf([])).toEqual([{ kind: 'level', tested: false }]);
  });
});

describe('a side is sure', () => {
  const signsOf = (...logRatios: readonly number[][]): number[] =>
    sidesOf([logRatios.map((one, index) => ({ at: index, logRatios: one }))])
      .flat()
      .map(({ sign }) => sign);

  test('where six rounds agree, also where they are all the same', () => {
    expect(signsOf([0.1, 0.11, 0.1, 0.09, 0.1, 0.12])).toEqual([1]);
    expect(signsOf(new Array<number>(6).fill(-0.5))).toEqual([-1]);
  });

  test('never with five, however much they agree', () => {
    const [side] = sidesOf([[{ at: 16, logRatios: new Array<number>(5).fill(0.5) }]]).flat();
    expect(side).toMatchObject({ sign: 0, tested: false, ratio: expect.closeTo(Math.exp(0.5), 9) });
  });

  test('never where the ratio is exactly 1, nor where one round is on the other side', () => {
    expect(signsOf(new Array<number>(6).fill(0))).toEqual([0]);
    // t alone would be sure of it: p = 0.03.
    expect(signsOf([0.1, 0.1, 0.1, 0.1, 0.1, -0.01])).toEqual([0]);
  });

  test('no more where it is one of nine that were looked at, as chance would have one', () => {
    // p of t is 0.02: enough alone, and not among nine.
    const near = [0.01, 0.02, 0.03, 0.04, 0.12, 0.05];
    const level = [0.1, -0.1, 0.1, -0.1, 0.1, -0.1];
    expect(signsOf(near)).toEqual([1]);
    expect(signsOf(near, ...new Array<number[]>(8).fill(level))).toEqual(new Array(9).fill(0));
  });
});

/** How two runs of one and the same program differ, as a logarithm. */
const noises: Readonly<Record<string, (random: Random) => number>> = {
  normal: (random) => 0.03 * random.normal(),
  'with a long tail on both sides': (random) =>
    0.02 * (random.exponential(1) - random.exponential(1)),
  'now and then disturbed': (random) =>
    0.02 * random.normal() + (random.next() < 0.1 ? 0.3 * random.normal() : 0),
};

const SIZES = 9;
const RUNS = 2_000;

test.each(Object.keys(noises))(
  'a build against itself has a size at which it is sure in at most 5 of 100 runs, and a crossing in 1: noise %s',
  (name) => {
    const noise = noises[name] ?? (() => 0);
    const random = createRandom(7);
    let sure = 0;
    let crossed = 0;
    for (let run = 0; run < RUNS; run += 1) {
      const sweep = Array.from(
        { length: SIZES },
        (_, at): Rounds => ({ at, logRatios: Array.from({ length: 6 }, () => noise(random)) }),
      );
      const [found = []] = sidesOf([sweep]);
      if (found.some(({ sign }) => sign !== 0)) sure += 1;
      if (crossingsOf(found).some(({ kind }) => kind === 'crosses')) crossed += 1;
    }
    expect(sure / RUNS).toBeLessThanOrEqual(0.05);
    expect(crossed / RUNS).toBeLessThanOrEqual(0.01);
  },
);

test('arms that differ by 10 % and 3 % of noise are told apart at most sizes', () => {
  const random = createRandom(8);
  let sure = 0;
  for (let run = 0; run < 200; run += 1) {
    const sweep = Array.from({ length: SIZES }, (_, at) => ({
      at,
      logRatios: Array.from({ length: 6 }, () => 0.095 + 0.03 * random.normal()),
    }));
    sure += sidesOf([sweep])[0]?.filter(({ sign }) => sign === 1).length ?? 0;
  }
  expect(sure / (200 * SIZES)).toBeGreaterThan(0.9);
});
