import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createDetector, detectableChange } from '../../core/detectable.ts';
import { createRandom } from '../../core/random.ts';
import { holm, standardDeviation, studentQuantile } from '../../core/stats.ts';
import type { CompareOptions, Verdict } from '../../core/verdict.ts';
import { compareRounds, notComparable } from '../../core/verdict.ts';

const detector = createDetector();
const MARGIN = 0.1;
const EDGE = Math.log1p(MARGIN);

function compare(logRatios: readonly number[], options: Partial<CompareOptions> = {}) {
  return compareRounds(logRatios, { direction: 'lower', margin: MARGIN, detector, ...options });
}

/** Eight rounds, symmetric and bell-shaped, whose 95 % interval is [low, high] on the log scale. */
function roundsWithInterval(low: number, high: number): number[] {
  const shape = [-1.42, -0.85, -0.47, -0.15, 0.15, 0.47, 0.85, 1.42];
  const half = (studentQuantile(0.975, 7) * (standardDeviation(shape) ?? 0)) / Math.sqrt(8);
  return shape.map((z) => (low + high) / 2 + (z * (high - low)) / 2 / half);
}

const same = (value: number, rounds: number) => new Array<number>(rounds).fill(value);

const MIRRORED: Partial<Record<Verdict, Verdict>> = { better: 'worse', worse: 'better' };

describe('the drawing above compareRounds', () => {
  const source = readFileSync(new URL('../../core/verdict.ts', import.meta.url), 'utf8');
  const lines = source.split('\n');
  const rows = lines.flatMap((line) => {
    const [, verdict] = /^ \* (\S+) .*\[.*\]/.exec(line) ?? [];
    const interval = { from: line.indexOf('['), to: line.indexOf(']') };
    return verdict === undefined || !line.includes('|') ? [] : [{ verdict, line, ...interval }];
  });
  const axis = lines.find((line) => /^ \* +1\/\(1\+m\) +1 +1\+m$/.test(line)) ?? '';
  const one = axis.indexOf(' 1 ') + 1;
  const upper = axis.indexOf('1+m', one) + 1;
  const logRatioAt = (column: number) => ((column - one) / (upper - one)) * EDGE;

  test('has an axis and draws every verdict that rounds can lead to', () => {
    expect(upper).toBeGreaterThan(one);
    expect(rows).toHaveLength(10);
    expect(new Set(rows.map((row) => row.verdict))).toEqual(
      new Set(['better', 'worse', 'same', 'small-but-real', 'unclear']),
    );
  });

  test.each(rows)('is true: $line', ({ verdict, line, from, to }) => {
    const rounds = roundsWithInterval(logRatioAt(from), logRatioAt(to));
    const result = compare(rounds);
    expect(Math.log(result.low ?? 0)).toBeCloseTo(logRatioAt(from), 9);
    expect(Math.log(result.high ?? 0)).toBeCloseTo(logRatioAt(to), 9);
    expect(result.verdict).toBe(verdict);
    // The round brackets stand where the 90 % interval ends, to the nearest column.
    const columnOf = (ratio = 0) => one + Math.round((Math.log(ratio) / EDGE) * (upper - one));
    expect([columnOf(result.low90), columnOf(result.high90)]).toEqual([
      line.indexOf('('),
      line.indexOf(')'),
    ]);
  });

  test.each(rows)('is mirrored when more is better: $line', ({ verdict, from, to }) => {
    const rounds = roundsWithInterval(logRatioAt(from), logRatioAt(to));
    expect(compare(rounds, { direction: 'higher' }).verdict).toBe(
      MIRRORED[verdict as Verdict] ?? verdict,
    );
  });
});

describe('the guard', () => {
  test('a difference that only the t interval sees is not claimed', () => {
    // One round of six on the other side: t excludes 1, the signed-rank p is 4/64.
    const rounds = [-0.001, 0.046, 0.048, 0.05, 0.052, 0.054];
    const result = compare(rounds, { margin: 0.01 });
    expect(result.low).toBeGreaterThan(1.01);
    expect(result).toMatchObject({
      p: 0.0625,
      verdict: 'unclear',
      reason: 'the interval and the signed-rank test disagree',
    });
    expect(compare(rounds).verdict).toBe('same');
  });

  test('a difference that only the signed-rank test sees is not claimed', () => {
    // All six above 1, but one is so far out that t cannot exclude 1.
    const result = compare([0.02, 0.021, 0.022, 0.023, 0.024, 0.6]);
    expect(result).toMatchObject({ p: 0.03125, verdict: 'unclear' });
    expect(result.low).toBeLessThan(1);
  });

  test('sameness that only the t interval sees is not claimed', () => {
    // Two rounds of six beyond the margin: one-sided p 5/64 for the best ranks they can have.
    const rounds = [-0.06, -0.055, 0.05, 0.052, 0.096, 0.098];
    const wide = compare(rounds, { margin: 0.1 });
    expect(wide.high90).toBeLessThan(1.1);
    expect(wide).toMatchObject({
      verdict: 'unclear',
      reason: 'the interval and the signed-rank test disagree',
    });
  });
});

