/** The steps of searches with the trials behind them: what a curve of latency against load is drawn from. */
import type { SearchRecord, SearchStep } from '../core/records/search.ts';
import type { Point, RunResult, Trial } from '../core/result.ts';
import { pointName } from '../core/result.ts';

export interface StepTrial {
  readonly search: SearchRecord;
  readonly step: SearchStep;
  readonly trial: Trial;
}

/** Searches of an arm at a point of the run. */
export function searchesOf(run: RunResult, arm: string, point: Point): SearchRecord[] {
  return (run.searches ?? []).filter(
    (one) => one.arm === arm && pointName(one.point) === pointName(point),
  );
}

/** In the order in which they were taken; a step that was run again has its last try. */
export function stepTrials(run: RunResult, search: SearchRecord): StepTrial[] {
  return search.steps.flatMap((step) => {
    const name = pointName({ ...search.point, [search.searched]: step.load });
    const trial = run.trials.find(
      (one) =>
        one.arm === search.arm &&
        one.round === search.round &&
        one.order === step.order &&
        one.attempt === step.attempt &&
        pointName(one.point) === name,
    );
    return trial === undefined ? [] : [{ search, step, trial }];
  });
}
