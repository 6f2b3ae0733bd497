/** The rows of the timeline: one per second, and no more than an hour of them, however long the load is. */
import { expect, test } from 'vitest';
import { NS_PER_S } from '../../core/clock.ts';
import type { Cost } from '../../loadgen/cost-meter.ts';
import { timelineOf } from '../../loadgen/timeline.ts';

const loop = { utilization: 0.5, gcMs: 1, gcLongestMs: 1, rssBytes: 0 };

/** Two clients, a message per second that took 100 and 300 µs; the server is asked at the end of each second. */
function timeline(seconds: number) {
  const cells = Uint32Array.from({ length: seconds * 2 }, (_, cell) =>
    cell % 2 === 0 ? 101 : 301,
  );
  const samples = Array.from({ length: seconds }, (_, second) => ({
    at: (second + 1) * NS_PER_S,
    loop,
  }));
  const cost: Cost = { probes: {}, serverSamples: samples, workerSamples: samples, steal: [] };
  const source = {
    cells: [{ cells, columns: 2 }],
    rows: seconds,
    sampleEvery: 1,
    dueOfRow: (row: number) => row * NS_PER_S,
  };
  return timelineOf(source, cost, 0);
}

test('a short load has a row for every second', () => {
  const rows = timeline(3);
  expect(rows.map(({ second }) => second)).toEqual([0, 1, 2]);
  expect(rows[0]).toMatchObject({ deliveries: 2, p50: 300, max: 300, serverUtilization: 0.5 });
});

test('a day has rows of several seconds, with deliveries per second in them', () => {
  const rows = timeline(86_400);
  expect(rows).toHaveLength(3_600);
  expect(rows[1]).toMatchObject({ second: 24, deliveries: 2, p99: 300, generatorUtilization: 0.5 });
});
