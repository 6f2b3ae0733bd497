import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';

/** sfc32 once more, in arbitrary-size integers: slow, and too plain to share a mistake. */
function referenceWords(seed: number, count: number): bigint[] {
  const mask = 0xffff_ffffn;
  let [a, b, c, counter] = [BigInt(seed) & mask, (BigInt(seed) >> 32n) & mask, 0n, 1n];
  return Array.from({ length: count }, () => {
    const out = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = (((c << 21n) | (c >> 11n)) + out) & mask;
    return out;
  });
}

describe('the stream', () => {
  test.each([0, 1, 42, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER])(
    'of seed %d follows the published recurrence',
    (seed) => {
      const words = referenceWords(seed, 15 + 200).slice(15);
      const expected = Array.from({ length: 100 }, (_, i) => {
        const [high = 0n, low = 0n] = words.slice(2 * i, 2 * i + 2);
        return Number(((high >> 5n) << 26n) | (low >> 6n)) / 2 ** 53;
      });
      const random = createRandom(seed);
      expect(Array.from({ length: 100 }, random.next)).toEqual(expected);
    },
  );

  test('of a seed never changes, because run files store seeds', () => {
    const random = createRandom(1);
    expect([random.next(), random.next(), random.next()]).toEqual([
      0.7887684721623214, 0.8257388820225807, 0.09987997735482856,
    ]);
  });

  test('differs between neighbouring seeds and between seeds 2^32 apart', () => {
    const firsts = [1, 2, 3, 1 + 2 ** 32].map((seed) => createRandom(seed).next());
    expect(new Set(firsts).size).toBe(4);
  });

  test('is not shared: two generators of one seed do not disturb each other', () => {
    const [one, two] = [createRandom(5), createRandom(5)];
    const ahead = [one.normal(), one.normal(), one.next()];
    expect([two.normal(), two.normal(), two.next()]).toEqual(ahead);
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'cannot be seeded with %d, which is not a safe integer',
    (seed) => {
      expect(() => createRandom(seed)).toThrow(RangeError);
    },
  );
});

describe('distributions', () => {
  const draws = 50_000;
  const average = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const many = (draw: () => number) => Array.from({ length: draws }, draw);

  // Tolerances are four standard errors of the average at 50,000 draws.
  test.each([
    { name: 'next is uniform: mean 1/2', power: 1, expected: 1 / 2, tolerance: 0.0052 },
    { name: 'next is uniform: mean square 1/3', power: 2, expected: 1 / 3, tolerance: 0.0053 },
  ])('$name', ({ power, expected, tolerance }) => {
    const values = many(createRandom(11).next);
    expect(Math.abs(average(values.map((v) => v ** power)) - expected)).toBeLessThan(tolerance);
    expect(values.every((v) => v >= 0 && v < 1)).toBe(true);
  });

  test.each([
    { moment: 1, expected: 0, tolerance: 0.018 },
    { moment: 2, expected: 1, tolerance: 0.026 },
    { moment: 3, expected: 0, tolerance: 0.07 },
    { moment: 4, expected: 3, tolerance: 0.18 },
  ])('normal has moment $moment equal to $expected', ({ moment, expected, tolerance }) => {
    const values = many(createRandom(12).normal);
    expect(Math.abs(average(values.map((v) => v ** moment)) - expected)).toBeLessThan(tolerance);
  });

  test('exponential has the mean asked for, and e^-2 of it lies above twice the mean', () => {
    const random = createRandom(13);
    const values = many(() => random.exponential(250));
    expect(Math.abs(average(values) - 250)).toBeLessThan(4.5);
    const above = values.filter((v) => v > 500).length / draws;
    expect(Math.abs(above - Math.exp(-2))).toBeLessThan(0.0062);
    expect(values.every((v) => v >= 0)).toBe(true);
  });

  test('int gives every value of its range equally often', () => {
    const random = createRandom(14);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i += 1) {
      const value = random.int(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(22.46); // 99.9 % point at 6 degrees of freedom
  });

  test.each([0, -1, 1.5, Number.NaN])('int(%d) is refused', (n) => {
    expect(() => createRandom(1).int(n)).toThrow(RangeError);
  });

  test('shuffle gives every order of three equally often and leaves its input alone', () => {
    const random = createRandom(15);
    const items = ['sse', 'ws', 'raw'] as const;
    const counts = new Map<string, number>();
    for (let i = 0; i < 60_000; i += 1) {
      const order = random.shuffle(items).join(' ');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(items).toEqual(['sse', 'ws', 'raw']);
    expect(counts.size).toBe(6);
    const squares = [...counts.values()].map((count) => (count - 10_000) ** 2 / 10_000);
    expect(squares.reduce((sum, v) => sum + v, 0)).toBeLessThan(20.52); // 99.9 % point at 5
  });
});
