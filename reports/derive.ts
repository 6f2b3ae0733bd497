/** Figures from trials: of one trial, and of all valid trials of an arm together. */

import { median } from '../core/median.ts';
import type { Point, RunResult, Trial } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import { eventsOf } from './flow.ts';
import type { Metric } from './metric.ts';
import { allMetrics } from './metrics/registry.ts';

/** All metrics of one trial that could be measured. */
export function deriveMetrics(trial: Trial): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const [id, metric] of allMetrics) {
    const value = metric.derive(trial);
    if (value !== undefined && Number.isFinite(value)) figures[id] = value;
  }
  return figures;
}

/** Trials of an arm at a point that count as evidence. */
export function countedTrials(run: RunResult, arm: string, point: Point): Trial[] {
  return run.trials.filter(
    (trial) =>
      trial.arm === arm &&
      trial.outcome === 'completed' &&
      trial.excluded === undefined &&
      // In a run that was interrupted, the last round has not been looked over yet.
      trial.validity.state !== 'invalid' &&
      pointName(trial.point) === pointName(point),
  );
}

/** A figure to show for an arm; or why there is none. */
export type Figure =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'not-measured' }
  | { readonly kind: 'not-enough'; readonly events: number; readonly needed: number };

export function figureOf(metric: Metric, id: string, trials: readonly Trial[]): Figure {
  if (trials.length === 0) return { kind: 'not-measured' };
  const value =
    metric.merge === undefined
      ? median(trials.flatMap((trial) => trial.metrics[id] ?? []))
      : metric.merge(trials);
  // What these trials have none of is missing, however many of it there would have to be.
  if (value === undefined) return { kind: 'not-measured' };
  const events = metric.events?.(trials) ?? eventsOf(trials);
  const needed = metric.needsEvents ?? 0;
  return events < needed ? { kind: 'not-enough', events, needed } : { kind: 'value', value };
}
