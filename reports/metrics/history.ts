/** What those got who came late: the messages of before their time, and how long they waited for them. */
import { decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import type { Trial } from '../../core/result.ts';
import type { Metric } from '../metric.ts';
import { quantileOfExpected } from './latency.ts';
import { sumOfProbe } from './slow-sessions.ts';

/** Of clients that wanted a history; one that lacks some of it counts as later than the deadline. */
function quantileOf(trials: readonly Trial[], quantile: number): number | undefined {
  const found = trials.flatMap(({ histograms }) => histograms?.history ?? []);
  if (found.length === 0) return undefined;
  return quantileOfExpected(
    mergeHistograms(found.map(decodeHistogram)),
    sumOfProbe(trials, 'historyIncomplete') ?? 0,
    quantile,
    Math.max(...trials.map(({ probes }) => probes['deadlineUs'] ?? 0)),
  );
}

function percentile(quantile: number, title: string, share: string): Metric {
  return {
    title,
    unit: 'us',
    better: 'lower',
    explain: `${share} clients had their whole history within this, counted from when they began to connect`,
    timed: true,
    derive: (trial) => quantileOf([trial], quantile),
    merge: (trials) => quantileOf(trials, quantile),
    needsEvents: Math.round(10 / (1 - quantile)),
    events: (trials) => sumOfProbe(trials, 'clients') ?? 0,
    eventsName: 'clients',
  };
}

function missing(trials: readonly Trial[]): number | undefined {
  const expected = sumOfProbe(trials, 'historyExpected');
  return expected === undefined
    ? undefined
    : expected - (sumOfProbe(trials, 'historyReceived') ?? 0);
}

export const historyMetrics = {
  'history.p50': percentile(0.5, 'history p50', 'half of all'),
  'history.p99': percentile(0.99, 'history p99', '99 of 100'),
  'history.missing': {
    title: 'history missing',
    unit: 'count',
    better: 'lower',
    explain: 'messages of before their time that clients wanted and did not get',
    derive: (trial) => missing([trial]),
    merge: missing,
  },
  'history.repeated': {
    title: 'history repeated',
    unit: 'count',
    better: 'lower',
    explain: 'messages of before their time that clients got again, or out of order',
    derive: ({ probes }) => probes['historyRepeated'],
    merge: (trials) => sumOfProbe(trials, 'historyRepeated'),
  },
} satisfies Record<string, Metric>;
