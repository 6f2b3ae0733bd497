/** Puts together what is recorded of a trial that came to its end: its evidence, and whether that counts. */
import {
  decodeHistogram,
  encodeHistogram,
  mergeHistograms,
  valueAtQuantile,
} from '../core/histogram.ts';
import type { Trial } from '../core/result.ts';
import type { TrialContext } from './trial-context.ts';
import { judge } from './validity.ts';
import { healthyHistograms } from './validity-stall.ts';

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
  | 'fault'
  | 'stall'
  | 'rest'
  | 'soak'
  | 'beat'
  | 'closed'
  | 'probes'
  | 'metrics'
>;

/** @param headRoom what the generator can take, over what it was offered, where that was measured */
export function evaluate(context: TrialContext, headRoom: number | undefined): Outcome {
  const { measurement, connect, policy } = context;
  if (connect === undefined) throw new Error('the scenario connects nobody');
  if (measurement === undefined) return evaluateRest(context);
  const closed = measurement.closed.reduce((sum, { count }) => sum + count, 0);
  // Of what arrived: losses would lengthen the percentiles, and make limits laxer that derive from them.
  const { stall } = context.records;
  const due = mergeHistograms(
    (stall === undefined ? [measurement.histograms.due] : healthyHistograms(stall)).map(
      decodeHistogram,
    ),
  );
  return {
    validity: judge({
      probes: measurement.probes,
      flow: measurement.flow,
      toEverybody: measurement.toEverybody,
      generatorSends: measurement.generatorSends,
      isTarget: context.setup.target !== undefined,
      latencyP50: valueAtQuantile(due, 0.5),
      latencyP99: valueAtQuantile(due, 0.99),
      failedConnects: connect.failed,
      clients: context.clients,
      closedEarly: Math.max(
        0,
        closed -
          context.expectedClosures -
          // Nobody else is to be sent away by it: not those who read all the time, however few stayed of the slow.
          (policy === 'disconnect' ? (stall?.evicted ?? measurement.slowClosed) : 0),
      ),
      beforeDue: measurement.beforeDue,
      foreign: measurement.foreign,
      series: measurement.series,
      headRoom,
      fault: context.records.fault,
      stall,
      soak: context.records.soak !== undefined,
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
      ...measurement.strays,
      ...connectCauses(connect),
      ...measurement.failedPosts,
    ],
    ...context.records,
    probes: {
      ...measurement.probes,
      ...context.probes,
      clients: context.clients,
      failedConnects: connect.failed,
    },
    metrics: {},
  };
}

const connectCauses = (connect: TrialContext['connect']): Trial['closed'] =>
  (connect?.causes ?? []).map(({ cause, count }) => ({ cause: `connect: ${cause}`, count }));

/** Of a trial without any load: what was recorded at rest is all there is. */
function evaluateRest({ connect, clients, phases, records, probes }: TrialContext): Outcome {
  if (Object.keys(records).length === 0) throw new Error('the scenario measures nothing');
  const failed = connect?.failed ?? 0;
  return {
    validity: judge({
      probes,
      flow: 'delivery',
      toEverybody: false,
      generatorSends: false,
      latencyP50: undefined,
      latencyP99: undefined,
      failedConnects: failed,
      clients,
      closedEarly: records.rest?.lost ?? records.beat?.falseAlarms ?? 0,
      beforeDue: 0,
      foreign: 0,
      series: [],
      headRoom: undefined,
      rest: records.rest,
      beat: records.beat,
    }),
    phases,
    timeline: [],
    closed: connectCauses(connect),
    ...records,
    probes: { ...probes, clients, failedConnects: failed },
    metrics: {},
  };
}
