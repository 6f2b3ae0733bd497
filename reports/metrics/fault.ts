/** A fault in the middle of a load: when it was noticed, when everybody was back, what the herd cost, what was lost. */
import type { Histogram } from '../../core/histogram.ts';
import { decodeHistogram, mergeHistograms, valueAtQuantile } from '../../core/histogram.ts';
import type { FaultRecord } from '../../core/records/fault.ts';
import type { Trial } from '../../core/result.ts';
import type { Metric } from '../metric.ts';

type Times = 'detected' | 'back' | 'firstMessage' | 'handshake';

/** Those who never came back are not left out: a share that was not reached has no time. */
export function timeUntil(
  histogram: Histogram,
  missing: number,
  quantile: number,
): number | undefined {
  const { totalCount } = histogram;
  if (totalCount === 0) return undefined;
  const all = totalCount + missing;
  const rank = Math.max(1, Math.ceil(quantile * all));
  return rank > totalCount ? undefined : valueAtQuantile(histogram, rank / totalCount);
}

function missingOf(record: FaultRecord, times: Times): number {
  if (times === 'handshake') return 0;
  return Math.max(0, record.noticed - decodeHistogram(record[times]).totalCount);
}

function time(title: string, explain: string, times: Times, quantile: number) {
  const of = (trials: readonly Trial[]): number | undefined => {
    const records = trials.flatMap(({ fault }) => fault ?? []);
    if (records.length === 0) return undefined;
    const merged = mergeHistograms(records.map((record) => decodeHistogram(record[times])));
    const missing = records.reduce((sum, record) => sum + missingOf(record, times), 0);
    return timeUntil(merged, missing, quantile);
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

function counted(
  title: string,
  explain: string,
  pick: (record: FaultRecord, trial: Trial) => number | undefined,
) {
  return {
    title,
    unit: 'count',
    better: 'lower',
    explain,
    derive: (trial: Trial) => (trial.fault === undefined ? undefined : pick(trial.fault, trial)),
    // Counts of what should not happen are added up: a median would hide the one round that had them.
    merge(trials: readonly Trial[]) {
      const counts = trials.flatMap((trial) =>
        trial.fault === undefined ? [] : (pick(trial.fault, trial) ?? []),
      );
      return counts.length === 0 ? undefined : counts.reduce((sum, one) => sum + one, 0);
    },
  } as const satisfies Metric;
}

/** Attempts, or those refused, in the busiest second, in whatever steps it begins. */
export function herdOf(
  { timeline }: FaultRecord,
  what: 'attempts' | 'refused' = 'attempts',
): number | undefined {
  const stepMs = (timeline[1]?.ms ?? 0) - (timeline[0]?.ms ?? 0);
  if (stepMs <= 0) return undefined;
  const steps = Math.round(1_000 / stepMs);
  let sum = 0;
  let most = 0;
  for (const [index, step] of timeline.entries()) {
    sum += step[what] - (timeline[index - steps]?.[what] ?? 0);
    most = Math.max(most, sum);
  }
  return most;
}

/** The busiest step of the server from that of the fault on, as a share of one core. */
export function busiestOf({ timeline, confirmed }: FaultRecord): number | undefined {
  // A herd that comes back at once is in the step that the fault lies in.
  const from = timeline.findLast(({ ms }) => ms <= confirmed.atMs)?.ms ?? 0;
  const shares = timeline
    .filter(({ ms }) => ms >= from)
    .flatMap(({ serverCpu }) => serverCpu ?? []);
  return shares.length === 0 ? undefined : Math.max(...shares);
}

export const faultMetrics = {
  'reconnect.detect.p50': time(
    'noticed p50',
    'from the fault until half of those it hit had noticed',
    'detected',
    0.5,
  ),
  'reconnect.detect.p99': time(
    'noticed p99',
    'from the fault until 99 of 100 of those it hit had noticed',
    'detected',
    0.99,
  ),
  'reconnect.back.p50': time(
    'back p50',
    'from the fault until half of those it hit were connected again',
    'back',
    0.5,
  ),
  'reconnect.back.p90': time(
    'back p90',
    'from the fault until 9 of 10 of those it hit were connected again',
    'back',
    0.9,
  ),
  'reconnect.back.p99': time(
    'back p99',
    'from the fault until 99 of 100 of those it hit were connected again',
    'back',
    0.99,
  ),
  'reconnect.back.max': time(
    'all back',
    'from the fault until the last of those it hit was connected again; nothing where one never was',
    'back',
    1,
  ),
  'reconnect.first.p50': time(
    'first message p50',
    'from the fault until half of those it hit had a delivery on their new connection',
    'firstMessage',
    0.5,
  ),
  'reconnect.first.p99': time(
    'first message p99',
    'from the fault until 99 of 100 of those it hit had a delivery on their new connection',
    'firstMessage',
    0.99,
  ),
  'reconnect.handshake.p50': time(
    'handshake p50',
    'from the call to connect to the end of the handshake, of the attempts that brought clients back',
    'handshake',
    0.5,
  ),
  'reconnect.handshake.p99': time(
    'handshake p99',
    'from the call to connect to the end of the handshake, of the attempts that brought clients back',
    'handshake',
    0.99,
  ),
  'reconnect.cpu': {
    title: 'server CPU, busiest 100 ms',
    unit: 'core',
    better: 'lower',
    explain: 'CPU time of the server in the busiest 100 ms after the fault, as a share of one core',
    derive: ({ fault }) => (fault === undefined ? undefined : busiestOf(fault)),
  },
  'reconnect.herd': {
    title: 'herd',
    unit: 'count',
    better: 'lower',
    explain: 'attempts to connect in the busiest second after the fault',
    derive: ({ fault }) => (fault === undefined ? undefined : herdOf(fault)),
  },
  'reconnect.refused.herd': {
    title: 'herd refused',
    unit: 'count',
    better: 'lower',
    explain: 'attempts to connect that failed in the busiest second of such after the fault',
    derive: ({ fault }) => (fault === undefined ? undefined : herdOf(fault, 'refused')),
  },
  'reconnect.attempts': counted(
    'attempts to connect',
    'every attempt of those who were cut off, in vain or not',
    ({ attempts }) => attempts,
  ),
  'reconnect.refused': counted(
    'attempts refused',
    'attempts to connect that failed, for whatever reason, time-outs included',
    ({ refused }) => refused,
  ),
  'reconnect.away': counted(
    'clients still away',
    'clients that were cut off and not connected at the end',
    ({ away }) => away,
  ),
  'reconnect.lost': counted(
    'lost with a fault',
    'deliveries that never came in a load that was broken in the middle',
    (_, { ledger }) => ledger?.lost,
  ),
  'reconnect.lost.predicted': counted(
    'loss predicted',
    'deliveries due while clients were away that are not given what they missed: what at most once must lose',
    ({ loss }) => loss?.predicted,
  ),
  'reconnect.gaps': counted(
    'gap events',
    'times that the server told a client that some of what it missed is no longer kept',
    ({ gaps }) => gaps,
  ),
  'reconnect.replayed': counted(
    'replayed',
    'messages that the server wrote again for those who came back',
    ({ replayed }) => replayed,
  ),
} as const satisfies Record<string, Metric>;
