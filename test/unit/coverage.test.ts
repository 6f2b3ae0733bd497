/**
 * Does the rule keep its promises? Thousands of made-up comparisons whose truth is known, and rounds
 * resampled from recorded A/A trials, go through `compareRounds`; the intervals must hold the truth
 * as often as they say, and equal arms must hardly ever be told apart.
 */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createDetector } from '../../core/detectable.ts';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import { mean } from '../../core/stats.ts';
import { compareRounds } from '../../core/verdict.ts';

const SIMULATIONS = 3000;
const ROUNDS = [6, 8, 12] as const;
const detector = createDetector();

/** Both arms' values of one metric, one pair per round. */
type Pair = readonly [arm: number, against: number];

interface Source {
  name: string;
  /** The rounds of one comparison whose true ratio of arm to against is `ratio`. */
  draw(random: Random, rounds: number, ratio: number): Pair[];
}

/** Latency as it is: a floor that never varies, and a log-normal excess with a long right tail. */
const tailed = (random: Random) => 1 + 0.3 * Math.exp(0.8 * random.normal());

const sources: Source[] = [
  {
    name: 'normal noise on the log scale',
    draw: (random, rounds, ratio) =>
      Array.from({ length: rounds }, () => [
        ratio * Math.exp(0.05 * random.normal()),
        Math.exp(0.05 * random.normal()),
      ]),
  },
  {
    name: 'trials with a log-normal tail',
    draw: (random, rounds, ratio) =>
      Array.from({ length: rounds }, () => [ratio * tailed(random), tailed(random)]),
  },
  {
    // The machine gets 40 % slower over the run and each round has a mood of its own; both arms
    // share it, except for the half round between them, which falls on alternating arms.
    name: 'rounds that drift',
    draw: (random, rounds, ratio) =>
      Array.from({ length: rounds }, (_, round) => {
        const mood = 0.2 * random.normal();
        const slowness = (position: number) => (0.4 * (round + position)) / rounds + mood;
        const [first, second] = round % 2 === 0 ? [0, 0.5] : [0.5, 0];
        return [
          ratio * Math.exp(slowness(first) + 0.05 * random.normal()),
          Math.exp(slowness(second) + 0.05 * random.normal()),
        ];
      }),
  },
];

interface Tally {
  /** Share of 95 % intervals that hold the truth. */
  coverage: number;
  /** Share of verdicts that name any difference, and of those that put it beyond the margin. */
  flagged: number;
  beyond: number;
}

function tally(draw: (random: Random) => readonly Pair[], truth: number, seed: number): Tally {
  const random = createRandom(seed);
  let [held, flagged, beyond] = [0, 0, 0];
  for (let i = 0; i < SIMULATIONS; i += 1) {
    const logRatios = draw(random).map(([arm, against]) => Math.log(arm) - Math.log(against));
    const result = compareRounds(logRatios, { direction: 'lower', margin: 0.1, detector });
    const { low = Number.NaN, high = Number.NaN, verdict } = result;
    if (low <= truth && truth <= high) held += 1;
    if (verdict === 'better' || verdict === 'worse') beyond += 1;
    if (verdict === 'better' || verdict === 'worse' || verdict === 'small-but-real') flagged += 1;
  }
  return {
    coverage: held / SIMULATIONS,
    flagged: flagged / SIMULATIONS,
    beyond: beyond / SIMULATIONS,
  };
}

const cases = sources.flatMap((source) =>
  ROUNDS.map((rounds) => ({ source, name: source.name, rounds })),
);

