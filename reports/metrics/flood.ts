/** What gets through while the server publishes as fast as its clients take it; nothing of it is in the figures of the load. */

import type { Trial } from '../../core/result.ts';
import { LONGEST_WAIT } from '../../core/waits.ts';
import type { Metric } from '../metric.ts';

/**
 * What was delivered. Undefined where there was no flood; where it lost something, since what is dropped costs
 * the server next to nothing; and where something else had a core meanwhile, which is as fast as that left it.
 */
function deliveriesOf({ probes }: Trial): number | undefined {
  const { floodDeliveries, floodMissing = 0, floodWaitShare = 0 } = probes;
  const counts = floodMissing === 0 && floodWaitShare <= LONGEST_WAIT;
  return counts ? floodDeliveries || undefined : undefined;
}

function perSecond(trial: Trial): number | undefined {
  const deliveries = deliveriesOf(trial);
  const { floodNs } = trial.probes;
  return deliveries === undefined || !floodNs ? undefined : deliveries / (floodNs / 1e9);
}

function perDelivery(trial: Trial, cpuNs: number | undefined): number | undefined {
  const deliveries = deliveriesOf(trial);
  return deliveries === undefined || cpuNs === undefined ? undefined : cpuNs / deliveries;
}

export const floodMetrics = {
  'flood.messages': {
    title: 'deliveries at full speed',
    unit: '/s',
    better: 'higher',
    explain:
      'deliveries per second of the clock while the server publishes as fast as its clients take it, from the first sending to the last arrival; the slower of the two ends decides. Of one server process of ours',
    derive: perSecond,
  },
  'flood.bytes': {
    title: 'payload at full speed',
    unit: 'B/s',
    better: 'higher',
    explain: 'the same in bytes of messages, framing left out',
    derive: (trial) => {
      const rate = perSecond(trial);
      const { payloadBytes } = trial.probes;
      return rate === undefined || payloadBytes === undefined ? undefined : rate * payloadBytes;
    },
  },
  'flood.held': {
    title: 'held back by receivers',
    unit: 'share',
    better: 'lower',
    explain:
      'share of the time at full speed in which the server waited for clients to read: next to none of it, and the server is the limit; much of it, and the receivers are',
    derive: (trial) =>
      deliveriesOf(trial) === undefined ? undefined : trial.probes['floodHeldShare'],
  },
  'flood.cpu': {
    title: 'server CPU at full speed',
    unit: 'ns',
    better: 'lower',
    explain:
      'CPU time of the server per delivery at full speed, all threads: unlike that of the load, with no idle time in it whose cost few large messages would share',
    derive: (trial) => perDelivery(trial, trial.probes['floodServerCpuNs']),
  },
  'flood.generator.cpu': {
    title: 'generator CPU at full speed',
    unit: 'ns',
    better: 'lower',
    explain: 'the same of the generator',
    derive: (trial) => perDelivery(trial, trial.probes['floodGeneratorCpuNs']),
  },
} satisfies Record<string, Metric>;
