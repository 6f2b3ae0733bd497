/** Drifts of latency in long loads: what is none is hardly ever called one, however many are looked at, and what is one is found. */
import { describe, expect, test } from 'vitest';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import type { SoakRecord } from '../../core/records/soak.ts';
import type { Drift } from '../../reports/soak-trends.ts';
import { driftOf, latencyOf } from '../../reports/soak-trends.ts';
import { judgeDrifts } from '../../reports/soak-verdict.ts';
import { histogramOf } from '../trip-run.ts';

const MARGIN = 0.1;

/** Latencies of 60 looks that change by so much from first to last, with noise that has a memory. */
function recordOf(random: Random, change: number, noise: number): SoakRecord {
  let off = 0;
  const samples = Array.from({ length: 60 }, (_, index) => {
    off = 0.5 * off + noise * random.normal();
    const us = 2_000 * Math.exp(off) * (1 + change) ** (index / 59);
    return {
      atMs: index * 1_000,
      received: index,
      server: {},
      generator: {},
      due: '',
      dueP50: us,
      dueP99: 3 * us,
    };
  });
  return { intervalMs: 1_000, ratePerS: 20, clients: 100, samples };
}

const driftIn = (random: Random, change: number, noise: number): Drift => {
  const drift = driftOf(recordOf(random, change, noise), 0.5);
  if (drift === undefined) throw new Error('too few looks');
  return drift;
};

/** Shares of runs of four drifts in which at least one has the verdict. */
function shareOf(verdict: string, change: number, noise: number): number {
  const random = createRandom(3);
  const runs = 200;
  let found = 0;
  for (let run = 0; run < runs; run += 1) {
    const drifts = [0, 1, 2, 3].map(() => driftIn(random, change, noise));
    if (judgeDrifts(drifts, MARGIN).some((one) => one === verdict)) found += 1;
  }
  return found / runs;
}

describe('a drift of latency', () => {
  test('that lies on the margin itself is called one in at most 5 of 100 runs, four looked at in each', () => {
    expect(shareOf('drift', MARGIN, 0.1)).toBeLessThanOrEqual(0.05);
  });

  test('that is none is hardly ever called one, nor one beyond the margin none', () => {
    expect(shareOf('drift', 0, 0.1)).toBeLessThanOrEqual(0.02);
    expect(shareOf('none', 2 * MARGIN, 0.02)).toBeLessThanOrEqual(0.05);
  });

  test('is found where it is large, ruled out where looks agree, and else unclear', () => {
    const random = createRandom(4);
    const of = (change: number, noise: number) =>
      judgeDrifts([driftIn(random, change, noise)], MARGIN)[0];
    expect(of(0.5, 0.02)).toBe('drift');
    expect(of(-0.5, 0.02)).toBe('drift');
    expect(of(0, 0.02)).toBe('none');
    expect(of(0.03, 0.02)).toBe('none');
    expect(of(0, 1)).toBe('unclear');
  });

  test('is read from percentiles of each look, and from its histogram where a file has none', () => {
    const record = recordOf(createRandom(5), 0, 0);
    expect(latencyOf(record, 0.99)[0]).toEqual({ x: 0, y: 6_000 });
    const samples = record.samples.map(({ dueP50: _, dueP99: __, ...sample }) => ({
      ...sample,
      due: histogramOf([100, 200, 300]),
    }));
    expect(latencyOf({ ...record, samples }, 0.5)[3]).toEqual({ x: 3, y: 200 });
  });
});
