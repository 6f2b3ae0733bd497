/** What a ring keeps, what it forgets, and that it never forgets in silence. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { RingLimits } from '../../servers/replay-ring.ts';
import { ReplayRing } from '../../servers/replay-ring.ts';

interface Entry {
  readonly number: number;
  readonly bytes: number;
  readonly at: number;
}

const unlimited: RingLimits = { count: 1_000, bytes: 1_000_000, ageMs: 1_000_000 };
const entry = (number: number, bytes = 1, at = 0): Entry => ({ number, bytes, at });

function ringOf(limits: Partial<RingLimits>, ...entries: readonly Entry[]): ReplayRing<Entry> {
  const ring = new ReplayRing<Entry>({ ...unlimited, ...limits });
  for (const one of entries) ring.push(one);
  return ring;
}

const numbersIn = (ring: ReplayRing<Entry>): number[] =>
  ring.after(0, 1_000).map(({ number }) => number);

describe('a ring', () => {
  test('that is empty has nothing, and has forgotten nothing', () => {
    const ring = ringOf({});
    expect(ring).toMatchObject({ length: 0, bytes: 0, forgottenThrough: 0 });
    expect(ring.after(0, 10)).toEqual([]);
    expect(ring.countAfter(0)).toBe(0);
  });

  test('keeps so many at most', () => {
    const ring = ringOf({ count: 2 }, entry(3), entry(5), entry(6));
    expect(numbersIn(ring)).toEqual([5, 6]);
    expect(ring.forgottenThrough).toBe(3);
  });

  test('keeps so many bytes at most', () => {
    const ring = ringOf({ bytes: 10 }, entry(1, 4), entry(2, 6));
    expect(numbersIn(ring)).toEqual([1, 2]);
    ring.push(entry(3, 1));
    expect(numbersIn(ring)).toEqual([2, 3]);
    expect(ring).toMatchObject({ bytes: 7, forgottenThrough: 1 });
  });

  test('forgets everything for an entry that is too large by itself, and that one too', () => {
    const ring = ringOf({ bytes: 10 }, entry(1, 4), entry(2, 11));
    expect(ring).toMatchObject({ length: 0, bytes: 0, forgottenThrough: 2 });
    ring.push(entry(3, 10));
    expect(numbersIn(ring)).toEqual([3]);
  });

  test('keeps an entry for as long as it may, to the millisecond', () => {
    const ring = ringOf({ ageMs: 100 }, entry(1, 1, 0), entry(2, 1, 50));
    ring.expire(100);
    expect(numbersIn(ring)).toEqual([1, 2]);
    ring.expire(101);
    expect(numbersIn(ring)).toEqual([2]);
    ring.push(entry(3, 1, 151));
    expect(numbersIn(ring)).toEqual([3]);
    expect(ring).toMatchObject({ bytes: 1, forgottenThrough: 2 });
  });

  test('gives what came behind a number, whether that is in it or not', () => {
    const ring = ringOf({}, entry(2), entry(4), entry(7));
    const behind = (number: number, most = 10) => ring.after(number, most).map((one) => one.number);
    expect([0, 2, 3, 4, 6, 7, 8].map((number) => behind(number))).toEqual([
      [2, 4, 7],
      [4, 7],
      [4, 7],
      [7],
      [7],
      [],
      [],
    ]);
    expect(behind(0, 2)).toEqual([2, 4]);
    expect([0, 2, 7].map((number) => ring.countAfter(number))).toEqual([3, 2, 0]);
  });

  test.each([
    [1, [7]],
    [2, [4, 7]],
    [3, [2, 4, 7]],
    [9, [2, 4, 7]],
    [Number.MAX_SAFE_INTEGER, [2, 4, 7]],
  ])('has its last %d behind the cursor for them', (count, numbers) => {
    const ring = ringOf({}, entry(2), entry(4), entry(7));
    expect(ring.after(ring.cursorBefore(count), 10).map(({ number }) => number)).toEqual(numbers);
  });

  test('has nothing behind the cursor for none', () => {
    expect(ringOf({}, entry(2)).countAfter(ringOf({}, entry(2)).cursorBefore(0))).toBe(0);
    expect(ringOf({}).countAfter(ringOf({}).cursorBefore(5))).toBe(0);
  });
});

/** The same rules, with a list that is searched from end to end. */
class NaiveRing {
  entries: Entry[] = [];
  forgottenThrough = 0;
  private readonly limits: RingLimits;

  constructor(limits: RingLimits) {
    this.limits = limits;
  }

  get bytes(): number {
    return this.entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  push(one: Entry): void {
    this.entries.push(one);
    this.expire(one.at);
    while (this.entries.length > this.limits.count || this.bytes > this.limits.bytes) this.forget();
  }

  expire(now: number): void {
    while (this.entries[0] !== undefined && this.entries[0].at < now - this.limits.ageMs) {
      this.forget();
    }
  }

  after(number: number, most: number): Entry[] {
    return this.entries.filter((one) => one.number > number).slice(0, most);
  }

  private forget(): void {
    this.forgottenThrough = this.entries.shift()?.number ?? 0;
  }
}

test('500 rings of random limits do for 200 steps each what a naive one does', () => {
  const random = createRandom(7);
  let forgotten = 0;
  for (let round = 0; round < 500; round += 1) {
    const limits = {
      count: 1 + random.int(20),
      bytes: 1 + random.int(200),
      ageMs: 1 + random.int(100),
    };
    const [ring, naive] = [new ReplayRing<Entry>(limits), new NaiveRing(limits)];
    let [number, now] = [0, 0];
    for (let step = 0; step < 200; step += 1) {
      now += random.int(10);
      if (random.int(4) === 0) {
        ring.expire(now);
        naive.expire(now);
      } else {
        number += 1 + random.int(3);
        const one = entry(number, random.int(30), now);
        ring.push(one);
        naive.push(one);
      }
      const [from, most, count] = [random.int(number + 3), random.int(25), 1 + random.int(25)];
      const seen = {
        length: ring.length,
        bytes: ring.bytes,
        forgottenThrough: ring.forgottenThrough,
        after: ring.after(from, most),
        countAfter: ring.countAfter(from),
        last: ring.after(ring.cursorBefore(count), count),
      };
      const wanted = {
        length: naive.entries.length,
        bytes: naive.bytes,
        forgottenThrough: naive.forgottenThrough,
        after: naive.after(from, most),
        countAfter: naive.after(from, 1_000).length,
        last: naive.entries.slice(-count),
      };
      // A hundred thousand times `toEqual` would take seconds.
      if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
        expect(seen, `round ${round}, step ${step}`).toEqual(wanted);
      }
    }
    forgotten += ring.forgottenThrough > 0 ? 1 : 0;
  }
  expect(forgotten).toBe(500);
});
