/** Compares every two arms of a run on every metric, round by round, and says in words what was found. */

import type { Detector } from '../core/detectable.ts';
import { createDetector } from '../core/detectable.ts';
import type { Arm, Point, RunComparison, RunResult } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import { formatChange } from '../core/units.ts';
import type { Comparison } from '../core/verdict.ts';
import { compareRounds, FEWEST_ROUNDS, notComparable } from '../core/verdict.ts';
import { isBeyondDeadline } from './beyond-deadline.ts';
import { countedTrials } from './derive.ts';
import type { Metric } from './metric.ts';
import { allMetrics, metricOf } from './metrics/registry.ts';
import { pairSearches } from './search-pairs.ts';

export function compareArms(run: RunResult): RunComparison[] {
  const detector = createDetector();
  return run.points.flatMap((point) =>
    pairsOf(run.arms).flatMap(([arm, against]) =>
      allMetrics.flatMap(([id, metric]) =>
        metric.aroundZero === true
          ? []
          : (compareMetric(run, point, arm, against, id, metric, detector) ?? []),
      ),
    ),
  );
}

/**
 * Each arm against every later one; a floor is only ever what others are held against. Arms that differ
 * in transport and in variant tell nothing about either, so these are left out; so are those that differ in
 * route and in anything else, or in server and in transport. Routes are held against the first one, which is
 * the direct one if it is there.
 */
export function pairsOf(arms: readonly Arm[]): (readonly [Arm, Arm])[] {
  const ordered = [...arms].sort((a, b) => Number(a.role === 'floor') - Number(b.role === 'floor'));
  return ordered.flatMap((arm, index) =>
    ordered
      .slice(index + 1)
      .filter((against) => against.variant === arm.variant || isSameProtocol(arm, against))
      .filter((against) => isTellingTarget(arm, against))
      .filter((against) => isTellingRoute(arm, against, arms[0]?.route))
      .map((against) => [arm, against] as const),
  );
}

function isTellingTarget(arm: Arm, against: Arm): boolean {
  return (
    against.role === 'floor' || arm.target === against.target || arm.transport === against.transport
  );
}

function isTellingRoute(arm: Arm, against: Arm, first: string | undefined): boolean {
  if (against.role === 'floor' || arm.route === against.route) return true;
  const isAlike =
    isSameProtocol(arm, against) &&
    arm.variant === against.variant &&
    arm.target === against.target;
  return isAlike && [arm.route, against.route].includes(first ?? '');
}

function isSameProtocol(a: Arm, b: Arm): boolean {
  return a.transport === b.transport && a.client === b.client;
}

function compareMetric(
  run: RunResult,
  point: Point,
  arm: Arm,
  against: Arm,
  id: string,
  metric: Metric,
  detector: Detector,
): RunComparison | undefined {
  const pairs = pairRounds(run, point, arm.name, against.name, id);
  const inNoise = pairs.filter(([a, b]) => a <= 0 || b <= 0).length;
  // A count that is zero in one arm has no ratio; the delivery table shows it.
  if (pairs.length === 0 || (inNoise > 0 && metric.isDifference !== true)) return undefined;
  const logRatios = pairs.map(([a, b]) => Math.log(a) - Math.log(b));
  const timed = metric.timed === true;
  const beyond = timed ? beyondDeadline(run, point, [arm, against], id) : 0;
  const obstacle =
    inNoise > 0
      ? `in ${inNoise} of ${pairs.length} rounds it is not above zero, which is noise; more --clients or a longer window show more of it`
      : beyond > 0
        ? `it lies beyond the deadline in ${beyond} trials, and nobody knows how far`
        : tooFewRounds(run, logRatios.length);
  const comparison =
    obstacle === undefined
      ? compareRounds(logRatios, {
          direction: metric.better,
          margin: run.options.margin,
          timerLimited:
            timed && [arm, against].some(({ name }) => isTimerLimited(run, point, name)),
          detector,
        })
      : notComparable(obstacle, logRatios.length);
  return {
    metric: id,
    arm: arm.name,
    against: against.name,
    point,
    ratio: comparison.ratio,
    low: comparison.low,
    high: comparison.high,
    rounds: comparison.rounds,
    detectable: comparison.detectable,
    verdict: comparison.verdict,
    headline: run.scenario.headline.includes(id),
    says: sentence(comparison, metric, arm, against, run.options.margin),
  };
}

/** Figures of the two arms in every round in which both count as evidence. */
export function pairRounds(
  run: RunResult,
  point: Point,
  arm: string,
  against: string,
  id: string,
): [number, number][] {
  if (run.searches !== undefined) return pairSearches(run.searches, point, arm, against, id);
  const others = new Map(
    countedTrials(run, against, point).map((trial) => [trial.round, trial.metrics[id]]),
  );
  return countedTrials(run, arm, point).flatMap((trial) => {
    const a = trial.metrics[id];
    const b = others.get(trial.round);
    return a === undefined || b === undefined ? [] : [[a, b] as [number, number]];
  });
}

