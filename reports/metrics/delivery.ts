/** Whether everything arrived, and how much of it. */
import type { Ledger, Trial } from '../../core/result.ts';
import type { Metric, Unit } from '../metric.ts';

function fromLedger(pick: (ledger: Ledger) => number): Metric['derive'] {
  return ({ ledger }) => (ledger === undefined ? undefined : pick(ledger));
}

function counted(title: string, explain: string, pick: (ledger: Ledger) => number): Metric {
  const unit: Unit = 'count';
  return {
    title,
    unit,
    better: 'lower',
    explain,
    derive: fromLedger(pick),
    merge: (trials) =>
      trials.reduce((sum, { ledger }) => sum + (ledger === undefined ? 0 : pick(ledger)), 0),
  };
}

export const deliveryMetrics = {
  reach: {
    title: 'reach',
    unit: 'share',
    better: 'higher',
    explain:
      'deliveries that arrived, of messages × subscribers; clients that never connected count as missed',
    derive: fromLedger(({ received, expected }) => (expected === 0 ? 0 : received / expected)),
    merge: (trials: readonly Trial[]) => {
      const expected = trials.reduce((sum, { ledger }) => sum + (ledger?.expected ?? 0), 0);
      const received = trials.reduce((sum, { ledger }) => sum + (ledger?.received ?? 0), 0);
      return expected === 0 ? undefined : received / expected;
    },
  },
  'throughput.deliveries': {
    title: 'deliveries',
    unit: '/s',
    better: 'higher',
    explain: 'messages received by all clients together per second of the measured phase',
    derive: ({ ledger, probes }) => {
      const durationNs = probes['durationNs'];
      return ledger === undefined || !durationNs ? undefined : ledger.received / (durationNs / 1e9);
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
  'drops.slow': {
    title: 'dropped by the server',
    unit: 'count',
    better: 'lower',
    explain: 'deliveries the server left out because the session had too much buffered',
    derive: ({ probes }) => probes['serverDropped'],
  },
} satisfies Record<string, Metric>;
