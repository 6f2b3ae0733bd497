/** Clients that stopped reading: what the others noticed, what the server paid, what became of the slow ones. */
import { decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import { median } from '../../core/median.ts';
import type { StallRecord } from '../../core/records/stall.ts';
import type { Trial } from '../../core/result.ts';
import type { Metric, Unit } from '../metric.ts';
import { timeUntil } from './fault.ts';
import { quantileOfExpected } from './latency.ts';

const recordsOf = (trials: readonly Trial[]): StallRecord[] =>
  trials.flatMap(({ stall }) => stall ?? []);

/** Of what was due to those who read, while the others did not. */
function healthy(title: string, explain: string, quantile: number) {
  const of = (trials: readonly Trial[]): number | undefined => {
    const parts = recordsOf(trials).map((record) => record.healthy.during);
    if (parts.length === 0) return undefined;
    const lost = parts.reduce((sum, { expected, received }) => sum + expected - received, 0);
    const deadlineUs = Math.max(...trials.map(({ probes }) => probes['deadlineUs'] ?? 0));
    const merged = mergeHistograms(parts.map(({ due }) => decodeHistogram(due)));
    return quantileOfExpected(merged, lost, quantile, deadlineUs);
  };
  return {
    title,
    unit: 'us',
    better: 'lower',
    explain,
    timed: true,
    derive: (trial: Trial) => of([trial]),
    merge: of,
    // One broadcast to all of them is one event.
    needsEvents: Math.round(10 / (1 - quantile)),
    events: (trials: readonly Trial[]) =>
      recordsOf(trials).reduce(
        (sum, { healthy: { clients, during } }) =>
          sum + (clients === 0 ? 0 : Math.round(during.expected / clients)),
        0,
      ),
    eventsName: 'broadcasts during the stall',
  } as const satisfies Metric;
}

/** Of the clients that had stopped. */
function recovery(title: string, explain: string, which: 'caughtUp' | 'stale', quantile: number) {
  const of = (trials: readonly Trial[]): number | undefined => {
    const records = recordsOf(trials).filter(({ stalled }) => stalled > 0);
    if (records.length === 0) return undefined;
    const behind =
      which === 'stale' ? 0 : records.reduce((sum, one) => sum + one.recovery.behind, 0);
    const merged = mergeHistograms(records.map((one) => decodeHistogram(one.recovery[which])));
    return timeUntil(merged, behind, quantile);
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

function figure(
  title: string,
  unit: Unit,
  explain: string,
  pick: (record: StallRecord, trial: Trial) => number | undefined,
) {
  return {
    title,
    unit,
    better: 'lower',
    explain,
    derive: (trial: Trial) => (trial.stall === undefined ? undefined : pick(trial.stall, trial)),
  } as const satisfies Metric;
}

/** Counts of what should not happen are added up: a median would hide the one round that had them. */
function counted(
  title: string,
  explain: string,
  pick: (record: StallRecord) => number | undefined,
) {
  return {
    ...figure(title, 'count', explain, pick),
    merge(trials: readonly Trial[]) {
      const counts = recordsOf(trials).flatMap((record) => pick(record) ?? []);
      return counts.length === 0 ? undefined : counts.reduce((sum, one) => sum + one, 0);
    },
  } as const satisfies Metric;
}

/** Resident set at the end of the stall, or when the first was about to be sent away, over that before it. */
export function memoryGrowth({ memory }: StallRecord): number | undefined {
  return memory === undefined ? undefined : memory.rssEnd - memory.rssBefore;
}

/** The same until some moment, ms after the start of the load. */
export function memoryGrowthUntil(
  { memory, timeline }: StallRecord,
  ms: number,
): number | undefined {
  const then = timeline.findLast((step) => step.ms <= ms && step.rssBytes !== undefined)?.rssBytes;
  return memory === undefined || then === undefined ? undefined : then - memory.rssBefore;
}

/** Clients that had stopped and were sent away because they were slow. */
export function evictedOf({ stalled, evicted, evictedMs, othersClosed }: StallRecord): number {
  // Older versions told only when somebody was sent away.
  return evicted ?? Math.min(stalled, Math.max(0, evictedMs.length - othersClosed));
}

/** Where others were sent away too, nobody knows which of the times is whose. */
function evictionTime({ stalled, othersClosed, evictedMs }: StallRecord): number | undefined {
  const ms = stalled === 0 || othersClosed > 0 ? undefined : median(evictedMs);
  return ms === undefined ? undefined : ms * 1_000;
}

/** Over all connections that ended, which are those that something can have been in flight on. */
function inFlightPerEnd(record: StallRecord): number | undefined {
  const evicted = evictedOf(record);
  if (evicted === 0) return undefined;
  return record.accounts.inFlight / ((record.closed ?? evicted) + record.othersClosed);
}

export function socketGrowth({ memory }: StallRecord): number | undefined {
  const { socketsBefore, socketsEnd } = memory ?? {};
  return socketsBefore === undefined || socketsEnd === undefined
    ? undefined
    : socketsEnd - socketsBefore;
}

const perStalled = (record: StallRecord, bytes: number | undefined): number | undefined =>
  record.stalled === 0 || bytes === undefined ? undefined : bytes / record.stalled;

export const stallMetrics = {
  'healthy.p50': healthy(
    'healthy latency p50',
    'half of the deliveries to clients that read all the time came within this, of what was due while the others did not read',
    0.5,
  ),
  'healthy.p99': healthy(
    'healthy latency p99',
    '99 of 100 deliveries to clients that read all the time came within this, of what was due while the others did not read',
    0.99,
  ),
  'healthy.reach': {
    title: 'healthy reach',
    unit: 'share',
    better: 'higher',
    explain: 'deliveries that came to clients that read all the time, of those due to them',
    derive: ({ stall }) => (stall === undefined ? undefined : reachOf([stall])),
    merge: (trials) => reachOf(recordsOf(trials)),
  },
  'healthy.closed': counted(
    'healthy cut off',
    'clients that read all the time and lost their connection all the same',
    ({ othersClosed }) => othersClosed,
  ),
  'stall.memory': figure(
    'server memory per stalled client',
    'B',
    'growth of the server’s resident set from before the stall to its end, or to the last look before a client was sent away, over the clients that stalled; garbage that is not yet collected is in it',
    (record) => perStalled(record, memoryGrowth(record)),
  ),
  'stall.growth': figure(
    'growth of server memory',
    'B',
    'growth of the server’s resident set from before the stall to its end, or to the last look before a client was sent away, whoever caused it',
    memoryGrowth,
  ),
  'stall.growth.max': figure(
    'most growth of server memory',
    'B',
    'growth of the server’s resident set from before the stall to the most that was seen before its end, whoever caused it',
    ({ memory }) => (memory === undefined ? undefined : memory.rssMost - memory.rssBefore),
  ),
  'stall.offered': figure(
    'offered and not read',
    'B',
    'what was published to each stalled client and not read by it, at the last look before it read again or was sent away',
    ({ held }) => held?.offeredBytes,
  ),
  'stall.buffered': figure(
    'buffered by the server',
    'B',
    'of what one stalled client did not read: what the server held for it in user space',
    ({ held }) => held?.bufferedBytes,
  ),
  'stall.kernel': figure(
    'taken by the kernel',
    'B',
    'of what one stalled client did not read: what the server neither held nor left out, so that the kernel has it, in the buffers of both ends',
    ({ held }) => held?.kernelBytes,
  ),
  'stall.sockets': figure(
    'socket memory per stalled client',
    'B',
    'growth of the memory of all TCP sockets of the machine, read when the server’s is, over the clients that stalled, as the kernel counts it: with its overhead',
    (record) => perStalled(record, socketGrowth(record)),
  ),
  'stall.dropped': figure(
    'left out, per stalled client',
    'count',
    'deliveries that the server left out in the whole measurement, over the clients that stalled',
    (record) => perStalled(record, record.accounts.dropped),
  ),
  'stall.evicted': counted(
    'sent away',
    'clients that had stopped reading and that the server disconnected because they were slow',
    (record) => (record.stalled === 0 ? undefined : evictedOf(record)),
  ),
  'stall.eviction': figure(
    'time to eviction',
    'us',
    'from the moment a client stopped reading until the server sent it away, median; of the first thousand of them, and nothing where others were sent away too',
    evictionTime,
  ),
  'stall.inflight': figure(
    'in flight when cut',
    'count',
    'deliveries that the server had written to connections that then ended, and that were never received, over those connections',
    inFlightPerEnd,
  ),
  'stall.caughtup': recovery(
    'caught up',
    'from the moment stalled clients read again until half of them had a message that was due after it, so that nothing older was left',
    'caughtUp',
    0.5,
  ),
  'stall.caughtup.max': recovery(
    'all caught up',
    'from the moment stalled clients read again until the last of them had a message that was due after it; nothing where one never did',
    'caughtUp',
    1,
  ),
  'stall.stale.p50': recovery(
    'age of what is read then, p50',
    'how old half of the messages were, at most, that stalled clients got after they read again and that were due before',
    'stale',
    0.5,
  ),
  'stall.stale.max': recovery(
    'age of what is read then, max',
    'how old the oldest message was that a stalled client got after it read again',
    'stale',
    1,
  ),
  'stall.disagreement': counted(
    'accounts that disagree',
    'deliveries of which the server says that it left them out or not, and the clients the opposite',
    ({ accounts }) => accounts.disagreement,
  ),
} as const satisfies Record<string, Metric>;

function reachOf(records: readonly StallRecord[]): number | undefined {
  const parts = records.flatMap(({ healthy: { during, after } }) => [during, after]);
  const expected = parts.reduce((sum, part) => sum + part.expected, 0);
  if (expected === 0) return undefined;
  return parts.reduce((sum, part) => sum + part.received, 0) / expected;
}