describe('simulated comparisons', () => {
  test.each(cases)('$rounds rounds, $name: 95 % intervals hold the truth', ({ source, rounds }) => {
    const { coverage } = tally((random) => source.draw(random, rounds, 1.07), 1.07, rounds);
    expect(coverage).toBeGreaterThanOrEqual(0.93);
    expect(coverage).toBeLessThanOrEqual(0.97);
  });

  test.each(cases)('$rounds rounds, $name: equal arms are not told apart', ({ source, rounds }) => {
    const { flagged, beyond } = tally((random) => source.draw(random, rounds, 1), 1, 100 + rounds);
    expect(flagged).toBeLessThan(0.05);
    expect(beyond).toBeLessThan(0.005);
  });

  // What pairing cannot cancel: a tail in one arm leaves the log-ratios skewed, and t intervals of
  // few skewed values fall short. The figure is pinned so that nobody claims 95 % for it.
  test.each(ROUNDS)('%d rounds with a tail in one arm only hold it less often', (rounds) => {
    const random = createRandom(9);
    const truth = mean(Array.from({ length: 200_000 }, () => Math.log(tailed(random)))) ?? 0;
    const draw = (source: Random) =>
      Array.from(
        { length: rounds },
        (): Pair => [tailed(source), Math.exp(0.05 * source.normal())],
      );
    const { coverage } = tally(draw, Math.exp(truth), 200 + rounds);
    expect(coverage).toBeGreaterThanOrEqual(0.86);
    expect(coverage).toBeLessThanOrEqual(0.95);
  });
});

const FIXTURE = new URL('../fixtures/aa-rounds.json', import.meta.url);

/** The same build in both arms, one value per arm and round; zeros have no ratio, so none here. */
const RecordedSchema = z.array(
  z.object({
    metric: z.string(),
    values: z
      .object({ a: z.array(z.number().positive()).min(6), b: z.array(z.number().positive()) })
      .refine(({ a, b }) => a.length === b.length, 'a and b are pairs, one per round'),
  }),
);

const recorded = existsSync(FIXTURE)
  ? RecordedSchema.parse(JSON.parse(readFileSync(FIXTURE, 'utf8'))).map(({ metric, values }) => ({
      metric,
      pairs: values.a.map((a, round): Pair => [a, values.b[round] ?? Number.NaN]),
    }))
  : [];

/**
 * Rounds drawn with replacement from the recorded ones. A round stays a pair, so what its arms
 * shared stays shared; which of the two is called the arm is tossed anew. Both are the same build
 * and took turns at going first, so the record with the names swapped was just as likely, and the
 * true ratio is 1 by construction. Subtracting the pool's own mean would make 1 the truth as well,
 * but would leave a dozen rounds with their accidental skew: coverage then comes out between 78 and
 * 97 % for a perfect rule, while with the toss it stays above 93 % for any pool, spikes included.
 */
function resample(pairs: readonly Pair[], rounds: number, random: Random): Pair[] {
  return Array.from({ length: rounds }, (): Pair => {
    const [a, b] = pairs[random.int(pairs.length)] ?? [Number.NaN, Number.NaN];
    return random.int(2) === 0 ? [a, b] : [b, a];
  });
}

describe('rounds of recorded A/A trials', () => {
  test('are there', ({ skip }) => {
    skip(recorded.length === 0, 'test/fixtures/aa-rounds.json holds no recorded rounds yet');
    expect(recorded.length).toBeGreaterThan(0);
  });

  const draws = recorded.flatMap((entry) => ROUNDS.map((rounds) => ({ ...entry, rounds })));

  // Two standard errors of 3,000 draws, 0.9 points, are allowed for. No upper limit: heavy tails
  // and constant metrics make the interval hold the truth more often than it promises.
  test.each(draws)('$metric, $rounds resampled: the rule keeps its promises', (draw) => {
    const { coverage, flagged } = tally(
      (random) => resample(draw.pairs, draw.rounds, random),
      1,
      300 + draw.rounds,
    );
    expect(coverage).toBeGreaterThanOrEqual(0.921);
    expect(flagged).toBeLessThan(0.059);
  });

  // The toss hides a bias towards one arm, so the record itself is asked as well. One metric in
  // twenty may look different by chance; none may look different by more than the margin.
  test.each(recorded)('$metric as recorded is not told apart beyond 10 %', ({ pairs }) => {
    const logRatios = pairs.map(([a, b]) => Math.log(a) - Math.log(b));
    const { verdict } = compareRounds(logRatios, { direction: 'lower', margin: 0.1, detector });
    expect(verdict).not.toMatch(/^(better|worse)$/);
  });
});
