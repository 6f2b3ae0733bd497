/** Leaks in made-up series: a planted one is found, and neither garbage, nor settling, nor a step is taken for one. */
import { describe, expect, test } from 'vitest';
import type { LeakVerdict } from '../../core/leak.ts';
import { judgeGrowth, SHORTEST_SERIES } from '../../core/leak.ts';
import { createRandom } from '../../core/random.ts';
import type { FitPoint } from '../../core/slope.ts';

const MIB = 2 ** 20;

interface Shape {
  readonly seconds?: number;
  readonly leakPerS?: number;
  /** What is there beside garbage and leak, by the second. */
  readonly base?: (second: number) => number;
  /** Seconds from one collection to the next, give or take a fifth; 0 has no garbage. */
  readonly collectEvery?: number;
  readonly garbage?: number;
}

/** A heap of 40 MiB that is looked at every second. */
function heap(
  seed: number,
  { seconds = 120, leakPerS = 0, base, collectEvery = 7, garbage = 12 * MIB }: Shape,
): FitPoint[] {
  const random = createRandom(seed);
  let sinceCollection = random.next() * collectEvery;
  let next = collectEvery * (0.8 + 0.4 * random.next());
  return Array.from({ length: seconds }, (_, second) => {
    sinceCollection += 1;
    if (sinceCollection >= next) {
      sinceCollection = random.next();
      next = collectEvery * (0.8 + 0.4 * random.next());
    }
    const saw = collectEvery === 0 ? 0 : (garbage * sinceCollection) / collectEvery;
    const noise = (random.next() - 0.5) * 200 * 1_024;
    return { x: second, y: 40 * MIB + (base?.(second) ?? 0) + leakPerS * second + saw + noise };
  });
}

function verdicts(shape: Shape, runs = 200): Record<LeakVerdict, number> {
  const counts = { leak: 0, rise: 0, none: 0 };
  for (let seed = 0; seed < runs; seed += 1) {
    const growth = judgeGrowth(heap(seed, shape));
    if (growth !== undefined) counts[growth.verdict] += 1;
  }
  return counts;
}

describe('a leak of 1 MiB per minute', () => {
  const leakPerS = MIB / 60;

  test('is found among garbage within ten minutes, at its rate', () => {
    expect(verdicts({ leakPerS, seconds: 600 }, 100).leak).toBeGreaterThanOrEqual(95);
    const fit = judgeGrowth(heap(1, { leakPerS, seconds: 600 }))?.fit;
    expect(fit?.low).toBeLessThanOrEqual(leakPerS);
    expect(fit?.high).toBeGreaterThanOrEqual(leakPerS);
    expect(fit?.slope).toBeGreaterThan(0.8 * leakPerS);
    expect(fit?.slope).toBeLessThan(1.2 * leakPerS);
  });

  test('is found within two minutes where there is no garbage to hide it', () => {
    expect(verdicts({ leakPerS, collectEvery: 0 }, 100).leak).toBeGreaterThanOrEqual(95);
  });
});

describe('what is no leak', () => {
  test.each([
    ['garbage that is collected often', { collectEvery: 4 }],
    ['garbage that is collected seldom', { collectEvery: 17 }],
    ['garbage over hours', { collectEvery: 45, seconds: 2_000 }],
    ['nothing but noise', { collectEvery: 0 }],
    [
      'a heap that settles in the first fifth',
      { base: (s: number) => 30 * MIB * (1 - Math.exp(-s / 5)) },
    ],
    ['memory that shrinks', { leakPerS: -MIB / 60 }],
  ] satisfies [string, Shape][])(
    '%s is called a leak at most once in a hundred times',
    (_, shape) => {
      const { leak, rise } = verdicts(shape);
      expect(leak).toBeLessThanOrEqual(2);
      expect(leak + rise).toBeLessThanOrEqual(10);
    },
  );

  test('a step in the middle is not one that goes on', () => {
    expect(verdicts({ base: (s) => (s > 70 ? 15 * MIB : 0) }, 100).leak).toBe(0);
  });

  test('a heap that is still settling at the end is a rise at most', () => {
    const { leak } = verdicts(
      { base: (s) => 20 * MIB * (1 - Math.exp(-s / 15)), seconds: 240 },
      100,
    );
    expect(leak).toBeLessThanOrEqual(2);
  });
});

test('a series too short to say is not judged', () => {
  expect(judgeGrowth(heap(1, { seconds: SHORTEST_SERIES - 1 }))).toBeUndefined();
  expect(judgeGrowth(heap(1, { seconds: SHORTEST_SERIES }))).toBeDefined();
});
