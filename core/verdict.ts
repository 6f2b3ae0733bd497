/**
 * What may be said about two arms after some rounds: the ratio, how sure it is, and one word for
 * it. Validity is not judged here; rounds that do not count were left out before.
 */

import type { Detector } from './detectable.ts';
import { createDetector } from './detectable.ts';
import type { MeanInterval } from './stats.ts';
import { standardDeviation, tInterval, tTest, wilcoxonSignedRank } from './stats.ts';

/** Which way a metric improves. */
export type Direction = 'lower' | 'higher';

export type Verdict = 'better' | 'worse' | 'same' | 'small-but-real' | 'unclear' | 'not-comparable';

/** Ratios are arm / against: 1.04 means 4 % more. `undefined` is "too few rounds to say". */
export interface Comparison {
  /** Geometric mean of the per-round ratios, with its 95 % interval. */
  ratio: number | undefined;
  low: number | undefined;
  high: number | undefined;
  /** The 90 % interval, which is what `same` is judged by. */
  low90: number | undefined;
  high90: number | undefined;
  rounds: number;
  /** Exact two-sided signed-rank p that the ratio is 1. */
  p: number | undefined;
  /**
   * Two-sided p that the ratio is no further from 1 than the margin: the larger one of the t test
   * and the signed-rank test, since the rule needs both. Below 0.05 it is `better` or `worse`. This
   * is the p for a gate to correct with `holm`.
   */
  pBeyond: number | undefined;
  /**
   * Smallest relative change found with 80 % power by *any* verdict that names a difference; 0.11
   * is 11 %. This completes "unclear: the smallest change this run could see is …", because
   * `unclear` means that no difference was found, not that none beyond the margin was. Quoting
   * `detectableBeyond` there would deny changes that this run does report, as `small-but-real`.
   */
  detectable: number | undefined;
  /** Smallest relative change called `worse` with 80 % power: what a gate at this margin catches. */
  detectableBeyond: number | undefined;
  verdict: Verdict;
  /** One plain clause, without a full stop: what decided, or what is missing. */
  reason: string;
}

export interface CompareOptions {
  direction: Direction;
  /** Smallest relative change that matters, e.g. 0.1. */
  margin: number;
  /** The schedule ran so late that it pulls every ratio towards 1: never `same`. */
  timerLimited?: boolean;
  /** 6 or more; the signed-rank test cannot be significant below. A corrected gate needs 8. */
  minimumRounds?: number;
  /** For the simulation behind `detectable`. */
  seed?: number;
  /** Shared between the comparisons of a report, it is simulated once per round count. */
  detector?: Detector;
}

const SIGNIFICANCE = 0.05;
/** An exact signed-rank test of fewer has no 5 % level. */
export const FEWEST_ROUNDS = 6;
/** Closer to 0 than this, a log-ratio is rounding (10/3 summed in another order), not a finding. */
const ROUNDING = 1e-9;

/**
 * Compares two arms from one log-ratio per round: `Math.log(arm) - Math.log(against)`, which,
 * unlike the log of the quotient, negates exactly when the arms are swapped.
 *
 * The picture is the rule, and a test reads it: [ ] is the 95 % interval of the ratio, ( ) the 90 %
 * one, m the margin, the axis logarithmic, lower is better. For `higher` better and worse trade
 * places.
 *
 *                                   1/(1+m)          1            1+m
 * better             [(-----------)]   |             |             |
 * small-but-real              [-(------|------)-]    |             |
 * small-but-real                       | [(-------)] |             |
 * same                                 |       [(----|------)]     |
 * same                                 | [--(--------|------------)|-]
 * unclear                              |         [--(|-------------|----)--]
 * unclear                   [----(-----|-------------|-------------|-----)----]
 * small-but-real                       |             | [(-------)] |
 * small-but-real                       |             |    [-(------|----------)-]
 * worse                                |             |             |   [(-----------)]
 *
 * From the top: `better` and `worse` have the whole 95 % interval beyond the margin;
 * `small-but-real` has it clear of 1; `same` has the 90 % interval inside the margin on both sides
 * (two one-sided tests at 5 %); all else is `unclear`. An interval that is clear of 1 and inside
 * the margin could be called either; it is `small-but-real`, because "same" would hide what is
 * known, while the margin in the reason says that it hardly matters.
 *
 * Student's t trusts the rounds to be roughly normal, so every step needs an exact signed-rank test
 * that does not: about the margin for `better` and `worse`, about 1 for `small-but-real`, one-sided
 * about either margin for `same`. Where the two disagree the next step is tried.
 *
 * Rounds that are all equal (byte counts) give an interval of no width, and the same rule holds:
 * exactly 1 is `same`, 1.2 in every round is beyond 10 %.
 *
 * Throws RangeError on a log-ratio that is not finite, e.g. of a metric that was 0; such a metric
 * has no ratio, and whether it can be compared is for the caller to say.
 * https://en.wikipedia.org/wiki/Equivalence_test
 */
