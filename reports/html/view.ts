/** What a section is about: a run, one point of it, and how its arms look. */
import type { Point, RunComparison, RunResult, Trial } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { countedTrials } from '../derive.ts';
import { metricOf } from '../metrics/registry.ts';
import type { ArmLook } from './arm-look.ts';

export interface View {
  readonly run: RunResult;
  readonly looks: readonly ArmLook[];
  readonly point: Point;
  /** Makes ids unique where a page has the same section for several points; '' for the only one. */
  readonly suffix: string;
}

export function countedOf({ run, point }: View, { arm }: ArmLook): Trial[] {
  return countedTrials(run, arm.name, point);
}

/** All trials of the point, those left out included, in the order in which they ran. */
export function trialsOf({ run, point }: View): Trial[] {
  return run.trials.filter((trial) => pointName(trial.point) === pointName(point));
}

export function comparisonsOf({ run, point }: View): RunComparison[] {
  return run.comparisons.filter((one) => pointName(one.point) === pointName(point));
}

export interface Pair {
  readonly arm: ArmLook;
  readonly against: ArmLook;
  readonly comparisons: readonly RunComparison[];
}

/** The pairs that were compared at the point, those of candidates first. */
export function pairsOf(view: View): Pair[] {
  const here = comparisonsOf(view);
  const pairs = view.looks.flatMap((arm) =>
    view.looks.map((against) => ({
      arm,
      against,
      comparisons: here.filter(
        (one) => one.arm === arm.arm.name && one.against === against.arm.name,
      ),
    })),
  );
  return pairs
    .filter(({ comparisons }) => comparisons.length > 0)
    .sort((a, b) => Number(isFloorPair(a)) - Number(isFloorPair(b)));
}

export function isFloorPair({ arm, against }: Pair): boolean {
  return arm.arm.role === 'floor' || against.arm.role === 'floor';
}

/** 'latency p50 ↓': the arrow points to where better is. */
export function titleWithDirection(id: string): string {
  const metric = metricOf(id);
  return metric === undefined ? id : `${metric.title} ${metric.better === 'lower' ? '↓' : '↑'}`;
}
