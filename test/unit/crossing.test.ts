import { describe, expect, test } from 'vitest';
import type { Side } from '../../reports/crossing.ts';
import { crossingsOf } from '../../reports/crossing.ts';

/** Ratios at 16, 64, 256 …; sure to 1 % on either side. */
const sides = (...ratios: number[]): Side[] =>
  ratios.map((ratio, index) => ({
    at: 16 * 4 ** index,
    ratio,
    low: ratio / 1.01,
    high: ratio * 1.01,
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

  test('are level where nothing is sure, and untested without intervals', () => {
    expect(crossingsOf(sides(1.005, 0.995))).toEqual([{ kind: 'level', tested: true }]);
    expect(crossingsOf([{ at: 16, ratio: 2 }])).toEqual([{ kind: 'level', tested: false }]);
    expect(crossingsOf([])).toEqual([{ kind: 'level', tested: false }]);
  });
});
