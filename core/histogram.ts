/**
 * Latency histograms: HDR, microseconds, three significant digits, merged by adding counts.
 * Percentiles are never averaged; they are read from merged counts.
 */
import * as hdr from 'hdr-histogram-js';

export type Histogram = hdr.Histogram;

/** The largest latency a histogram holds, µs; later arrivals are recorded as this. */
export const HIGHEST_US = 120_000_000;

/** A histogram as it is stored: HdrHistogram V2, compressed, base64. Opens in the HdrHistogram plotter. */
export type EncodedHistogram = string;

/** 32-bit buckets: a record costs about 0.2 µs; the packed form is ten times dearer. */
export function createHistogram(): Histogram {
  return hdr.build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  });
}

export function encodeHistogram(histogram: Histogram): EncodedHistogram {
  return hdr.encodeIntoCompressedBase64(histogram);
}

export function decodeHistogram(encoded: EncodedHistogram): Histogram {
  return hdr.decodeFromCompressedBase64(encoded, 32, false);
}

/** The sum of the counts of all of them, in a new histogram. */
export function mergeHistograms(histograms: Iterable<Histogram>): Histogram {
  const merged = createHistogram();
  for (const histogram of histograms) merged.add(histogram);
  return merged;
}

/** @returns undefined when nothing was recorded: "no data", which is not zero. */
export function valueAtQuantile(histogram: Histogram, quantile: number): number | undefined {
  if (histogram.totalCount === 0) return undefined;
  return histogram.getValueAtPercentile(quantile * 100);
}
