/** The figures of a run, one for each metric of each arm at each point, as every table of ours shows them. */
import type { Arm, Point, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { countedTrials, figureOf } from '../derive.ts';
import type { Metric } from '../metric.ts';
import type { MetricId } from '../metrics/registry.ts';
import { allMetrics } from '../metrics/registry.ts';

export interface ArmFigure {
  readonly arm: Arm;
  readonly point: Point;
  readonly value: number;
}

export interface MetricFigures {
  readonly id: MetricId;
  readonly metric: Metric;
  readonly figures: readonly ArmFigure[];
}

/** Those that were measured: what is not there was not, or there was too little of it for a figure. */
export function figuresOf(run: RunResult): MetricFigures[] {
  const groups = run.points.flatMap((point) =>
    run.arms.map((arm) => ({ arm, point, trials: countedTrials(run, arm.name, point) })),
  );
  return allMetrics.flatMap(([id, metric]) => {
    const figures = groups.flatMap(({ arm, point, trials }): ArmFigure[] => {
      const figure = figureOf(metric, id, trials);
      return figure.kind === 'value' && Number.isFinite(figure.value)
        ? [{ arm, point, value: figure.value }]
        : [];
    });
    return figures.length === 0 ? [] : [{ id, metric, figures }];
  });
}

/** What tells one series of a run from another, in every system that takes labels. */
export function labelsOf(run: RunResult, arm: Arm, point: Point): Record<string, string> {
  const at = pointName(point);
  return {
    scenario: run.scenario.name,
    run: run.id,
    arm: arm.name,
    transport: arm.transport,
    target: arm.target,
    ...(at === '' ? {} : { point: at }),
  };
}