describe('rounds without any spread', () => {
  test.each([
    {
      value: 0,
      verdict: 'same',
      ratio: 1,
      reason: 'the 90 % interval lies inside the 10 % margin',
    },
    {
      value: 1e-13,
      verdict: 'same',
      ratio: 1,
      reason: 'the 90 % interval lies inside the 10 % margin',
    },
    {
      value: Math.log(1.02),
      verdict: 'small-but-real',
      ratio: 1.02,
      reason: 'the 95 % interval excludes 1, inside the 10 % margin',
    },
    {
      value: Math.log(1.2),
      verdict: 'worse',
      ratio: 1.2,
      reason: 'the 95 % interval lies beyond the 10 % margin',
    },
    {
      value: Math.log(0.5),
      verdict: 'better',
      ratio: 0.5,
      reason: 'the 95 % interval lies beyond the 10 % margin',
    },
  ])('six times log-ratio $value is $verdict', ({ value, verdict, ratio, reason }) => {
    const result = compare(same(value, 6));
    expect(result).toMatchObject({ verdict, reason, low: result.ratio, high: result.ratio });
    expect(result.ratio).toBeCloseTo(ratio, 12);
  });

  test('can see any difference, and any beyond the margin', () => {
    const { detectable, detectableBeyond } = compare(same(0, 6));
    expect(detectable).toBe(0);
    expect(detectableBeyond).toBeCloseTo(MARGIN, 12);
  });
});

describe('what cannot be judged', () => {
  test.each([0, 1, 2, 5])('%d rounds are unclear, and the reason counts them', (n) => {
    const result = compare(roundsWithInterval(0.4, 0.5).slice(0, n));
    expect(result).toMatchObject({
      verdict: 'unclear',
      reason: `needs 6 rounds, has ${n}`,
      rounds: n,
      p: undefined,
      pBeyond: undefined,
      detectable: undefined,
      detectableBeyond: undefined,
    });
    expect(result.ratio === undefined).toBe(n < 1);
    expect(result.low === undefined).toBe(n < 2);
  });

  test('a gate may ask for more rounds', () => {
    const rounds = same(0.5, 7);
    expect(compare(rounds).verdict).toBe('worse');
    expect(compare(rounds, { minimumRounds: 8 }).reason).toBe('needs 8 rounds, has 7');
  });

  test('a timer-limited comparison is never the same, but may differ', () => {
    const limited = compare(roundsWithInterval(-0.02, 0.02), { timerLimited: true });
    expect(limited.verdict).toBe('unclear');
    expect(limited.reason).toMatch(/^timer-limited/);
    expect(compare(same(0, 6), { timerLimited: true }).verdict).toBe('unclear');
    expect(compare(same(0.5, 6), { timerLimited: true }).verdict).toBe('worse');
  });

  test('arms that must not be compared carry their reason and no figures', () => {
    expect(notComparable('the control moved by 12 %', 6)).toMatchObject({
      verdict: 'not-comparable',
      reason: 'the control moved by 12 %',
      rounds: 6,
      ratio: undefined,
      detectable: undefined,
    });
  });

  test.each([
    {
      name: 'a log-ratio of a metric that was 0',
      rounds: [0, Number.NEGATIVE_INFINITY],
      options: {},
    },
    { name: 'NaN', rounds: [Number.NaN], options: {} },
    { name: 'a margin of 0', rounds: [], options: { margin: 0 } },
    { name: 'a margin that is not a number', rounds: [], options: { margin: Number.NaN } },
    { name: 'verdicts from fewer than six rounds', rounds: [], options: { minimumRounds: 5 } },
  ])('$name is refused', ({ rounds, options }) => {
    expect(() => compare(rounds, options)).toThrow(RangeError);
  });
});

