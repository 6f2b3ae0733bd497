/**
 * What a delivery or a round trip costs both sides, measured from outside the processes. A process has
 * one CPU account, so where both share a phase neither gets a figure; the server's load still has one.
 */
import type { Trial } from '../../core/result.ts';
import { hasDeliveries, tripsOf } from '../flow.ts';
import type { Metric } from '../metric.ts';

const ALONE = 'undefined where round trips share the phase';

function perDelivery(probe: string): Metric['derive'] {
  return (trial: Trial) => {
    if (!hasDeliveries(trial) || tripsOf(trial).length > 0) return undefined;
    const value = trial.probes[probe];
    return value === undefined || !trial.ledger?.received
      ? undefined
      : value / trial.ledger.received;
  };
}

function perTrip(probe: string): Metric['derive'] {
  return (trial: Trial) => {
    if (hasDeliveries(trial)) return undefined;
    const value = trial.probes[probe];
    const answered = tripsOf(trial).reduce((sum, { counts }) => sum + counts.answered, 0);
    return value === undefined || answered === 0 ? undefined : value / answered;
  };
}

export const costMetrics = {
  'server.cpu': {
    title: 'server CPU',
    unit: 'ns',
    better: 'lower',
    explain: `CPU time of the server process per delivery, all threads, user and kernel; ${ALONE}`,
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
  'proxy.cpu': {
    title: 'proxy CPU',
    unit: 'ns',
    better: 'lower',
    explain: `CPU time of all processes of the proxy in between per delivery; ${ALONE}, or without a proxy`,
    derive: perDelivery('proxyCpuNs'),
  },
  'generator.cpu': {
    title: 'generator CPU',
    unit: 'ns',
    better: 'lower',
    explain: `CPU time of the generator per delivery: what a receiver of this protocol spends, at least; ${ALONE}`,
    derive: perDelivery('generatorCpuNs'),
  },
  'wire.bytes': {
    title: 'size on the wire',
    unit: 'B',
    better: 'lower',
    explain: `bytes read from the sockets per message, framing included, handshakes excluded; ${ALONE}`,
    derive: (trial) => {
      const { wireBytes, wireMessages } = trial.probes;
      return wireBytes === undefined ||
        !wireMessages ||
        !hasDeliveries(trial) ||
        tripsOf(trial).length > 0
        ? undefined
        : wireBytes / wireMessages;
    },
  },
  'server.switches': {
    title: 'server context switches',
    unit: 'count',
    better: 'lower',
    explain: `context switches of the server per delivery; ${ALONE}`,
    derive: perDelivery('serverContextSwitches'),
  },
  'server.busy': {
    title: 'server load',
    unit: 'core',
    better: 'lower',
    explain:
      'CPU time of the server per second of the measured phase, as a share of one core, for everything it does',
    derive: ({ probes }) => {
      // The CPU was read over the wall time; runs that did not keep it have the time to the last arrival.
      const overNs = probes['wallNs'] ?? probes['durationNs'];
      const cpuNs = probes['serverCpuNs'];
      return cpuNs === undefined || !overNs ? undefined : cpuNs / overNs;
    },
  },
  'server.rss': {
    title: 'server memory',
    unit: 'B',
    better: 'lower',
    explain:
      'resident memory of the whole server process at the end of the phase per connection; no slope: the process itself is in it, so it falls with more connections',
    derive: ({ probes }) => {
      const { serverRssBytes, clients, failedConnects = 0 } = probes;
      if (serverRssBytes === undefined || clients === undefined) return undefined;
      const connections = clients - failedConnects;
      return connections > 0 ? serverRssBytes / connections : undefined;
    },
  },
  'publish.bytes.up': {
    title: 'bytes up',
    unit: 'B',
    better: 'lower',
    explain: `bytes the server read per message that a client published: payload, framing and the heads of HTTP requests; ${ALONE}`,
    derive: (trial) => {
      const { serverBytesIn, clientSends } = trial.probes;
      if (serverBytesIn === undefined || !clientSends || tripsOf(trial).length > 0)
        return undefined;
      return serverBytesIn / clientSends;
    },
  },
  'trip.server.cpu': {
    title: 'round-trip server CPU',
    unit: 'ns',
    better: 'lower',
    explain:
      'CPU time of the server process per answered round trip, where there are no deliveries',
    derive: perTrip('serverCpuNs'),
  },
  'trip.proxy.cpu': {
    title: 'round-trip proxy CPU',
    unit: 'ns',
    better: 'lower',
    explain:
      'CPU time of all processes of the proxy per answered round trip, where there are no deliveries',
    derive: perTrip('proxyCpuNs'),
  },
  'trip.generator.cpu': {
    title: 'round-trip generator CPU',
    unit: 'ns',
    better: 'lower',
    explain: 'CPU time of the generator per answered round trip, where there are no deliveries',
    derive: perTrip('generatorCpuNs'),
  },
  'trip.bytes.up': {
    title: 'round-trip bytes up',
    unit: 'B',
    better: 'lower',
    explain:
      'bytes the server read per answered round trip: payload, framing and the heads of HTTP requests',
    derive: perTrip('serverBytesIn'),
  },
  'trip.bytes.down': {
    title: 'round-trip bytes down',
    unit: 'B',
    better: 'lower',
    explain:
      'bytes the server wrote per answered round trip: payload, framing and the heads of HTTP responses',
    derive: perTrip('serverBytesOut'),
  },
  'upstream.connections': {
    title: 'upstream connections',
    unit: 'count',
    better: 'lower',
    explain: 'connections that carried requests beside the streams',
    derive: ({ probes }) => probes['upstreamConnections'],
  },
} satisfies Record<string, Metric>;
