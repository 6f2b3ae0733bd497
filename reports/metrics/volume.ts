/**
 * How much is delivered for the server's CPU time. The load is given, so what arrives per second of the
 * clock says nothing about the server; per second of its CPU it does.
 */
import type { Trial } from '../../core/result.ts';
import { hasDeliveries, tripsOf } from '../flow.ts';
import type { Metric } from '../metric.ts';

function perCpuSecond(trial: Trial, amount: number | undefined): number | undefined {
  const cpuNs = trial.probes['serverCpuNs'];
  if (amount === undefined || !cpuNs || !hasDeliveries(trial) || tripsOf(trial).length > 0) {
    return undefined;
  }
  return amount / (cpuNs / 1e9);
}

export const volumeMetrics = {
  'volume.messages': {
    title: 'deliveries per CPU second',
    unit: '/s',
    better: 'higher',
    explain:
      'messages that reached a client per second of CPU time of the server, all threads; not per second of the clock, which the load decides',
    derive: (trial) => perCpuSecond(trial, trial.ledger?.received || undefined),
  },
  'volume.bytes': {
    title: 'payload per CPU second',
    unit: 'B/s',
    better: 'higher',
    explain:
      'bytes of messages, framing left out, that reached a client per second of CPU time of the server, all threads',
    derive: (trial) => {
      const { payloadBytes } = trial.probes;
      const received = trial.ledger?.received;
      return perCpuSecond(
        trial,
        payloadBytes === undefined || !received ? undefined : payloadBytes * received,
      );
    },
  },
} satisfies Record<string, Metric>;
