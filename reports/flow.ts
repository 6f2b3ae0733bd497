/**
 * What a trial is about: deliveries of the server, requests of its clients, questions to them; and the
 * words for each. Round trips may share a phase with deliveries; then the trial is about deliveries.
 */
import type { EncodedHistogram } from '../core/histogram.ts';
import type { Flow, Point, RunResult, Trial, Trips } from '../core/result.ts';
import { flows, pointName } from '../core/result.ts';

export type TripKind = Exclude<Flow, 'delivery'>;
export const tripKinds = ['request', 'ask'] as const satisfies readonly TripKind[];

/** Run files from before there were round trips hold deliveries and do not say so. */
export function flowOf({ flow }: Trial): Flow {
  return flow ?? 'delivery';
}

export function hasDeliveries(trial: Trial): boolean {
  return flowOf(trial) === 'delivery';
}

export function tripsOf({ trips }: Trial): Trips[] {
  return tripKinds.flatMap((kind) => trips?.[kind] ?? []);
}

/** Where no trial came about, the first headline metric still tells what the run asked for. */
export function flowOfRun(run: RunResult, point?: Point): Flow {
  const here = run.trials.filter(
    (trial) => point === undefined || pointName(trial.point) === pointName(point),
  );
  const measured = here.find(({ ledger, flow }) => ledger !== undefined || flow !== undefined);
  if (measured !== undefined) return flowOf(measured);
  const [first = ''] = run.scenario.headline;
  return tripKinds.find((kind) => first.startsWith(`${kind}.`)) ?? 'delivery';
}

/** One kind of traffic of one trial, whatever it is, as percentiles need to know it. */
export interface Traffic {
  readonly due: EncodedHistogram;
  readonly sent: EncodedHistogram;
  /** What should have come and did not: later than the deadline in every percentile. */
  readonly missing: number;
  /** Independent events: a broadcast to 1,000 clients is one, a round trip is one. */
  readonly events: number;
  readonly deadlineUs: number;
}

export function trafficOf(trial: Trial, kind: Flow): Traffic | undefined {
  const deadlineUs = trial.probes['deadlineUs'] ?? 0;
  if (kind !== 'delivery') {
    const trips = trial.trips?.[kind];
    if (trips === undefined) return undefined;
    const { due, sent, counts } = trips;
    return { due, sent, missing: missingTrips(counts), events: counts.sent, deadlineUs };
  }
  if (trial.histograms === undefined || !hasDeliveries(trial)) return undefined;
  const { due, sent } = trial.histograms;
  const events = trial.probes['sent'] ?? 0;
  return { due, sent, missing: trial.ledger?.lost ?? 0, events, deadlineUs };
}

/** The kinds of traffic in these trials, what they are about first. */
export function trafficKinds(trials: readonly Trial[]): Flow[] {
  const found = flows.filter((kind) => trials.some((trial) => trafficOf(trial, kind)));
  const about = new Set(trials.map(flowOf));
  return found.sort((a, b) => Number(about.has(b)) - Number(about.has(a)));
}

/** Independent events of what the trials are about. */
export function eventsOf(trials: readonly Trial[]): number {
  return trials.reduce((sum, trial) => {
    const flow = flowOf(trial);
    const trips = flow === 'delivery' ? undefined : trial.trips?.[flow];
    return sum + (trips?.counts.sent ?? trial.probes['sent'] ?? 0);
  }, 0);
}

/**
 * Round trips that should have been answered and were not. One that its client gave up is not among
 * them: the server was asked to leave it unanswered.
 */
export function missingTrips({ unanswered, cancelled }: Trips['counts']): number {
  return Math.max(0, unanswered - cancelled);
}

/** Of the missing, those that nobody answered; the others were refused, or answered with an error. */
export function timedOut({ unanswered, cancelled, errors }: Trips['counts']): number {
  return Math.max(0, unanswered - errors - cancelled);
}

export interface FlowWords {
  /** Of the traffic in particular. */
  readonly name: string;
  readonly names: string;
  readonly one: string;
  readonly many: string;
  /** What the independent events are called. */
  readonly events: string;
  /** What has happened to those that a percentile counts. */
  readonly done: string;
  /** What it is that has a due time. */
  readonly due: string;
}

const roundTrip = {
  one: 'round trip',
  many: 'round trips',
  events: 'round trips',
  done: 'had been answered',
} as const;

export const flowWords = {
  delivery: {
    name: 'delivery',
    names: 'deliveries',
    one: 'delivery',
    many: 'deliveries',
    events: 'broadcasts',
    done: 'had come',
    due: 'message',
  },
  request: { ...roundTrip, name: 'request', names: 'requests', due: 'request' },
  ask: { ...roundTrip, name: 'ask', names: 'asks', due: 'question' },
} as const satisfies Record<Flow, FlowWords>;
