/**
 * What may be said about one metric of two runs: their trials stand side by side and not in pairs,
 * since no round of one shared its minute with a round of the other. The words and the rule are those
 * of verdict; the tests behind them are Welch's t and the rank-sum test. Validity is not judged here.
 */
import { standardDeviation } from './stats.ts';
import type { UnpairedDetector } from './unpaired-detectable.ts';
import { createUnpairedDetector } from './unpaired-detectable.ts';
import { rankSum, welchInterval, welchTest } from './unpaired-stats.ts';
import type { CompareOptions, Comparison } from './verdict.ts';
import { judgeEvidence } from './verdict.ts';

/** As a comparison of rounds, but for what it counts. Ratios are of geometric means, arm / against. */
export interface TrialComparison extends Omit<Comparison, 'rounds'> {
  /** Trials of the arm, and of what it is held against. */
  readonly trials: number;
  readonly trialsAgainst: number;
}

export interface CompareTrialsOptions
  extends Pick<CompareOptions, 'direction' | 'margin' | 'timerLimited'> {
  /** Shared between the comparisons of a report, it is simulated once per design. */
  readonly detector?: UnpairedDetector;
}

const SIGNIFICANCE = 0.05;
/** As many as the paired rule asks for: fewer say more about those trials than about the build. */
export const FEWEST_TRIALS = 6;
/** Closer to 0 than this, a log-ratio is rounding, not a finding. */
const ROUNDING = 1e-9;

/**
 * Compares the logarithms of the figures of two sets of trials. The picture above `compareRounds` is
 * the rule here as well.
 * @throws RangeError on a value that is not finite, e.g. the logarithm of a metric that was 0
 */
export function compareTrials(
  logs: readonly number[],
  against: readonly number[],
  options: CompareTrialsOptions,
): TrialComparison {
  const { direction, margin, timerLimited = false } = options;
  if (!(margin > 0 && Number.isFinite(margin))) {
    throw new RangeError(`margin must be above 0, got ${margin}`);
  }
  const odd = [...logs, ...against].find((value) => !Number.isFinite(value));
  if (odd !== undefined) throw new RangeError(`logarithms must be finite, got ${odd}`);

  const counts = { trials: logs.length, trialsAgainst: against.length };
  const [a, b] = [rounded(logs), rounded(against)];
  const interval95 = welchInterval(a, b, 1 - SIGNIFICANCE);
  const interval90 = welchInterval(a, b, 1 - 2 * SIGNIFICANCE);
  const single = a[0] === undefined || b[0] === undefined ? undefined : a[0] - b[0];
  const center = interval95?.mean ?? (a.length === 1 && b.length === 1 ? single : undefined);
  const measured = {
    ratio: exp(center),
    low: exp(interval95?.low),
    high: exp(interval95?.high),
    low90: exp(interval90?.low),
    high90: exp(interval90?.high),
    ...counts,
  };
  const fewest = Math.min(a.length, b.length);
  if (fewest < FEWEST_TRIALS || center === undefined || !interval95 || !interval90) {
    const reason = `needs ${FEWEST_TRIALS} trials of each run, has ${logs.length} and ${against.length}`;
    return { ...measured, ...NOTHING_TESTED, verdict: 'unclear', reason };
  }

  const edge = Math.log1p(margin);
  const p = rankSum(a, b);
  const pBeyond = beyondProbability(a, b, center, edge);
  const detector = options.detector ?? createUnpairedDetector();
  const sides = [a, b].map((values) => ({
    count: values.length,
    deviation: standardDeviation(values) ?? 0,
  }));
  const [side = NO_SIDE, sideAgainst = NO_SIDE] = sides;
  const tested = {
    ...measured,
    p,
    pBeyond,
    detectable: detector.anyDifference(side, sideAgainst),
    detectableBeyond: detector.beyondMargin(side, sideAgainst, margin),
  };

  const guarded =
    rankSum(a, b, { center: -edge, alternative: 'greater' }) < SIGNIFICANCE &&
    rankSum(a, b, { center: edge, alternative: 'less' }) < SIGNIFICANCE;
  const evidence = { center, interval95, interval90, p, pBeyond, guarded, guard: 'rank-sum' };
  return { ...tested, ...judgeEvidence(evidence, { direction, margin, timerLimited }) };
}

/** The very same trials on both sides: nothing was drawn twice, so there is nothing to be unsure of. */
export function sameTrials(trials: number): TrialComparison {
  return {
    ratio: 1,
    low: 1,
    high: 1,
    low90: 1,
    high90: 1,
    trials,
    trialsAgainst: trials,
    ...NOTHING_TESTED,
    verdict: 'same',
    reason: 'both are the very same trials',
  };
}

/** Two runs that must not be compared on this metric, with the reason why. */
export function trialsNotComparable(
  reason: string,
  trials: number,
  trialsAgainst: number,
): TrialComparison {
  return {
    ratio: undefined,
    low: undefined,
    high: undefined,
    low90: undefined,
    high90: undefined,
    trials,
    trialsAgainst,
    ...NOTHING_TESTED,
    verdict: 'not-comparable',
    reason,
  };
}

const NO_SIDE = { count: 0, deviation: 0 };

const NOTHING_TESTED = {
  p: undefined,
  pBeyond: undefined,
  detectable: undefined,
  detectableBeyond: undefined,
};

/** On a grid finer than any measurement, so that equal figures summed in another order tie. */
function rounded(values: readonly number[]): number[] {
  return values.map((value) => Math.round(value / ROUNDING) * ROUNDING);
}

/** As for rounds: twice the one-sided p, on the side where the means lie, against the margin there. */
function beyondProbability(
  a: readonly number[],
  b: readonly number[],
  center: number,
  edge: number,
): number {
  const test =
    center > 0
      ? ({ center: edge, alternative: 'greater' } as const)
      : ({ center: -edge, alternative: 'less' } as const);
  return Math.min(1, 2 * Math.max(welchTest(a, b, test) ?? 1, rankSum(a, b, test)));
}

function exp(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.exp(value);
}
