/** A server whose processes are replaced one after the other: how long clients were away, and how often. */
import { decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import type { Trial } from '../../core/result.ts';
import type { Metric } from '../metric.ts';
import { timeUntil } from './fault.ts';

function outage(title: string, explain: string, quantile: number) {
  const of = (trials: readonly Trial[]): number | undefined => {
    const records = trials.flatMap(({ fault }) => fault ?? []);
    const outages = records.flatMap((record) => record.outage ?? []);
    if (outages.length === 0) return undefined;
    const missing = records.reduce((sum, { away }) => sum + away, 0);
    return timeUntil(mergeHistograms(outages.map(decodeHistogram)), missing, quantile);
  };
  return {
    title,
    unit: 'us',
    better: 'lower',
    explain,
    derive: (trial: Trial) => of([trial]),
    merge: of,
  } as const satisfies Metric;
}

export const restartMetrics = {
  'restart.outage.p50': outage(
    'away p50',
    'from the end of a connection, as its client noticed it, until the client was connected again: the median of every time that one was cut off',
    0.5,
  ),
  'restart.outage.p99': outage(
    'away p99',
    'from the end of a connection, as its client noticed it, until the client was connected again: 99 of 100 times were shorter',
    0.99,
  ),
  'restart.outage.max': outage(
    'away at most',
    'the longest time that one client was away at a stretch; nothing where one never came back',
    1,
  ),
  'restart.cuts': {
    title: 'cuts per client',
    unit: 'count',
    better: 'lower',
    explain:
      'connections that ended over clients: above one where somebody came back to a process that was still to be replaced',
    derive({ fault }) {
      if (fault?.outage === undefined) return undefined;
      const clients = Math.max(0, ...fault.timeline.map(({ connected }) => connected));
      return clients === 0 ? undefined : fault.noticed / clients;
    },
  },
} as const satisfies Record<string, Metric>;