export function compareRounds(logRatios: readonly number[], options: CompareOptions): Comparison {
  const { direction, margin, timerLimited = false, minimumRounds = FEWEST_ROUNDS } = options;
  if (!(margin > 0 && Number.isFinite(margin))) {
    throw new RangeError(`margin must be above 0, got ${margin}`);
  }
  if (!(minimumRounds >= FEWEST_ROUNDS)) {
    throw new RangeError(`minimumRounds must be ${FEWEST_ROUNDS} or more, got ${minimumRounds}`);
  }
  const odd = logRatios.find((value) => !Number.isFinite(value));
  if (odd !== undefined) throw new RangeError(`log-ratios must be finite, got ${odd}`);

  const values = logRatios.map((value) => (Math.abs(value) < ROUNDING ? 0 : value));
  const rounds = values.length;
  const interval95 = tInterval(values, 1 - SIGNIFICANCE);
  const interval90 = tInterval(values, 1 - 2 * SIGNIFICANCE);
  const center = interval95?.mean ?? values[0];
  const measured = {
    ratio: exp(center),
    low: exp(interval95?.low),
    high: exp(interval95?.high),
    low90: exp(interval90?.low),
    high90: exp(interval90?.high),
    rounds,
  };
  if (rounds < minimumRounds || center === undefined || !interval95 || !interval90) {
    const reason = `needs ${minimumRounds} rounds, has ${rounds}`;
    return { ...measured, ...NOTHING_TESTED, verdict: 'unclear', reason };
  }

  const edge = Math.log1p(margin);
  const p = wilcoxonSignedRank(values);
  const pBeyond = beyondProbability(values, center, edge);
  const detector = options.detector ?? createDetector({ seed: options.seed ?? 1 });
  const deviation = standardDeviation(values) ?? 0;
  const tested = {
    ...measured,
    p,
    pBeyond,
    detectable: detector.anyDifference(rounds, deviation),
    detectableBeyond: detector.beyondMargin(rounds, deviation, margin),
  };

  const guarded =
    wilcoxonSignedRank(values, { center: -edge, alternative: 'greater' }) < SIGNIFICANCE &&
    wilcoxonSignedRank(values, { center: edge, alternative: 'less' }) < SIGNIFICANCE;
  const evidence = { center, interval95, interval90, p, pBeyond, guarded, guard: 'signed-rank' };
  return { ...tested, ...judgeEvidence(evidence, { direction, margin, timerLimited }) };
}

/** What two arms look like, from rounds or from trials that are no pairs. Ratios are logarithms. */
export interface Evidence {
  readonly center: number;
  readonly interval95: Pick<MeanInterval, 'low' | 'high'>;
  readonly interval90: Pick<MeanInterval, 'low' | 'high'>;
  /** Of the guard that the ratio is 1, and of both tests that it is beyond the margin. */
  readonly p: number;
  readonly pBeyond: number;
  /** Whether the guard shows it to be inside the margin on both sides. */
  readonly guarded: boolean;
  /** Name of the test that guards the interval. */
  readonly guard: string;
}

/** The rule of the picture above `compareRounds`. */
export function judgeEvidence(
  { center, interval95, interval90, p, pBeyond, guarded, guard }: Evidence,
  {
    direction,
    margin,
    timerLimited,
  }: Required<Pick<CompareOptions, 'direction' | 'margin' | 'timerLimited'>>,
): Pick<Comparison, 'verdict' | 'reason'> {
  const edge = Math.log1p(margin);
  const percent = `${Number((margin * 100).toPrecision(3))} %`;
  if (pBeyond < SIGNIFICANCE) {
    const verdict = center > 0 === (direction === 'lower') ? 'worse' : 'better';
    return { verdict, reason: `the 95 % interval lies beyond the ${percent} margin` };
  }
  const inside = interval90.low > -edge && interval90.high < edge;
  const clearOfOne = interval95.low > 0 || interval95.high < 0;
  if (clearOfOne && p < SIGNIFICANCE) {
    const reason = inside
      ? `the 95 % interval excludes 1, inside the ${percent} margin`
      : `the 95 % interval excludes 1, but not the ${percent} margin`;
    return { verdict: 'small-but-real', reason };
  }
  if (inside && guarded && !timerLimited) {
    return { verdict: 'same', reason: `the 90 % interval lies inside the ${percent} margin` };
  }
  const reason =
    inside && guarded
      ? 'timer-limited: a late schedule pulls the ratio towards 1, so it cannot show "same"'
      : inside || clearOfOne
        ? `the interval and the ${guard} test disagree`
        : `the interval holds 1 and reaches past the ${percent} margin`;
  return { verdict: 'unclear', reason };
}

/** Two arms that must not be compared (an invalid trial, another machine), with the reason why. */
export function notComparable(reason: string, rounds = 0): Comparison {
  return { ...NOTHING_MEASURED, ...NOTHING_TESTED, rounds, verdict: 'not-comparable', reason };
}

const NOTHING_MEASURED = {
  ratio: undefined,
  low: undefined,
  high: undefined,
  low90: undefined,
  high90: undefined,
};

const NOTHING_TESTED = {
  p: undefined,
  pBeyond: undefined,
  detectable: undefined,
  detectableBeyond: undefined,
};

/**
 * Twice the one-sided p, on the side where the mean lies, against the margin on that side. Doubling
 * one side instead of asking the two-sided test matters: that one is also significant for rounds
 * well *inside* the margin.
 */
function beyondProbability(values: readonly number[], center: number, edge: number): number {
  const test =
    center > 0
      ? ({ center: edge, alternative: 'greater' } as const)
      : ({ center: -edge, alternative: 'less' } as const);
  return Math.min(1, 2 * Math.max(tTest(values, test) ?? 1, wilcoxonSignedRank(values, test)));
}

function exp(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.exp(value);
}
