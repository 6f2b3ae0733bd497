/** What a comparison of an arm with itself may say, and what it may not: whatever is found there is noise. Pure. */
import type { Arm, RunComparison, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { headlineComparisons } from '../../reports/compare-arms.ts';

export interface AaVerdict {
  readonly comparison: RunComparison;
  /** Why an arm may not be told apart from itself like this; undefined where all is well. */
  readonly fault: string | undefined;
}

/** Headline comparisons of every two arms that are the same in all but their name. */
export function verdictsOf(run: RunResult): AaVerdict[] {
  const arms = new Map(run.arms.map((arm) => [arm.name, arm]));
  return headlineComparisons(run).flatMap((comparison) => {
    const [a, b] = [arms.get(comparison.arm), arms.get(comparison.against)];
    if (a === undefined || b === undefined || !isSame(a, b)) return [];
    return [{ comparison, fault: faultOf(comparison, run.options.margin) }];
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

function faultOf({ verdict, ratio }: RunComparison, margin: number): string | undefined {
  switch (verdict) {
    case 'same':
    case 'unclear':
      return undefined;
    case 'small-but-real': {
      const isInside = ratio !== undefined && Math.abs(Math.log(ratio)) <= Math.log(1 + margin);
      return isInside ? undefined : 'a difference beyond the margin was found where there is none';
    }
    case 'better':
    case 'worse':
      return 'a difference was found where there is none';
    case 'not-comparable':
      return 'there is no answer';
  }
}
