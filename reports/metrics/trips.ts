/**
 * How long round trips take: requests of clients, and questions of the server (asks). What was never
 * answered counts as later than the timeout, as a lost delivery does.
 */
import { decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import type { Trial, Trips } from '../../core/result.ts';
import type { TripKind } from '../flow.ts';
import { missingTrips } from '../flow.ts';
import type { Metric } from '../metric.ts';
import { quantileOfExpected } from './latency.ts';

interface Source {
  readonly kind: TripKind;
  readonly histogram: Exclude<keyof Trips, 'counts'>;
  /** How many the histogram lacks, of round trips that should be in it. */
  missing(counts: Trips['counts'], recorded: number): number;
}

function quantileOf(
  trials: readonly Trial[],
  { kind, histogram, missing }: Source,
  quantile: number,
): number | undefined {
  const found = trials.flatMap(({ trips }) => {
    const encoded = trips?.[kind]?.[histogram];
    const counts = trips?.[kind]?.counts;
    return encoded === undefined || counts === undefined
      ? []
      : [{ decoded: decodeHistogram(encoded), counts }];
  });
  if (found.length === 0) return undefined;
  return quantileOfExpected(
    mergeHistograms(found.map(({ decoded }) => decoded)),
    found.reduce((sum, { decoded, counts }) => sum + missing(counts, decoded.totalCount), 0),
    quantile,
    Math.max(...trials.map(({ probes }) => probes['deadlineUs'] ?? 0)),
  );
}

function percentile(source: Source, quantile: number, title: string, explain: string): Metric {
  return {
    title,
    unit: 'us',
    better: 'lower',
    explain,
    timed: true,
    derive: (trial) => quantileOf([trial], source, quantile),
    merge: (trials) => quantileOf(trials, source, quantile),
    // The independent event is the round trip, also where its parts are what is counted.
    needsEvents: quantile < 1 ? Math.round(10 / (1 - quantile)) : 1,
    events: (trials) =>
      trials.reduce((sum, { trips }) => sum + (trips?.[source.kind]?.counts.sent ?? 0), 0),
    eventsName: 'round trips',
  };
}

const due = (kind: TripKind): Source => ({ kind, histogram: 'due', missing: missingTrips });
const sent: Source = { kind: 'request', histogram: 'sent', missing: missingTrips };
const overhead: Source = { kind: 'ask', histogram: 'overhead', missing: missingTrips };
const first = (kind: TripKind): Source => ({
  kind,
  histogram: 'first',
  // A round trip may have its first part and never its end, so the two lack different numbers.
  missing: (counts, recorded) =>
    Math.max(0, Math.min(missingTrips(counts), counts.planned - recorded)),
});
const gap = (kind: TripKind): Source => ({ kind, histogram: 'gap', missing: () => 0 });
const slip: Source = { kind: 'request', histogram: 'slip', missing: () => 0 };

/** The percentiles there may be, and whom each speaks of. */
const QUANTILES = {
  p50: { quantile: 0.5, title: 'p50', share: 'half of all' },
  p90: { quantile: 0.9, title: 'p90', share: '9 of 10' },
  p99: { quantile: 0.99, title: 'p99', share: '99 of 100' },
  p99_9: { quantile: 0.999, title: 'p99.9', share: '999 of 1,000' },
  max: { quantile: 1, title: 'max', share: 'all' },
} as const;
type QuantileName = keyof typeof QUANTILES;

const ALL = ['p50', 'p90', 'p99', 'p99_9', 'max'] as const satisfies readonly QuantileName[];
const TWO = ['p50', 'p99'] as const satisfies readonly QuantileName[];

/** One metric per percentile, as `<id>.p50` and so on. */
function family<const Id extends string, const Name extends QuantileName>(
  id: Id,
  names: readonly Name[],
  source: Source,
  title: string,
  explain: (share: string) => string,
): Record<`${Id}.${Name}`, Metric> {
  return Object.fromEntries(
    names.map((name) => {
      const { quantile, share, title: mark } = QUANTILES[name];
      return [`${id}.${name}`, percentile(source, quantile, `${title} ${mark}`, explain(share))];
    }),
    // The keys are made from `id` and `names`, which is what the type says.
  ) as Record<`${Id}.${Name}`, Metric>;
}

export const tripMetrics = {
  ...family(
    'request',
    ALL,
    due('request'),
    'request',
    (share) => `${share} requests were answered within this, counted from when they were due`,
  ),
  ...family(
    'request.sent',
    TWO,
    sent,
    'request from sending,',
    (share) =>
      `${share} requests were answered within this, counted from the moment of sending: it forgives a client that sends late`,
  ),
  ...family(
    'request.first',
    TWO,
    first('request'),
    'time to first part,',
    (share) =>
      `${share} requests had the first part of their answer within this, counted from when they were due`,
  ),
  ...family(
    'request.gap',
    TWO,
    gap('request'),
    'gap between parts,',
    (share) => `${share} parts of an answer came within this after the part before`,
  ),
  ...family(
    'request.slip',
    ['p99'],
    slip,
    'request slip',
    (share) => `${share} requests were sent no later than this after they were due`,
  ),
  ...family(
    'ask',
    ALL,
    due('ask'),
    'ask',
    (share) =>
      `${share} questions of the server were answered within this, counted from when they were due`,
  ),
  ...family(
    'ask.overhead',
    TWO,
    overhead,
    'ask overhead,',
    (share) =>
      `${share} questions of the server were answered within this, without the time the client worked on them`,
  ),
  ...family(
    'ask.first',
    TWO,
    first('ask'),
    'ask: time to first part,',
    (share) =>
      `${share} questions of the server had the first part of their answer within this, counted from when they were due`,
  ),
  ...family(
    'ask.gap',
    TWO,
    gap('ask'),
    'ask: gap between parts,',
    (share) => `${share} parts of an answer to the server came within this after the part before`,
  ),
} satisfies Record<string, Metric>;
