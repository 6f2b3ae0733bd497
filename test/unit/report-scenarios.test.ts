/** Metrics that single scenarios brought: histories, parts, what was replaced, and what clients sent. */
import { describe, expect, test } from 'vitest';
import type { Trial } from '../../core/result.ts';
import type { Metric } from '../../reports/metric.ts';
import type { MetricId } from '../../reports/metrics/registry.ts';
import { metrics } from '../../reports/metrics/registry.ts';
import { histogramOf, NO_HISTOGRAMS, NO_LEDGER, trialOf, tripsOf } from '../trip-run.ts';

const figure = ({ metrics: found }: Trial, id: MetricId): number | undefined => found[id];
function merged(trials: readonly Trial[], id: MetricId): number | undefined {
  const metric: Metric = metrics[id];
  return metric.merge?.(trials);
}

describe('a history', () => {
  const trial = (incomplete: number, received: number): Trial =>
    trialOf({
      flow: 'delivery',
      ledger: NO_LEDGER,
      histograms: { ...NO_HISTOGRAMS, history: histogramOf([100, 200, 300]) },
      probes: {
        clients: 3 + incomplete,
        deadlineUs: 5_000,
        historyExpected: 40,
        historyReceived: received,
        historyRepeated: 2,
        historyIncomplete: incomplete,
      },
    });

  test('that is not whole counts as later than the deadline', () => {
    expect(figure(trial(0, 40), 'history.p50')).toBe(200);
    expect(figure(trial(0, 40), 'history.p99')).toBe(300);
    expect(figure(trial(1, 35), 'history.p99')).toBe(5_000);
  });

  test('lacks what was wanted and did not come, over all trials', () => {
    expect(figure(trial(1, 35), 'history.missing')).toBe(5);
    expect(merged([trial(1, 35), trial(0, 40)], 'history.missing')).toBe(5);
    expect(merged([trial(1, 35), trial(0, 40)], 'history.repeated')).toBe(4);
  });

  test('is not measured where nobody wanted one', () => {
    const without = trialOf({ flow: 'delivery', ledger: NO_LEDGER, histograms: NO_HISTOGRAMS });
    for (const id of ['history.p50', 'history.missing', 'history.repeated'] as const) {
      expect(figure(without, id)).toBeUndefined();
    }
  });
});

test('what a newer message replaced is neither lost nor part of the reach', () => {
  const ledger = { ...NO_LEDGER, expected: 100, received: 70, coalesced: 30 };
  const trial = trialOf({ flow: 'delivery', ledger, histograms: NO_HISTOGRAMS });
  expect(figure(trial, 'reach')).toBe(1);
  expect(figure(trial, 'delivery.lost')).toBe(0);
  const losing = { ...ledger, received: 35, lost: 35 };
  expect(figure(trialOf({ flow: 'delivery', ledger: losing }), 'reach')).toBe(0.5);
});

test('parts that are missing or out of turn are added up, where answers have parts', () => {
  const trial = trialOf({
    flow: 'request',
    trips: { request: tripsOf([100], { partsMissing: 2, partsOutOfTurn: 3 }) },
  });
  expect(merged([trial, trial], 'request.parts.missing')).toBe(4);
  expect(merged([trial, trial], 'request.parts.disorder')).toBe(6);
  const plain = trialOf({ flow: 'request', trips: { request: tripsOf([100]) } });
  expect(figure(plain, 'request.parts.missing')).toBeUndefined();
});

test('parts of answers to the server have times of their own', () => {
  const ask = tripsOf([500, 600], {}, { first: histogramOf([100, 120]), gap: histogramOf([20]) });
  const trial = trialOf({ flow: 'ask', trips: { ask } });
  expect(figure(trial, 'ask.first.p50')).toBe(100);
  expect(figure(trial, 'ask.gap.p99')).toBe(20);
  expect(figure(trial, 'request.first.p50')).toBeUndefined();
});

test('memory is that of the whole process, shared out over those that are connected', () => {
  const probes = { serverRssBytes: 1_000_000, clients: 12, failedConnects: 2 };
  expect(figure(trialOf({ probes }), 'server.rss')).toBe(100_000);
  expect(figure(trialOf({ probes: { serverRssBytes: 1, clients: 0 } }), 'server.rss')).toBe(
    undefined,
  );
  expect(metrics['server.rss'].explain).toContain('no slope');
});

test('bytes up are those of what clients published, where nothing else went up', () => {
  const probes = { serverBytesIn: 3_000, clientSends: 10 };
  const published = { flow: 'delivery', ledger: NO_LEDGER, probes } as const;
  expect(figure(trialOf(published), 'publish.bytes.up')).toBe(300);
  const mixed = trialOf({ ...published, trips: { request: tripsOf([100]) } });
  expect(figure(mixed, 'publish.bytes.up')).toBeUndefined();
  expect(figure(trialOf({ ...published, probes: { serverBytesIn: 1 } }), 'publish.bytes.up')).toBe(
    undefined,
  );
});
