import { describe, expect, test } from 'vitest';
import { NS_PER_MS } from '../../core/clock.ts';
import { decodeHistogram } from '../../core/histogram.ts';
import type { TripReport } from '../../core/process-reports.ts';
import { createSchedule } from '../../core/schedule.ts';
import { TripRecorder } from '../../core/trip-recorder.ts';
import { orderDisagreements } from '../../loadgen/orders.ts';
import { mergeTrips, tripsRecord } from '../../loadgen/trips.ts';

const schedule = createSchedule({ pacing: 'constant', ratePerS: 1_000, durationMs: 4, seed: 1 });

/** What a worker says that sent and answered these round trips, each after `ms`. */
function reportOf(planned: number, trips: Readonly<Record<number, number>>): TripReport {
  const recorder = new TripRecorder({ schedule, startNs: 0, timeoutMs: 100, planned });
  for (const index of Object.keys(trips).map(Number)) recorder.sent(index, index * NS_PER_MS);
  for (const [index, ms] of Object.entries(trips)) {
    if (ms > 0) recorder.answered(Number(index), (Number(index) + ms) * NS_PER_MS);
  }
  recorder.sendingDone();
  return recorder.report();
}

describe('round trips of several workers', () => {
  const merged = mergeTrips([reportOf(2, { 0: 5, 2: 0 }), reportOf(2, { 1: 7, 3: 9 })]);

  test('are added up', () => {
    expect(merged.counts).toMatchObject({ planned: 4, sent: 4, answered: 3, errors: 0 });
    expect(decodeHistogram(merged.due).totalCount).toBe(3);
    expect([...merged.cells]).toEqual([5_001, 7_001, 0, 9_001]);
    expect(merged).toMatchObject({
      firstSentAt: 0,
      lastSentAt: 3 * NS_PER_MS,
      lastAnsweredAt: 12 * NS_PER_MS,
      first: undefined,
    });
  });

  test('are recorded with those that were not answered, and without empty histograms', () => {
    const record = tripsRecord(merged);
    expect(record.counts).toMatchObject({ planned: 4, answered: 3, unanswered: 1 });
    expect(record.counts).not.toHaveProperty('beforeDue');
    expect(Object.keys(record)).toEqual(['counts', 'due', 'sent', 'slip']);
  });

  test('of a worker that sent nothing do not move the times of the others', () => {
    const alone = mergeTrips([reportOf(0, {}), reportOf(2, { 1: 7, 3: 9 })]);
    expect(alone).toMatchObject({ firstSentAt: NS_PER_MS, lastSentAt: 3 * NS_PER_MS });
    expect(mergeTrips([reportOf(2, {}), reportOf(2, {})])).toMatchObject({
      firstSentAt: 0,
      lastSentAt: 0,
      lastAnsweredAt: undefined,
    });
  });
});

test.each([
  {
    says: 'all agree',
    digests: [
      [0, 7],
      [0, 7],
      [1, 9],
    ],
    found: 0,
  },
  {
    says: 'one of three differs',
    digests: [
      [0, 7],
      [0, 8],
      [0, 7],
    ],
    found: 1,
  },
  {
    says: 'all differ',
    digests: [
      [0, 7],
      [0, 8],
      [0, 9],
    ],
    found: 2,
  },
  {
    says: 'each room has its own order',
    digests: [
      [0, 7],
      [1, 8],
      [2, 9],
    ],
    found: 0,
  },
  { says: 'nobody is there', digests: [], found: 0 },
])('where $says, $found members disagree', ({ digests, found }) => {
  const orders = digests.map(([channel = 0, digest = 0]) => ({ channel, digest }));
  expect(orderDisagreements(orders)).toBe(found);
});
