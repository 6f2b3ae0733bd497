/**
 * Counts latencies in the receive path, in the very buckets of the HdrHistogram it turns into.
 *
 * The library spends about 0.25 µs on a record, twice per delivery, most of it in powers of two; a count
 * of leading zeros does the same in a few ns (see `receive` in `npm run bench:self`). Everything else
 * (percentiles, merging, storage) is the library's.
 *
 *   value < 2,048        index = value
 *   larger, b bits over  index = b × 1,024 + (value >> b), so 1,024 buckets per power of two
 */

import type { Histogram } from '../core/histogram.ts';
import { createHistogram, HIGHEST_US } from '../core/histogram.ts';

const SUB_BUCKET_BITS = 11;
const HALF = 1_024;

const indexOf = (value: number): number => {
  const bits = 32 - Math.clz32(value) - SUB_BUCKET_BITS;
  return bits <= 0 ? value : bits * HALF + (value >>> bits);
};

/** The lowest value of a bucket, which the library counts in its bucket of the same width. */
const lowestOf = (index: number): number => {
  if (index < 2 * HALF) return index;
  const bits = Math.floor(index / HALF) - 1;
  return (index - bits * HALF) * 2 ** bits;
};

export class HotHistogram {
  private readonly counts = new Uint32Array(indexOf(HIGHEST_US) + 1);
  private total = 0;
  /** The counts at the last lap. */
  private before: Uint32Array | undefined;

  /** @param value whole µs, 0 … HIGHEST_US */
  record(value: number): void {
    const index = indexOf(value);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.total += 1;
  }

  /** The lowest value of the bucket that holds the quantile; undefined when nothing was recorded. */
  valueAtQuantile(quantile: number): number | undefined {
    if (this.total === 0) return undefined;
    let left = Math.ceil(quantile * this.total);
    for (const [index, count] of this.counts.entries()) {
      left -= count;
      if (left <= 0) return lowestOf(index);
    }
    return undefined;
  }

  /** What was recorded since the last lap, or since the start. */
  lap(): Histogram {
    const histogram = createHistogram();
    for (const [index, count] of this.counts.entries()) {
      const more = count - (this.before?.[index] ?? 0);
      if (more > 0) histogram.recordValueWithCount(lowestOf(index), more);
    }
    this.before = this.counts.slice();
    return histogram;
  }

  toHistogram(): Histogram {
    const histogram = createHistogram();
    for (const [index, count] of this.counts.entries()) {
      if (count > 0) histogram.recordValueWithCount(lowestOf(index), count);
    }
    return histogram;
  }
}
