import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { ScalabilityPoint } from '../../core/scalability.ts';
import { fitScalability } from '../../core/scalability.ts';

/** What a system that follows the law shows with N under way. */
function pointAt(n: number, lambda: number, sigma: number, kappa: number): ScalabilityPoint {
  const latencyS = (1 + sigma * (n - 1) + kappa * n * (n - 1)) / lambda;
  return { throughput: n / latencyS, latencyS };
}
const ns = [1, 2, 4, 8, 16, 24, 32];

describe('the scalability law', () => {
  test('is found again in points that follow it', () => {
    const fit = fitScalability(ns.map((n) => pointAt(n, 1_000, 0.03, 0.0002)));
    if ('why' in fit) throw new Error(fit.why);
    expect(fit.lambda).toBeCloseTo(1_000, 3);
    expect(fit.sigma).toBeCloseTo(0.03, 6);
    expect(fit.kappa).toBeCloseTo(0.0002, 8);
    expect(fit.explained).toBeCloseTo(1, 6);
    const best = Math.sqrt((1 - 0.03) / 0.0002);
    expect(fit.peak).toBeCloseTo(pointAt(best, 1_000, 0.03, 0.0002).throughput, 3);
  });

  test('is found nearly in points with noise', () => {
    const random = createRandom(5);
    const fit = fitScalability(
      ns.map((n) => {
        const { throughput, latencyS } = pointAt(n, 1_000, 0.2, 0.0005);
        return { throughput, latencyS: latencyS * (1 + 0.02 * random.normal()) };
      }),
    );
    if ('why' in fit) throw new Error(fit.why);
    expect(fit.sigma).toBeGreaterThan(0.15);
    expect(fit.sigma).toBeLessThan(0.25);
    expect(fit.explained).toBeGreaterThan(0.9);
  });

  test('is not fitted to latencies that have nothing to do with the load, in 500 of 500 draws', () => {
    // By N, which is the latency times the throughput, it would explain 89 % of them in 19 draws.
    const random = createRandom(4);
    const fits = Array.from({ length: 500 }, () =>
      fitScalability(
        [1_000, 2_000, 4_000, 8_000, 9_000, 10_000].map((throughput) => ({
          throughput,
          latencyS: 0.001 * Math.exp(0.7 * random.normal()),
        })),
      ),
    );
    expect(fits.filter((fit) => 'explained' in fit)).toEqual([]);
  });

  test.each([
    ['too few points', ns.slice(0, 4).map((n) => pointAt(n, 1_000, 0.1, 0.001)), /takes 5 loads/],
    [
      'loads that are all alike',
      [1, 1.1, 1.2, 1.3, 1.4].map((n) => pointAt(n, 9, 0.1, 0.01)),
      /alike/,
    ],
    [
      'latency that falls with the load',
      ns.map((n) => ({ throughput: 100 * n ** 1.5, latencyS: 0.01 / Math.sqrt(n) })),
      /does not|not one that|far from/,
    ],
    [
      'points all over the place',
      [5, 1, 9, 2, 8, 1, 30].map((ms, index) => ({
        throughput: 100 * 2 ** index,
        latencyS: ms / 1_000,
      })),
      /not one that|far from|peak/,
    ],
  ])('is not fitted to %s', (_, points, why) => {
    const fit = fitScalability(points);
    expect('why' in fit ? fit.why : 'a fit').toMatch(why);
  });
});