describe('the figures beside a verdict', () => {
  test('swapping the arms inverts the ratio and its interval, and keeps the p values', () => {
    const rounds = [0.12, 0.2, 0.15, 0.09, 0.18, 0.22, 0.11, 0.16];
    const [there, back] = [compare(rounds), compare(rounds.map((value) => -value))];
    expect([there.verdict, back.verdict]).toEqual(['worse', 'better']);
    expect([back.p, back.pBeyond]).toEqual([there.p, there.pBeyond]);
    expect(back.ratio).toBeCloseTo(1 / (there.ratio ?? 0), 12);
    expect([back.low, back.high]).toEqual([
      expect.closeTo(1 / (there.high ?? 0), 12),
      expect.closeTo(1 / (there.low ?? 0), 12),
    ]);
  });

  test('the p beyond the margin is large for rounds well inside it, unlike a two-sided p', () => {
    expect(compare(same(0.001, 8)).pBeyond).toBe(1);
  });

  test('with five metrics corrected, eight unanimous rounds pass a gate and six cannot', () => {
    const corrected = (n: number) => holm([compare(same(0.5, n)).pBeyond ?? 1, 1, 1, 1, 1])[0];
    expect(corrected(8)).toBeCloseTo(5 * 2 ** -7, 12);
    expect(corrected(6)).toBeCloseTo(5 * 2 ** -5, 12);
  });

  test('a seed makes the detectable change repeatable without a shared detector', () => {
    const rounds = roundsWithInterval(-0.03, 0.12);
    const once = () => compareRounds(rounds, { direction: 'lower', margin: MARGIN, seed: 7 });
    expect(once()).toEqual(once());
  });
});

describe('the detectable change', () => {
  const simulations = 3000;
  const deviation = 0.05;

  /** Share of runs with a true effect, noise and round count that end in one of the verdicts. */
  function share(rounds: number, effect: number, wanted: readonly Verdict[]): number {
    const random = createRandom(rounds * 1000 + 1);
    let found = 0;
    for (let i = 0; i < simulations; i += 1) {
      const run = Array.from({ length: rounds }, () => effect + deviation * random.normal());
      if (wanted.includes(compare(run).verdict)) found += 1;
    }
    return found / simulations;
  }

  test.each([6, 8, 12])('at %d rounds the rule itself finds it 80 %% of the time', (rounds) => {
    const any = Math.log1p(detector.anyDifference(rounds, deviation) ?? 0);
    const beyond = Math.log1p(detector.beyondMargin(rounds, deviation, MARGIN) ?? 0);
    // Two standard errors here and 1 % of effect in the simulated threshold make 2.5 points.
    expect(Math.abs(share(rounds, any, ['worse', 'small-but-real']) - 0.8)).toBeLessThan(0.025);
    expect(Math.abs(share(rounds, beyond, ['worse']) - 0.8)).toBeLessThan(0.025);
  });

  test.each([
    // (t.975 + t.80) / √n bounds it from below; the rest is the guard's price, dearest at six.
    { rounds: 6, expected: 1.79, bound: (2.571 + 0.92) / Math.sqrt(6) },
    { rounds: 8, expected: 1.25, bound: (2.365 + 0.896) / Math.sqrt(8) },
    { rounds: 12, expected: 0.94, bound: (2.201 + 0.876) / Math.sqrt(12) },
    { rounds: 20, expected: 0.69, bound: (2.093 + 0.861) / Math.sqrt(20) },
  ])('at $rounds rounds is $expected deviations', ({ rounds, expected, bound }) => {
    const effect = detector.standardised(rounds) ?? 0;
    expect(Math.abs(effect / expected - 1)).toBeLessThan(0.03);
    expect(effect).toBeGreaterThan(bound);
  });

  test('hardly depends on the seed', () => {
    const effects = [1, 2, 3, 4].map((seed) => createDetector({ seed }).standardised(8) ?? 0);
    expect(Math.max(...effects) / Math.min(...effects)).toBeLessThan(1.05);
  });

  test('beyond the margin is the margin and the noise on top of each other', () => {
    const any = detector.anyDifference(8, 0.03) ?? 0;
    expect(detector.beyondMargin(8, 0.03, 0.1)).toBeCloseTo(1.1 * (1 + any) - 1, 12);
  });

  test('does not exist where the guard can never agree', () => {
    expect(detector.standardised(5)).toBeUndefined();
    expect(createDetector({ significance: 0.01 }).standardised(6)).toBeUndefined();
  });

  test('costs more rounds or more effect at a corrected significance', () => {
    const corrected = createDetector({ significance: 0.01 }).standardised(8) ?? 0;
    expect(corrected).toBeGreaterThan(detector.standardised(8) ?? Number.POSITIVE_INFINITY);
  });

  test('can be asked for without a detector, to plan a run', () => {
    const plan = { rounds: 8, deviation: 0.03, margin: 0.1 };
    expect(detectableChange(plan)).toBe(detector.beyondMargin(8, 0.03, 0.1));
    expect(detectableChange({ ...plan, power: 0.5 })).toBeLessThan(detectableChange(plan) ?? 0);
  });
});
