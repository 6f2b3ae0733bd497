/** Latency percentiles, of single deliveries and of whole broadcasts; those of round trips are in trips. */

import type { Histogram } from '../../core/histogram.ts';
import { decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import type { Histograms, Trial } from '../../core/result.ts';
import { hasDeliveries } from '../flow.ts';
import type { Metric } from '../metric.ts';

/**
 * The value below which `quantile` of all EXPECTED deliveries came, µs. One that never came counts as
 * later than the deadline: it is not left out, or losing the slow half would make a server look fast.
 */
export function quantileOfExpected(
  histogram: Histogram,
  lost: number,
  quantile: number,
  deadlineUs: number,
): number | undefined {
  const received = histogram.totalCount;
  const expected = received + lost;
  if (expected === 0) return undefined;
  const rank = Math.max(1, Math.ceil(quantile * expected));
  if (rank > received) return Math.max(deadlineUs, histogram.maxValue);
  return histogram.getValueAtPercentile((rank / received) * 100);
}

type HistogramName = keyof Histograms;

interface Source {
  readonly histogram: HistogramName;
  /** Whether lost deliveries belong into it: not for spreads, which count them when they are made. */
  readonly countsLost: boolean;
  /** A trial about round trips has no latency; its senders may be late all the same. */
  readonly deliveriesOnly: boolean;
}

function quantileOf(all: readonly Trial[], source: Source, quantile: number): number | undefined {
  const about = source.deliveriesOnly ? all.filter(hasDeliveries) : all;
  // Messages that are too small to say when they were sent: not measured, whatever was lost of them.
  const trials = source.histogram === 'sent' ? about.filter(knowsSending) : about;
  const encoded = trials.flatMap(({ histograms }) => histograms?.[source.histogram] ?? []);
  if (encoded.length === 0) return undefined;
  const lost = source.countsLost
    ? trials.reduce((sum, { ledger }) => sum + (ledger?.lost ?? 0), 0)
    : 0;
  const deadlineUs = Math.max(...trials.map(({ probes }) => probes['deadlineUs'] ?? 0));
  return quantileOfExpected(
    mergeHistograms(encoded.map(decodeHistogram)),
    lost,
    quantile,
    deadlineUs,
  );
}

/** Whether what arrived says when it was sent. */
export function knowsSending({
  histograms,
}: {
  readonly histograms?: Pick<Histograms, 'due' | 'sent'> | undefined;
}): boolean {
  if (histograms === undefined) return false;
  return (
    decodeHistogram(histograms.sent).totalCount > 0 ||
    decodeHistogram(histograms.due).totalCount === 0
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
    // One broadcast to 1,000 clients is one event seen 1,000 times: the tail needs many of them.
    needsEvents: quantile < 1 ? Math.round(10 / (1 - quantile)) : 1,
  };
}

const due: Source = { histogram: 'due', countsLost: true, deliveriesOnly: true };
const sent: Source = { histogram: 'sent', countsLost: true, deliveriesOnly: true };

export const latencyMetrics = {
  'latency.p50': percentile(
    due,
    0.5,
    'latency p50',
    'half of all deliveries came within this, counted from when the message was due',
  ),
  'latency.p90': percentile(
    due,
    0.9,
    'latency p90',
    'nine of ten deliveries came within this, counted from when the message was due',
  ),
  'latency.p99': percentile(
    due,
    0.99,
    'latency p99',
    '99 of 100 deliveries came within this, counted from when the message was due',
  ),
  'latency.p99_9': percentile(
    due,
    0.999,
    'latency p99.9',
    '999 of 1,000 deliveries came within this, counted from when the message was due',
  ),
  'latency.max': percentile(
    due,
    1,
    'latency max',
    'the slowest delivery, counted from when the message was due',
  ),
  'latency.sent.p50': percentile(
    sent,
    0.5,
    'latency from sending, p50',
    'as latency p50, but from the moment of sending: it forgives a server that sends late',
  ),
  'latency.sent.p99': percentile(
    sent,
    0.99,
    'latency from sending, p99',
    'as latency p99, but from the moment of sending: it forgives a server that sends late',
  ),
} satisfies Record<string, Metric>;

const spread = (histogram: HistogramName): Source => ({
  histogram,
  countsLost: false,
  deliveriesOnly: true,
});

export const spreadMetrics = {
  'spread.first.p50': percentile(
    spread('spreadFirst'),
    0.5,
    'time to first subscriber, p50',
    'time until the first subscriber has a broadcast, in half of the broadcasts',
  ),
  'spread.median.p50': percentile(
    spread('spreadMedian'),
    0.5,
    'time to median subscriber, p50',
    'time until half of the subscribers have a broadcast, in half of the broadcasts',
  ),
  'spread.last.p50': percentile(
    spread('spreadLast'),
    0.5,
    'time to last subscriber, p50',
    'time until every subscriber has a broadcast, in half of the broadcasts: the fan-out time',
  ),
  'spread.last.p99': percentile(
    spread('spreadLast'),
    0.99,
    'time to last subscriber, p99',
    'time until every subscriber has a broadcast, in 99 of 100 broadcasts',
  ),
} satisfies Record<string, Metric>;

const anyFlow = (histogram: HistogramName): Source => ({
  ...spread(histogram),
  deliveriesOnly: false,
});

export const slipMetrics = {
  'slip.p50': percentile(
    anyFlow('slip'),
    0.5,
    'schedule slip p50',
    'how late messages were sent, in half of the cases',
  ),
  'slip.p99': percentile(
    anyFlow('slip'),
    0.99,
    'schedule slip p99',
    'how late messages were sent, in 99 of 100 cases',
  ),
  'connect.p99': {
    ...percentile(
      anyFlow('connect'),
      0.99,
      'connect p99',
      '99 of 100 connections were up within this, handshake included',
    ),
    // Connections are made one by one; broadcasts have nothing to do with them.
    eventsName: 'connections',
    events: (trials) =>
      trials.reduce(
        (sum, { histograms }) =>
          sum + (histograms === undefined ? 0 : decodeHistogram(histograms.connect).totalCount),
        0,
      ),
  },
} satisfies Record<string, Metric>;
