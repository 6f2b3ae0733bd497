/** Whether everything arrived, and how much of it; of trials that are about deliveries. */
import type { Ledger, Trial } from '../../core/result.ts';
import { hasDeliveries } from '../flow.ts';
import type { Metric, Unit } from '../metric.ts';
import { sumOfProbe } from './slow-sessions.ts';

function ledgersOf(trials: readonly Trial[]): Ledger[] {
  return trials.filter(hasDeliveries).flatMap(({ ledger }) => ledger ?? []);
}

/** The same figure of one trial and of several: counts are added up before anything else. */
function summed(of: (ledgers: readonly Ledger[]) => number): Pick<Metric, 'derive' | 'merge'> {
  const merge = (trials: readonly Trial[]): number | undefined => {
    const ledgers = ledgersOf(trials);
    return ledgers.length === 0 ? undefined : of(ledgers);
  };
  return { derive: (trial) => merge([trial]), merge };
}

const sumOf = (ledgers: readonly Ledger[], pick: (ledger: Ledger) => number): number =>
  ledgers.reduce((sum, ledger) => sum + pick(ledger), 0);

function counted(title: string, explain: string, pick: (ledger: Ledger) => number): Metric {
  const unit: Unit = 'count';
  return {
    title,
    unit,
    better: 'lower',
    explain,
    ...summed((ledgers) => sumOf(ledgers, pick)),
  };
}

/** Clients that should be none, added up over the trials in which they were counted. */
function clients(title: string, explain: string, probe: string): Metric {
  return {
    title,
    unit: 'count',
    better: 'lower',
    explain,
    derive: ({ probes }) => probes[probe],
    merge: (trials) => sumOfProbe(trials, probe),
  };
}

export const deliveryMetrics = {
  reach: {
    title: 'reach',
    unit: 'share',
    better: 'higher',
    explain:
      'deliveries that arrived, of messages × subscribers; clients that never connected count as missed, what a newer message replaced does not',
    ...summed((ledgers) => {
      const expected = sumOf(ledgers, (ledger) => ledger.expected - (ledger.coalesced ?? 0));
      return expected === 0 ? 0 : sumOf(ledgers, ({ received }) => received) / expected;
    }),
  },
  'throughput.deliveries': {
    title: 'deliveries',
    unit: '/s',
    better: 'higher',
    explain: 'messages received by all clients together per second of the measured phase',
    derive: (trial) => {
      const { ledger, probes } = trial;
      const durationNs = probes['durationNs'];
      return ledger === undefined || !durationNs || !hasDeliveries(trial)
        ? undefined
        : ledger.received / (durationNs / 1e9);
    },
  },
  'delivery.lost': counted('lost', 'deliveries that never came', ({ lost }) => lost),
  'delivery.duplicated': counted(
    'duplicated',
    'deliveries that came again',
    ({ duplicated }) => duplicated,
  ),
  'delivery.reordered': counted(
    'reordered',
    'deliveries that came after a later message',
    ({ reordered }) => reordered,
  ),
  'delivery.late': counted('late', 'deliveries after the deadline', ({ late }) => late),
  'order.disagree': clients(
    'clients in another order',
    'clients that saw the messages of their room in another order than the others',
    'orderDisagreements',
  ),
  'stale.clients': clients(
    'stale clients',
    'clients that end without the last message of each of their channels',
    'staleClients',
  ),
} satisfies Record<string, Metric>;
