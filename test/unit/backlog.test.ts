/** A queue that grows is told from a latency that is merely high, uneven, or high for a while. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { backlogGrowth } from '../../loadgen/backlog.ts';

const SPAN_NS = 2e9;
const MESSAGES = 400;

/** @param latencyOf µs, of what is due after this share of the schedule */
function growth(latencyOf: (share: number) => number, messages = MESSAGES): number | undefined {
  const latencies = Array.from({ length: messages }, (_, index) => {
    const share = index / messages;
    return { dueNs: share * SPAN_NS, latencyUs: latencyOf(share) };
  });
  return backlogGrowth(latencies, SPAN_NS);
}

describe('a backlog', () => {
  test.each([1.03, 1.12, 1.5])('of %f of what is carried is found again', (offered) => {
    const random = createRandom(7);
    const found = growth((share) => 900 + (offered - 1) * share * 2e6 + 300 * random.next());
    expect(found).toBeCloseTo(offered - 1, 2);
  });

  test.each([
    ['the same all the time', () => 40_000],
    ['that falls', (share: number) => 90_000 * (1 - share)],
    ['that is high in the middle', (share: number) => (share > 0.3 && share < 0.7 ? 90_000 : 900)],
    [
      'that rises and has come down by the end',
      (share: number) => (share < 0.9 ? 90_000 * share : 900),
    ],
  ])('is not seen in a latency %s', (_, latencyOf) => {
    expect(growth(latencyOf)).toBe(0);
  });

  test('is not seen in noise, however large, in 200 of 200 draws', () => {
    const random = createRandom(3);
    const draws = Array.from({ length: 200 }, () =>
      growth(() => 20_000 * Math.exp(0.8 * random.normal())),
    );
    expect(draws.filter((found) => found !== 0)).toEqual([]);
  });

  /** Of 50 draws of a queue that takes 70–130 % of its mean time for a message, how many grow by 2 % or more. */
  test.each([
    [0.8, 0, 0],
    [0.95, 0, 0],
    [1.1, 49, 50],
    [1.5, 50, 50],
  ])('is found of a queue offered %f of what it carries in %i to %i of 50', (offered, from, to) => {
    const random = createRandom(11);
    const grown = Array.from({ length: 50 }, () => {
      const serviceUs = (offered * SPAN_NS) / MESSAGES / 1_000;
      let freeUs = 0;
      return growth((share) => {
        const dueUs = (share * SPAN_NS) / 1_000;
        freeUs = Math.max(dueUs, freeUs) + serviceUs * (0.7 + 0.6 * random.next());
        return freeUs - dueUs;
      });
    }).filter((found) => (found ?? 0) > 0.02).length;
    expect(grown).toBeGreaterThanOrEqual(from);
    expect(grown).toBeLessThanOrEqual(to);
  });

  test('cannot be told from a handful of messages', () => {
    expect(growth((share) => share * 1e5, 9)).toBeUndefined();
  });
});
