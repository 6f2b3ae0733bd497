/** Change points on series whose truth is known. */
import { describe, expect, it } from 'vitest';
import { findChangePoints } from '../../core/change-points.ts';
import { createRandom } from '../../core/random.ts';

/** Logs of `count` figures that move by `noise`, and by `step` from `at` on. */
function series({ count = 60, noise = 0.03, step = 0, at = 30, seed = 1 } = {}): number[] {
  const random = createRandom(seed);
  return Array.from(
    { length: count },
    (_, i) => noise * random.normal() + (i >= at ? Math.log1p(step) : 0),
  );
}

const find = (values: readonly number[], seed = 1) =>
  findChangePoints(values, { random: createRandom(seed) });

/** nm/(n+m) · (2·mean|x−y| − mean|x−x'| − mean|y−y'|), word for word. */
function bestByFormula(values: readonly number[]): number {
  const meanDistance = (a: readonly number[], b: readonly number[]): number => {
    const pairs = a.flatMap((x, i) =>
      b.flatMap((y, j) => (a === b && i === j ? [] : Math.abs(x - y))),
    );
    return pairs.reduce((sum, one) => sum + one, 0) / pairs.length;
  };
  const distances = values.map((_, n) => {
    const [x, y] = [values.slice(0, n), values.slice(n)];
    if (x.length < 4 || y.length < 4) return Number.NEGATIVE_INFINITY;
    const between = 2 * meanDistance(x, y) - meanDistance(x, x) - meanDistance(y, y);
    return ((x.length * y.length) / values.length) * between;
  });
  return distances.indexOf(Math.max(...distances));
}

describe('change points', () => {
  it('splits where the plain formula puts the energy distance highest, ties and zeros included', () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const random = createRandom(seed);
      const count = 12 + random.int(20);
      const steps = seed % 3 === 0 ? 4 : 1_000;
      const values = Array.from(
        { length: count },
        (_, i) => Math.round(steps * (random.normal() + (i >= count / 2 ? 6 : 0))) / steps,
      );
      const [first] = find(values);
      expect([first?.index, bestByFormula(values)], `seed ${seed}`).toEqual([
        bestByFormula(values),
        bestByFormula(values),
      ]);
    }
  });

  it('finds nothing where all values are equal, whatever they are', () => {
    for (const value of [0, 1, 0.1, 1e9 + 0.1, Math.log(3)]) {
      expect(find(Array.from({ length: 200 }, () => value))).toEqual([]);
    }
  });

  it('finds a step of 10 % in 60 points within two of its place, under 2 % of noise', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const [first, ...more] = find(series({ step: 0.1, at: 37, noise: 0.02, seed }));
      expect(Math.abs((first?.index ?? 0) - 37), `seed ${seed}`).toBeLessThanOrEqual(2);
      expect((first?.after ?? 0) - (first?.before ?? 0)).toBeCloseTo(Math.log(1.1), 1);
      expect(more.length).toBeLessThanOrEqual(1);
    }
  });

  it('finds nothing in at least 95 % of flat series, heavy tails included', () => {
    const flagged = Array.from({ length: 200 }, (_, seed) => {
      const flat = series({ seed }).map((value) => (seed % 2 === 0 ? value : value ** 3 / 0.001));
      return find(flat, seed).length > 0;
    }).filter(Boolean).length;
    expect(flagged).toBeLessThanOrEqual(10);
  });

  it('finds two steps, and tells the level between them', () => {
    const values = [
      ...series({ count: 20, seed: 2 }),
      ...series({ count: 20, step: 0.3, at: 0, seed: 3 }),
      ...series({ count: 20, step: 0.1, at: 0, seed: 4 }),
    ];
    const points = find(values);
    expect(points.map(({ index }) => index)).toEqual([20, 40]);
    expect(points[0]?.after).toBeCloseTo(Math.log(1.3), 1);
    expect(points[1]?.before).toBe(points[0]?.after);
  });

  it('does not take an outlier for a new level', () => {
    const values = series();
    values[30] = 2;
    expect(find(values)).toEqual([]);
  });

  it.each([0, 1, 7])('says nothing about %d values', (count) => {
    expect(find(series({ count }))).toEqual([]);
  });

  it('says nothing about values that are all the same', () => {
    expect(find(Array(30).fill(5))).toEqual([]);
  });
});
