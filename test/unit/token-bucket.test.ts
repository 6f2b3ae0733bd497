/** What a session may send, on a clock that is set by hand. */
import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../servers/token-bucket.ts';

describe('a token bucket', () => {
  test('gives its burst at once and then makes wait for one token', () => {
    const bucket = new TokenBucket(10, 3, 1_000);
    const answers = Array.from({ length: 5 }, () => bucket.take(1_000));
    expect(answers).toEqual([0, 0, 0, 100, 100]);
  });

  test('says less and less as the token comes nearer, and has it when it said', () => {
    const bucket = new TokenBucket(10, 1, 0);
    const answers = [0, 1, 50, 99, 100, 100].map((now) => bucket.take(now));
    expect(answers).toEqual([0, 99, 50, 1, 0, 100]);
  });

  test('being asked in vain costs nothing', () => {
    const bucket = new TokenBucket(1, 1, 0);
    bucket.take(0);
    for (let now = 1; now < 1_000; now += 1) expect(bucket.take(now)).toBe(1_000 - now);
    expect(bucket.take(1_000)).toBe(0);
  });

  test.each([
    { ratePerS: 1, burst: 1, durationMs: 10_000, taken: 10 },
    { ratePerS: 50, burst: 1, durationMs: 10_000, taken: 500 },
    { ratePerS: 50, burst: 20, durationMs: 10_000, taken: 519 },
    { ratePerS: 0.5, burst: 2, durationMs: 10_000, taken: 6 },
    // Clocks that tick once a ms give a token per tick at most, beyond the burst.
    { ratePerS: 1_000, burst: 1, durationMs: 1_000, taken: 1_000 },
  ])(
    'of $ratePerS/s and a burst of $burst gives $taken in $durationMs ms to somebody who keeps asking',
    ({ ratePerS, burst, durationMs, taken }) => {
      const bucket = new TokenBucket(ratePerS, burst, 0);
      let count = 0;
      for (let now = 0; now < durationMs; now += 1) {
        while (bucket.take(now) === 0) count += 1;
      }
      expect(count).toBe(taken);
    },
  );

  test('keeps its rate where a token takes no whole number of ms', () => {
    const bucket = new TokenBucket(3, 2, 0);
    let now = 0;
    const times: number[] = [];
    while (times.length < 8) {
      const wait = bucket.take(now);
      if (wait === 0) times.push(now);
      now += wait;
    }
    expect(times).toEqual([0, 0, 334, 667, 1_000, 1_334, 1_667, 2_000]);
  });

  test('holds no more than its burst, however long the pause was', () => {
    const bucket = new TokenBucket(1_000, 2, 0);
    const answers = Array.from({ length: 3 }, () => bucket.take(3_600_000));
    expect(answers).toEqual([0, 0, 1]);
  });

  test('is full at first, whatever the time is', () => {
    expect(new TokenBucket(1, 1, 1e12).take(1e12)).toBe(0);
  });

  test('a clock that is set back by an hour costs no more than an empty bucket', () => {
    const bucket = new TokenBucket(2, 4, 3_600_000);
    bucket.take(3_600_000);
    expect(bucket.take(0)).toBe(500);
    expect(bucket.take(500)).toBe(0);
  });

  test.each([
    [0, 1, 'a rate must be above 0 and finite, got 0'],
    [-1, 1, 'a rate must be above 0 and finite, got -1'],
    [Number.NaN, 1, 'a rate must be above 0 and finite, got NaN'],
    [Number.POSITIVE_INFINITY, 1, 'a rate must be above 0 and finite, got Infinity'],
    [1, 0.5, 'a burst must be finite and at least 1, got 0.5'],
    [1, Number.POSITIVE_INFINITY, 'a burst must be finite and at least 1, got Infinity'],
  ])('of %d/s and a burst of %d is refused', (rate, burst, says) => {
    expect(() => new TokenBucket(rate, burst, 0)).toThrow(new RangeError(says));
  });
});
