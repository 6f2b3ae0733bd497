/** The histogram of the receive path is the library's, bucket for bucket. */
import { describe, expect, test } from 'vitest';
import { createHistogram, encodeHistogram, HIGHEST_US } from '../../core/histogram.ts';
import { createRandom } from '../../core/random.ts';
import { HotHistogram } from '../../loadgen/hot-histogram.ts';

const edges = [
  0,
  1,
  1_023,
  1_024,
  2_047,
  2_048,
  2_049,
  4_095,
  4_096,
  65_535,
  65_536,
  1_000_000,
  HIGHEST_US,
];

describe('the histogram of the receive path', () => {
  test.each(edges)('%i µs falls into the bucket that the library puts it into', (value) => {
    const hot = new HotHistogram();
    hot.record(value);
    const library = createHistogram();
    library.recordValue(value);
    expect(encodeHistogram(hot.toHistogram())).toBe(encodeHistogram(library));
  });

  test('a million values of every size give the same counts and percentiles', () => {
    const random = createRandom(11);
    const hot = new HotHistogram();
    const library = createHistogram();
    for (let i = 0; i < 1_000_000; i += 1) {
      const value = Math.floor(2 ** (random.next() * 26.8));
      hot.record(value);
      library.recordValue(value);
    }
    const turned = hot.toHistogram();
    expect(turned.totalCount).toBe(1_000_000);
    for (const percentile of [1, 50, 90, 99, 99.9, 99.99]) {
      expect(turned.getValueAtPercentile(percentile)).toBe(
        library.getValueAtPercentile(percentile),
      );
    }
  });

  test('a quantile is known to the bucket before it is turned', () => {
    const hot = new HotHistogram();
    expect(hot.valueAtQuantile(0.99)).toBeUndefined();
    for (let value = 1; value <= 100; value += 1) hot.record(value);
    expect(hot.valueAtQuantile(0.99)).toBe(99);
    expect(hot.valueAtQuantile(1)).toBe(100);
  });
});
