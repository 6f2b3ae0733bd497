/** The search for a limit, against systems whose limit is known. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { SearchOptions, StepOutcome } from '../../core/search.ts';
import { createSearch } from '../../core/search.ts';

const options: SearchOptions = {
  from: 100,
  to: 100_000,
  factor: 2,
  resolution: 0.1,
  whole: false,
  mostSteps: 60,
};

/** @param system what becomes of a load; `tries` counts from 1 per load */
function find(
  system: (load: number, tries: number) => StepOutcome,
  change: Partial<SearchOptions> = {},
) {
  const search = createSearch({ ...options, ...change });
  const loads: number[] = [];
  for (let load = search.next(); load !== undefined; load = search.next()) {
    loads.push(load);
    const now = load;
    search.tell(system(now, loads.filter((one) => one === now).length));
  }
  const result = search.result();
  if (result === undefined) throw new Error('it is over without a result');
  return { ...result, loads };
}

const upTo =
  (limit: number) =>
  (load: number): StepOutcome =>
    load <= limit ? 'pass' : 'fail';

describe('a search', () => {
  test.each([100, 137, 199.9, 200, 1_150, 1_280, 54_321, 99_999])(
    'finds a limit of %d within its resolution, and confirms it',
    (limit) => {
      const { end, lastPass = 0, firstFail = 0, confirmed, loads } = find(upTo(limit));
      expect({ end, confirmed }).toEqual({ end: 'bracketed', confirmed: true });
      expect(lastPass).toBeLessThanOrEqual(limit);
      expect(firstFail).toBeGreaterThan(limit);
      expect(firstFail / lastPass).toBeLessThanOrEqual(1.1);
      expect(loads.length).toBeLessThan(25);
    },
  );

  test.each([0.01, 0.05, 0.3, 1])('keeps to a resolution of %d', (resolution) => {
    const { lastPass = 0, firstFail = 0 } = find(upTo(777), { resolution });
    expect(firstFail / lastPass).toBeLessThanOrEqual(1 + resolution);
  });

  test('doubles first, then halves the distance, and comes back to the last pass', () => {
    expect(find(upTo(300), { resolution: 0.3 }).loads.map(Math.round)).toEqual([
      100, 200, 400, 400, 283, 336, 336, 283,
    ]);
  });

  test('tries whole numbers where loads are counted, also where they lie side by side', () => {
    const { lastPass, firstFail, loads } = find(upTo(13), {
      from: 1,
      whole: true,
      resolution: 0.001,
    });
    expect([lastPass, firstFail]).toEqual([13, 14]);
    expect(loads.every(Number.isInteger)).toBe(true);
  });

  test('stops at the highest load it may try, once that has passed twice', () => {
    expect(find(() => 'pass', { to: 1_000 })).toEqual({
      end: 'highest',
      lastPass: 1_000,
      firstFail: undefined,
      confirmed: true,
      loads: [100, 200, 400, 800, 1_000, 1_000],
    });
  });

  test('says so when the least load does not pass', () => {
    expect(find(() => 'fail')).toEqual({
      end: 'below',
      lastPass: undefined,
      firstFail: 100,
      confirmed: false,
      loads: [100, 100],
    });
  });

  test('takes one load where there is only one', () => {
    expect(find(() => 'pass', { to: 100 })).toMatchObject({ end: 'highest', lastPass: 100 });
  });

  test('does not believe a fail that is not seen again', () => {
    const result = find((load, tries) =>
      load > 1_000 || (load === 400 && tries === 1) ? 'fail' : 'pass',
    );
    expect(result).toMatchObject({ end: 'bracketed', confirmed: true });
    expect(result.lastPass).toBeGreaterThan(900);
  });

  test('takes back a last pass that is not confirmed, and looks further down', () => {
    // 1,100 passes once and never again; the limit is 900.
    const lucky = new Set<number>();
    const result = find((load) => {
      if (load <= 900) return 'pass';
      if (load > 1_200 || lucky.has(load)) return 'fail';
      lucky.add(load);
      return 'pass';
    });
    expect(result).toMatchObject({ end: 'bracketed', confirmed: true });
    expect(result.lastPass).toBeLessThanOrEqual(900);
    expect(result.firstFail).toBeGreaterThan(900);
    expect((result.firstFail ?? 0) / (result.lastPass ?? 1)).toBeLessThanOrEqual(1.1);
  });

  test('keeps a last pass that fails once and then passes', () => {
    const result = find((load, tries) => (load > 200 || tries === 2 ? 'fail' : 'pass'), {
      to: 300,
      resolution: 0.5,
    });
    expect(result).toMatchObject({ lastPass: 200, firstFail: 300, confirmed: true });
    expect(result.loads).toEqual([100, 200, 300, 300, 200, 200]);
  });

  test('ends where it cannot be found out, and tells that from a fail', () => {
    const result = find((load) => (load > 1_000 ? 'limited' : 'pass'));
    expect(result).toMatchObject({ end: 'limited', confirmed: true });
    expect(result.lastPass).toBeGreaterThan(900);
    expect(result.lastPass).toBeLessThanOrEqual(1_000);
  });

  test('finds a real fail beneath a load at which it could not be found out', () => {
    const result = find((load) => (load > 1_500 ? 'limited' : load > 1_000 ? 'fail' : 'pass'));
    expect(result.end).toBe('bracketed');
    expect(result.firstFail).toBeLessThanOrEqual(1_500);
  });

  test('blames nobody where a load failed once and could not be found out once', () => {
    expect(find((_, tries) => (tries === 1 ? 'fail' : 'limited')).end).toBe('limited');
    expect(find((_, tries) => (tries === 1 ? 'limited' : 'fail')).end).toBe('limited');
    expect(find(() => 'limited')).toMatchObject({ end: 'limited', lastPass: undefined });
  });

  test('on something that fails in between stays below what it has seen fail', () => {
    // 350 … 500 fails although 501 … 2,000 would pass.
    const result = find((load) => ((load > 350 && load <= 500) || load > 2_000 ? 'fail' : 'pass'));
    expect(result.lastPass).toBeLessThanOrEqual(350);
    expect(result.firstFail).toBeLessThanOrEqual(500);
  });

  test('on a noisy system comes near its limit nearly always, and always to an end', () => {
    const random = createRandom(7);
    const found = Array.from({ length: 300 }, () => {
      // The limit moves by 5 % from trial to trial.
      const { lastPass = 0 } = find((load) =>
        load * (1 + 0.05 * random.normal()) <= 1_000 ? 'pass' : 'fail',
      );
      return lastPass;
    });
    const near = found.filter((limit) => limit > 800 && limit < 1_150).length;
    expect(near / found.length).toBeGreaterThan(0.95);
  });

  test('on a coin comes to an end within its steps', () => {
    const random = createRandom(3);
    for (let run = 0; run < 300; run += 1) {
      const outcomes = ['pass', 'fail', 'limited'] as const;
      const { loads, lastPass, firstFail } = find(() => outcomes[random.int(3)] ?? 'fail', {
        mostSteps: 25,
      });
      expect(loads.length).toBeLessThanOrEqual(25);
      if (lastPass !== undefined && firstFail !== undefined) {
        expect(lastPass).toBeLessThan(firstFail);
      }
    }
  });

  test('out of steps it says so, and what it knows', () => {
    expect(find(() => 'pass', { mostSteps: 3 })).toMatchObject({ end: 'steps', lastPass: 400 });
  });

  test.each([{ factor: 1 }, { resolution: 0 }, { from: 0 }, { to: 10 }])(
    'cannot be made with %o',
    (change) => {
      expect(() => createSearch({ ...options, ...change })).toThrow(RangeError);
    },
  );
});

test('a search under way tells what is known by now', () => {
  const search = createSearch(options);
  const known = [search.soFar()];
  for (const outcome of ['pass', 'pass', 'fail', 'fail'] as const) {
    search.tell(outcome);
    known.push(search.soFar());
  }
  expect(known.map(({ lastPass, firstFail }) => [lastPass, firstFail])).toEqual([
    [undefined, undefined],
    [100, undefined],
    [200, undefined],
    // A fail counts when it is seen twice.
    [200, undefined],
    [200, 400],
  ]);
  expect(search.result()).toBeUndefined();
});
