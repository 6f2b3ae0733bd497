/** How long round trips take: percentiles, and what they count as later than the timeout. */
import { describe, expect, test } from 'vitest';
import type { Trial, Trips } from '../../core/result.ts';
import { figureOf } from '../../reports/derive.ts';
import type { Metric } from '../../reports/metric.ts';
import type { MetricId } from '../../reports/metrics/registry.ts';
import { metrics } from '../../reports/metrics/registry.ts';
import { histogramOf, TIMEOUT_US, trialOf, tripsOf } from '../trip-run.ts';

const EIGHT = [100, 200, 300, 400, 500, 600, 700, 800];

const requests = (trips: Trips, given: Partial<Trial> = {}): Trial =>
  trialOf({ flow: 'request', trips: { request: trips }, ...given });
const asks = (trips: Trips, given: Partial<Trial> = {}): Trial =>
  trialOf({ flow: 'ask', trips: { ask: trips }, ...given });

/** Of one trial. */
const figure = ({ metrics: found }: Trial, id: MetricId): number | undefined => found[id];
/** Of several together, however few they are. */
function merged(trials: readonly Trial[], id: MetricId): number | undefined {
  const metric: Metric = metrics[id];
  return metric.merge?.(trials);
}

describe('percentiles of round trips', () => {
  test.each<[MetricId, number]>([
    ['request.p50', 500],
    ['request.p90', TIMEOUT_US],
    ['request.p99', TIMEOUT_US],
    ['request.p99_9', TIMEOUT_US],
    ['request.max', TIMEOUT_US],
    ['request.sent.p50', 490],
    ['request.sent.p99', TIMEOUT_US],
    ['request.slip.p99', 10],
  ])('%s counts two of ten that were never answered as later than the timeout', (id, us) => {
    expect(figure(requests(tripsOf(EIGHT, { unanswered: 2 })), id)).toBe(us);
  });

  test.each<[MetricId, number]>([
    ['ask.p50', 500],
    ['ask.p90', TIMEOUT_US],
    ['ask.p99', TIMEOUT_US],
    ['ask.p99_9', TIMEOUT_US],
    ['ask.max', TIMEOUT_US],
    ['ask.overhead.p50', 450],
    ['ask.overhead.p99', TIMEOUT_US],
  ])('%s does so too', (id, us) => {
    const overhead = histogramOf(EIGHT.map((answered) => answered - 50));
    expect(figure(asks(tripsOf(EIGHT, { unanswered: 2 }, { overhead })), id)).toBe(us);
  });

  test('a request that was given up is not missed', () => {
    const trial = requests(tripsOf(EIGHT, { unanswered: 2, cancelled: 2 }));
    expect(figure(trial, 'request.p90')).toBe(800);
    expect(figure(trial, 'request.max')).toBe(800);
  });

  test('rounds are merged by their counts, not averaged', () => {
    const fast = requests(tripsOf([100, 100, 100]));
    const slow = requests(tripsOf([900], { unanswered: 1 }));
    expect(merged([fast, slow], 'request.p50')).toBe(100);
    expect(merged([fast, slow], 'request.max')).toBe(TIMEOUT_US);
  });

  test('an answer that began and never ended is missing from its end only', () => {
    const first = histogramOf([...EIGHT, 900]);
    const trial = requests(tripsOf(EIGHT, { unanswered: 2 }, { first }));
    expect(figure(trial, 'request.first.p50')).toBe(500);
    expect(figure(trial, 'request.first.p99')).toBe(TIMEOUT_US);
    expect(figure(trial, 'request.p90')).toBe(TIMEOUT_US);
    const begun = requests(tripsOf(EIGHT, { unanswered: 1 }, { first }));
    expect(figure(begun, 'request.first.p99')).toBe(900);
  });

  test('a gap that never was is not missed', () => {
    const gap = histogramOf([10, 11, 12, 13]);
    const trial = requests(tripsOf(EIGHT, { unanswered: 2, parts: 12 }, { gap }));
    expect(figure(trial, 'request.gap.p50')).toBe(11);
    expect(figure(trial, 'request.gap.p99')).toBe(13);
  });

  test('what has no parts and no work has no figures of them', () => {
    const trial = requests(tripsOf(EIGHT));
    for (const id of ['request.first.p50', 'request.gap.p50', 'ask.overhead.p50'] as const) {
      expect(figure(trial, id)).toBeUndefined();
    }
    expect(figure(trial, 'request.parts')).toBeUndefined();
  });

  test.each([
    ['request.p90', 99, 100],
    ['request.p99', 999, 1_000],
    ['request.first.p99', 999, 1_000],
    ['request.p99_9', 9_999, 10_000],
    ['ask.p99', 999, 1_000],
  ] as const)('%s is not shown from %i round trips: it takes %i', (id, sent, needed) => {
    const more = { first: histogramOf([1]) };
    const one = (count: number): Trial =>
      trialOf({
        flow: 'request',
        // A trial has many more broadcasts than round trips; these are not what counts here.
        probes: { sent: 1e6 },
        trips: {
          request: tripsOf(EIGHT, { sent: count }, more),
          ask: tripsOf(EIGHT, { sent: count }),
        },
      });
    expect(figureOf(metrics[id], id, [one(sent - 40), one(40)])).toEqual({
      kind: 'not-enough',
      events: sent,
      needed,
    });
    expect(figureOf(metrics[id], id, [one(sent - 40), one(41)]).kind).toBe('value');
  });

  test('what was not measured is not called too little', () => {
    const only = requests(tripsOf(EIGHT));
    for (const id of ['ask.p50', 'latency.p99', 'request.first.p99', 'connect.p99'] as const) {
      expect(figureOf(metrics[id], id, [only]), id).toEqual({ kind: 'not-measured' });
    }
  });
});
