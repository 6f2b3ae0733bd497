import { describe, expect, test } from 'vitest';
import { shareOut } from '../../loadgen/phases/connect.ts';

describe('sharing clients out over workers', () => {
  test.each([
    { total: 10, parts: 1, shares: [10] },
    { total: 10, parts: 2, shares: [5, 5] },
    { total: 10, parts: 3, shares: [3, 3, 4] },
    { total: 2, parts: 3, shares: [0, 1, 1] },
    { total: 0, parts: 2, shares: [0, 0] },
  ])('gives $total over $parts as $shares', ({ total, parts, shares }) => {
    expect(shareOut(total, parts)).toEqual(shares);
  });

  test('drops no remainder, and no share differs from another by more than one', () => {
    for (let total = 0; total <= 100; total += 1) {
      for (let parts = 1; parts <= 12; parts += 1) {
        const shares = shareOut(total, parts);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(total);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }
    }
  });
});
