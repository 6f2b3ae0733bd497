import { describe, expect, test } from 'vitest';
import { createHistogram, encodeHistogram, HIGHEST_US } from '../../core/histogram.ts';
import type { CellBlock } from '../../loadgen/cells.ts';
import { latencyPerSecond, spreadOf } from '../../loadgen/cells.ts';

/** A block from rows of latencies, µs; undefined where the message did not arrive. */
function block(...rows: readonly (readonly (number | undefined)[])[]): CellBlock {
  const cells = rows.flat().map((us) => (us === undefined ? 0 : us + 1));
  return { cells: Uint32Array.from(cells), columns: rows[0]?.length ?? 0 };
}

const lostUs = 5_000;

interface Case {
  readonly says: string;
  readonly blocks: readonly CellBlock[];
  readonly rows: number;
  readonly subscribers: number;
  /** First, median and last subscriber of each message. */
  readonly spread: readonly (readonly [number, number, number])[];
}

const cases: readonly Case[] = [
  {
    says: 'is read from one worker',
    blocks: [block([300, 100, 200])],
    rows: 1,
    subscribers: 3,
    spread: [[100, 200, 300]],
  },
  {
    says: 'is over the subscribers of all workers',
    blocks: [block([300, 100]), block([200])],
    rows: 1,
    subscribers: 3,
    spread: [[100, 200, 300]],
  },
  {
    says: 'is of each message by itself',
    blocks: [block([1, 2], [4, 3]), block([5], [6])],
    rows: 2,
    subscribers: 3,
    spread: [
      [1, 2, 5],
      [3, 4, 6],
    ],
  },
  {
    says: 'has the lower of two middles for its median',
    blocks: [block([400, 100, 300, 200])],
    rows: 1,
    subscribers: 4,
    spread: [[100, 200, 400]],
  },
  {
    says: 'counts a lost delivery as the deadline',
    blocks: [block([100, undefined, 200])],
    rows: 1,
    subscribers: 3,
    spread: [[100, 200, lostUs]],
  },
  {
    says: 'has a lost median when most are lost',
    blocks: [block([100, undefined, undefined])],
    rows: 1,
    subscribers: 3,
    spread: [[100, lostUs, lostUs]],
  },
  {
    says: 'counts subscribers that never connected as lost',
    blocks: [block([100, 200])],
    rows: 1,
    subscribers: 5,
    spread: [[100, lostUs, lostUs]],
  },
  {
    says: 'is all lost when nothing arrived',
    blocks: [block([undefined, undefined])],
    rows: 1,
    subscribers: 2,
    spread: [[lostUs, lostUs, lostUs]],
  },
  {
    says: 'takes a latency of 0 for one that arrived',
    blocks: [block([0, 7])],
    rows: 1,
    subscribers: 2,
    spread: [[0, 0, 7]],
  },
  {
    says: 'sorts a delivery later than the deadline behind the lost',
    blocks: [block([9_000, undefined])],
    rows: 1,
    subscribers: 2,
    spread: [[lostUs, lostUs, 9_000]],
  },
];

describe('the spread of a broadcast', () => {
  for (const { says, blocks, rows, subscribers, spread } of cases) {
    test(says, () => {
      const { first, median, last, medians } = spreadOf(blocks, rows, () => subscribers, lostUs);
      expect(medians).toEqual(spread.map(([, middle]) => middle));
      for (const [at, histogram] of [first, median, last].entries()) {
        const expected = createHistogram();
        for (const row of spread) expected.recordValue(row[at] ?? 0);
        expect(encodeHistogram(histogram)).toBe(encodeHistogram(expected));
      }
    });
  }

  test('is over as many subscribers as the message has, and has no median where that is none', () => {
    const blocks = [block([100, undefined], [undefined, undefined], [undefined, 300])];
    const { first, medians } = spreadOf(blocks, 3, (row) => [1, 0, 2][row] ?? 0, lostUs);
    expect(medians).toEqual([100, undefined, 300]);
    expect(first.totalCount).toBe(2);
  });

  test('records a latency beyond what a histogram holds as the highest', () => {
    const { last } = spreadOf([block([4_000_000_000])], 1, () => 1, lostUs);
    expect(last.totalCount).toBe(1);
    expect(last.maxValue / HIGHEST_US).toBeCloseTo(1, 3);
  });
});

describe('latency per second', () => {
  const seconds = (row: number) => Math.floor(row / 2);

  test('is of the messages due in that second, from all workers', () => {
    const blocks = [block([10, 20], [30, 40], [50, 60]), block([15], [35], [undefined])];
    expect(Object.fromEntries(latencyPerSecond(blocks, 3, seconds))).toEqual({
      0: { deliveries: 6, p50: 30, p99: 40, max: 40 },
      1: { deliveries: 2, p50: 60, p99: 60, max: 60 },
    });
  });

  test('leaves out a second in which nothing arrived', () => {
    const found = latencyPerSecond([block([1], [2], [undefined], [undefined], [3])], 5, seconds);
    expect([...found.keys()]).toEqual([0, 2]);
  });

  test('reads a percentile off the sorted values', () => {
    const rows = Array.from({ length: 200 }, (_, i) => [199 - i]);
    expect(latencyPerSecond([block(...rows)], 200, () => 0).get(0)).toEqual({
      deliveries: 200,
      p50: 100,
      p99: 198,
      max: 199,
    });
  });

  test('sorts numbers as numbers', () => {
    expect(latencyPerSecond([block([9], [10], [100])], 3, () => 0).get(0)).toMatchObject({
      p50: 10,
      max: 100,
    });
  });
});
