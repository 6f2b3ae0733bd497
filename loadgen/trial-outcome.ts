/** Puts together what is recorded of a trial that came to its end: its evidence, and whether that counts. */
import { decodeHistogram, encodeHistogram, valueAtQuantile } from '../core/histogram.ts';
import type { Trial } from '../core/result.ts';
import type { TrialContext } from './trial-context.ts';
import { judge } from './validity.ts';

type Outcome = Pick<
  Trial,
  | 'validity'
  | 'phases'
  | 'flow'
  | 'trips'
  | 'ledger'
  | 'histograms'
  | 'timeline'
  | 'injected'
  | 'closed'
  | 'probes'
  | 'metrics'
>;

/** @param headRoom what the generator can take, over what it was offered, where that was measured */
export function evaluate(context: TrialContext, headRoom: number | undefined): Outcome {
  const { measurement, connect, policy } = context;
  if (measurement === undefined || connect === undefined) {
    throw new Error('the scenario has no measured phase');
  }
  const closed = measurement.closed.reduce((sum, { count }) => sum + count, 0);
  // Of what arrived: losses would lengthen the percentiles, and make limits laxer that derive from them.
  const due = decodeHistogram(measurement.histograms.due);
  return {
    validity: judge({
      probes: measurement.probes,
      flow: measurement.flow,
      toEverybody: measurement.toEverybody,
      generatorSends: measurement.generatorSends,
      latencyP50: valueAtQuantile(due, 0.5),
      latencyP99: valueAtQuantile(due, 0.99),
      failedConnects: connect.failed,
      clients: context.clients,
      closedEarly: Math.max(0, closed - (policy === 'disconnect' ? measurement.slowClients : 0)),
      beforeDue: measurement.beforeDue,
      foreign: measurement.foreign,
      series: measurement.series,
      headRoom,
    }),
    phases: context.phases,
    flow: measurement.flow,
    trips: measurement.trips,
    ledger: measurement.ledger,
    histograms: { ...measurement.histograms, connect: encodeHistogram(connect.latency) },
    timeline: [...measurement.timeline],
    injected: measurement.injected,
    closed: [
      ...measurement.closed,
      ...connect.causes.map(({ cause, count }) => ({ cause: `connect: ${cause}`, count })),
    ],
    probes: { ...measurement.probes, clients: context.clients, failedConnects: connect.failed },
    metrics: {},
  };
}
