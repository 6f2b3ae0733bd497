/**
 * What changes in the verdict on a trial that was disturbed on purpose: rules of its own, and which of the
 * others make no sense then. Pure, as the rest of it.
 */
import type { FaultRecord } from '../core/records/fault.ts';
import type { Evidence, Rule } from './validity.ts';

/** A prediction of whole messages is off by a part of one at each end of the time away. */
const LOSS_TOLERANCE = 0.1;

export const faultRules: readonly Rule[] = [
  {
    id: 'fault-confirmed',
    title: 'connections that the fault hit, off the number that was planned',
    unit: 'count',
    bad: 'above',
    value: ({ fault }) =>
      fault === undefined ? undefined : Math.abs(fault.confirmed.count - fault.planned),
    invalid: 0,
    broken: 'the fault did not come about as it was planned',
  },
  {
    id: 'fault-noticed',
    title: 'connections that the fault hit and no client noticed',
    unit: 'count',
    bad: 'above',
    value: ({ fault }) =>
      fault === undefined ? undefined : Math.max(0, fault.confirmed.count - fault.noticed),
    invalid: 0,
    broken:
      'clients did not notice that they were cut off before the load, or the fault, was over; try a shorter --silence or a longer --duration and --for',
  },
  {
    id: 'fault-first',
    title: 'clients that lost their connection before the fault',
    unit: 'count',
    bad: 'above',
    value: ({ fault }) => fault?.early,
    invalid: 0,
    broken: 'something else cut them off, so the times since the fault are not those of the fault',
  },
  {
    id: 'everybody-back',
    title: 'clients that were cut off and not back at the end',
    unit: 'count',
    bad: 'above',
    skip: ({ fault }) => (fault?.strategy === 'none' ? 'the strategy is to stay away' : undefined),
    value: ({ fault }) => fault?.away,
    suspect: 0,
    broken: 'what is said of the time until all are back leaves out those who never came',
  },
  {
    id: 'at-most-once',
    title: 'loss without replay, off what the time away predicts',
    unit: 'share',
    bad: 'above',
    skip: ({ fault }) =>
      fault?.loss !== undefined
        ? undefined
        : fault?.cut === 'restart'
          ? 'clients ask for what they missed, of a server that was not there then'
          : 'clients are given what they missed',
    value: ({ fault }) => lossDeviation(fault?.loss),
    invalid: ({ fault }) => lossTolerance(fault),
    broken:
      'what was lost is not what was due while clients were away, so the count is not to be trusted',
  },
];

/** As a share of what was predicted. */
export function lossDeviation(loss: FaultRecord['loss']): number | undefined {
  if (loss === undefined) return undefined;
  return Math.abs(loss.found - loss.predicted) / Math.max(1, loss.predicted);
}

/** A tenth, or one message for each client that was cut off where that is more. */
function lossTolerance(fault: FaultRecord | undefined): number {
  const predicted = Math.max(1, fault?.loss?.predicted ?? 1);
  return Math.max(LOSS_TOLERANCE, (fault?.noticed ?? 0) / predicted);
}

/** Rules that would judge the fault and not the measurement, and why they are left out. */
const meaningless: Readonly<Record<string, string>> = {
  steady: 'the fault changes the latency in the middle, which is what it is for',
  timer: 'most of the latency of what is replayed is the time away',
  'generator-gc': 'the tail is that of the fault, so there is no latency to hold a pause against',
  'generator-probe': 'a herd keeps the generator busy for a moment, which is what is measured',
  'generator-queue': 'what brings the fault about runs on the generator’s cores too',
};
const withoutServer: Readonly<Record<string, string>> = {
  'offered-rate': 'the server was away for a part of the schedule',
  'server-queue': 'the server is another process after the fault',
};

/** Why a rule is not judged in a trial with a fault; undefined where it is. */
export function skippedByFault(id: string, { fault }: Evidence): string | undefined {
  if (fault === undefined) return undefined;
  return meaningless[id] ?? (fault.cut === 'restart' ? withoutServer[id] : undefined);
}