function tooFewRounds({ options, state }: RunResult, rounds: number): string | undefined {
  const lost = rounds < FEWEST_ROUNDS && options.rounds >= FEWEST_ROUNDS && state === 'finished';
  return lost ? `only ${rounds} of ${options.rounds} rounds were valid` : undefined;
}

/** Trials whose figure is that of what never came: the deadline itself, which it is known to exceed. */
export function beyondDeadline(
  run: RunResult,
  point: Point,
  arms: readonly Arm[],
  id: string,
): number {
  const trials = arms.flatMap(({ name }) => countedTrials(run, name, point));
  return trials.filter((trial) => isBeyondDeadline(trial, id)).length;
}

/** Whether the timer was a visible part of the latency in most trials of the arm. */
export function isTimerLimited(run: RunResult, point: Point, arm: string): boolean {
  const trials = countedTrials(run, arm, point);
  const limited = trials.filter(({ validity }) =>
    validity.checks.some(({ id, ok }) => id === 'timer' && ok !== 'pass'),
  );
  return limited.length * 2 > trials.length;
}

function sentence(
  { verdict, ratio, low, high, low90, high90, rounds, detectable, reason }: Comparison,
  metric: Metric,
  arm: Arm,
  against: Arm,
  margin: number,
): string {
  const subject = `${arm.title}’s ${metric.title}`;
  if (ratio === undefined) return `${subject} against ${against.title}: not comparable, ${reason}.`;
  const size = `${Math.abs((ratio - 1) * 100).toFixed(Math.abs(ratio - 1) < 0.0995 ? 1 : 0)} %`;
  const direction = ratio >= 1 ? 'higher' : 'lower';
  const difference =
    ratio === 1
      ? `${subject} equals ${against.title}’s`
      : `${subject} is ${size} ${direction} than ${against.title}’s`;
  const interval = (from: number | undefined, to: number | undefined): string =>
    from === undefined || to === undefined ? '' : `${formatChange(from)} … ${formatChange(to)}`;
  const evidence = `95 % interval ${interval(low, high)}, ${rounds} rounds`;
  const smallest =
    detectable === undefined
      ? ''
      : ` The smallest change this run could see is ${formatChange(1 + detectable).replace('+', '')}.`;
  const marginText = `${Math.round(margin * 100)} %`;
  // The interval alone would claim more than the verdict does; the other test is why it does not.
  const excludesOne = low !== undefined && high !== undefined && (low > 1 || high < 1);
  const disagreement = excludesOne ? `, because ${reason}` : '';
  switch (verdict) {
    case 'better':
    case 'worse':
      return `${difference} (${evidence}): ${verdict}, beyond the ${marginText} margin.`;
    case 'small-but-real':
      return isInside(low, high, margin)
        ? `${difference} (${evidence}): small but real, inside the ${marginText} margin.`
        : `${difference} (${evidence}): real, but not surely beyond the ${marginText} margin.`;
    case 'same':
      return `${subject} and ${against.title}’s: no practically relevant difference; the 90 % interval ${interval(low90, high90)} lies inside ±${marginText} (${rounds} rounds).`;
    case 'not-comparable':
      return `${subject} against ${against.title}: not comparable, ${reason}.`;
    case 'unclear':
      return low === undefined || rounds < FEWEST_ROUNDS
        ? `${difference} in ${rounds} ${rounds === 1 ? 'round' : 'rounds'}: unclear (${reason}).`
        : `${difference} (${evidence}): unclear at the ${marginText} margin${disagreement}.${smallest}`;
  }
}

function isInside(low: number | undefined, high: number | undefined, margin: number): boolean {
  return low !== undefined && high !== undefined && high <= 1 + margin && low >= 1 / (1 + margin);
}

/** The comparisons a reader wants first: headline metrics between candidates, at each point. */
export function headlineComparisons(run: RunResult): RunComparison[] {
  const floors = new Set(run.arms.filter(({ role }) => role === 'floor').map(({ name }) => name));
  const rank = (id: string): number => run.scenario.headline.indexOf(id);
  return (
    run.comparisons
      .filter(({ headline, against, arm }) => headline && !floors.has(against) && !floors.has(arm))
      // Files of before compare them all the same.
      .filter(({ metric }) => metricOf(metric)?.aroundZero !== true)
      .sort(
        (a, b) =>
          pointName(a.point).localeCompare(pointName(b.point)) || rank(a.metric) - rank(b.metric),
      )
  );
}
