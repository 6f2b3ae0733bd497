/** What a comparison of an arm with itself may say, and what it may not: whatever is found there is noise. Pure. */
import jstat from 'jstat';
import type { Arm, RunComparison, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { headlineComparisons } from '../../reports/compare-arms.ts';

const { jStat } = jstat;

export interface AaVerdict {
  readonly comparison: RunComparison;
  /** Why an arm may not be told apart from itself like this; undefined where it may. */
  readonly fault: string | undefined;
  /** Told apart at 5 %, which chance does in one comparison of twenty: a few are no fault, many are. */
  readonly found: boolean;
}

/** Level of a difference that is not claimed to be beyond the margin: core/verdict.ts. */
const SIGNIFICANCE = 0.05;
/** How rarely as many may be found by chance before it is no chance. */
const RARELY = 0.01;

/** The most of so many comparisons in which chance alone finds a difference, but for one time in a hundred. */
export function mostByChance(comparisons: number): number {
  let found = 0;
  while (1 - jStat.binomial.cdf(found, comparisons, SIGNIFICANCE) > RARELY) found += 1;
  return found;
}

/** Headline comparisons of every two arms that are the same in all but their name. */
export function verdictsOf(run: RunResult): AaVerdict[] {
  const arms = new Map(run.arms.map((arm) => [arm.name, arm]));
  return headlineComparisons(run).flatMap((comparison) => {
    const [a, b] = [arms.get(comparison.arm), arms.get(comparison.against)];
    if (a === undefined || b === undefined || !isSame(a, b)) return [];
    const found = comparison.verdict === 'small-but-real';
    return [{ comparison, fault: faultOf(comparison), found }];
  });
}

/** Points of a sweep at which nothing was compared, which is no answer either. */
export function unanswered(run: RunResult, verdicts: readonly AaVerdict[]): string[] {
  const answered = new Set(verdicts.map(({ comparison }) => pointName(comparison.point)));
  return run.points.map(pointName).filter((name) => !answered.has(name));
}

function isSame(a: Arm, b: Arm): boolean {
  return (['transport', 'client', 'target', 'route', 'variant'] as const).every(
    (what) => a[what] === b[what],
  );
}

function faultOf({ verdict }: RunComparison): string | undefined {
  switch (verdict) {
    case 'same':
    case 'unclear':
    case 'small-but-real':
      return undefined;
    case 'better':
    case 'worse':
      return 'a difference beyond the margin was claimed where there is none';
    case 'not-comparable':
      return 'there is no answer';
  }
}
