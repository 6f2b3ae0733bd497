/**
 * Seeded pseudo-random numbers, so that a schedule, an arm order or a simulation can be replayed
 * from the seed stored with it. Not for secrets: nothing here is hard to predict.
 */

export interface Random {
  /** Uniform in [0, 1), with all 53 bits a double can hold. */
  next(): number;
  /** Standard normal: mean 0, variance 1. */
  normal(): number;
  /** Exponential with the given mean: the gaps of a Poisson arrival process. */
  exponential(mean: number): number;
  /** Uniform integer in [0, n). Throws RangeError unless n is a positive safe integer. */
  int(n: number): number;
  /** A shuffled copy; every order is equally likely. */
  shuffle<T>(items: readonly T[]): T[];
}

/**
 * sfc32 ("small fast counter"), by Chris Doty-Humphrey: 128 bits of state of which 32 are a plain
 * counter, so no seed can land on a cycle shorter than 2^32. It passes PractRand and needs only
 * 32-bit additions, shifts and xors, which stay integers in JavaScript engines.
 * https://pracrand.sourceforge.net/RNG_engines.txt
 */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a safe integer, got ${seed}`);

  // Both halves of the seed count: 1 and 1 + 2^32 are different streams.
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = 0;
  let counter = 1;
  // The second value of each polar pair, kept for the next call.
  let spareNormal: number | undefined;

  function word(): number {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  }

  // Seeds 1, 2, 3 … differ in a few bits. These words are thrown away until every bit of the state
  // depends on every bit of the seed, so neighbouring seeds give unrelated streams.
  for (let i = 0; i < 15; i += 1) word();

  function next(): number {
    const high = word() >>> 5;
    const low = word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Marsaglia's polar method. https://en.wikipedia.org/wiki/Marsaglia_polar_method */
  function normal(): number {
    if (spareNormal !== undefined) {
      const spare = spareNormal;
      spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * next() - 1;
      const y = 2 * next() - 1;
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spareNormal = y * scale;
      return x * scale;
    }
  }

  function int(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new RangeError(`int(n) needs a positive safe integer, got ${n}`);
    }
    return Math.floor(next() * n);
  }

  /** Fisher–Yates from the end. https://en.wikipedia.org/wiki/Fisher%E2%80%93Yates_shuffle */
  function shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i -= 1) {
      const j = int(i + 1);
      // Both indices are in range, so this is a T, even where T itself may be undefined.
      const held = out[i] as T;
      out[i] = out[j] as T;
      out[j] = held;
    }
    return out;
  }

  return {
    next,
    normal,
    // 1 - next() is in (0, 1]: log(0) cannot happen.
    exponential: (mean) => -mean * Math.log(1 - next()),
    int,
    shuffle,
  };
}
