/** What a delivery costs both sides, measured from outside the processes. */
import type { Trial } from '../../core/result.ts';
import type { Metric } from '../metric.ts';

function perDelivery(probe: string): Metric['derive'] {
  return ({ probes, ledger }: Trial) => {
    const value = probes[probe];
    return value === undefined || !ledger?.received ? undefined : value / ledger.received;
  };
}

export const costMetrics = {
  'server.cpu': {
    title: 'server CPU',
    unit: 'ns',
    better: 'lower',
    explain: 'CPU time of the server process per delivery, all threads, user and kernel',
    derive: perDelivery('serverCpuNs'),
  },
  'server.cpu.user': {
    title: 'server CPU, user',
    unit: 'ns',
    better: 'lower',
    explain:
      "the part of it in user space; on loopback the rest includes some of the receiver's TCP work",
    derive: perDelivery('serverUserNs'),
  },
  'generator.cpu': {
    title: 'generator CPU',
    unit: 'ns',
    better: 'lower',
    explain:
      'CPU time of the generator per delivery: what a receiver of this protocol spends, at least',
    derive: perDelivery('generatorCpuNs'),
  },
  'wire.bytes': {
    title: 'size on the wire',
    unit: 'B',
    better: 'lower',
    explain: 'bytes read from the sockets per message, framing included, handshakes excluded',
    derive: ({ probes }) => {
      const { wireBytes, wireMessages } = probes;
      return wireBytes === undefined || !wireMessages ? undefined : wireBytes / wireMessages;
    },
  },
  'server.switches': {
    title: 'server context switches',
    unit: 'count',
    better: 'lower',
    explain: 'context switches of the server per delivery',
    derive: perDelivery('serverContextSwitches'),
  },
} satisfies Record<string, Metric>;
