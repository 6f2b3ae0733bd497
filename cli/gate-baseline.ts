/** Saved runs of a gate: one that holds nothing is neither written nor held against. */
import { resolve } from 'node:path';
import { fault } from '../core/errors.ts';
import { FEWEST_IN_BATCH } from '../core/gate.ts';
import type { RunResult } from '../core/result.ts';
import { countedTrials } from '../reports/derive.ts';
import { baselineFigures, isTimeless, saveBaseline } from '../reports/gate/baseline.ts';
import type { ArmRule } from '../reports/gate/rules.ts';
import type { Io } from './io.ts';

/**
 * Before rounds are run: what would have no data in the end is known from the file.
 * @throws HarnessError `baseline-without-data`
 */
export function refuseThinBaseline(
  path: string,
  baseline: RunResult,
  rules: readonly ArmRule[],
): void {
  const figures = baselineFigures(baseline, rules);
  const thin = rules
    .filter(isTimeless)
    .map(({ metric }) => ({ metric, trials: figures[metric]?.length ?? 0 }))
    .filter(({ trials }) => trials < FEWEST_IN_BATCH);
  if (thin.length === 0) return;
  throw fault('baseline-without-data', { path, thin, needed: FEWEST_IN_BATCH });
}

/**
 * Saves a run for later ones, unless no trial of one of its arms counts.
 * @returns the fault where nothing was saved: whoever calls knows whether something else failed already
 */
export function saveForLater(
  given: string,
  run: RunResult,
  heads: readonly string[],
  io: Io,
): Error | undefined {
  const path = resolve(given);
  const [point = {}] = run.points;
  const counts = heads.map((arm) => ({ arm, trials: countedTrials(run, arm, point).length }));
  const empty = counts.filter(({ trials }) => trials === 0).map(({ arm }) => arm);
  if (empty.length > 0) return fault('nothing-to-save', { path, arms: empty });
  saveBaseline(path, run);
  io.err(`saved ${path}\n`);
  for (const { arm, trials } of counts) {
    if (trials >= FEWEST_IN_BATCH) continue;
    io.err(
      `Warning: only ${trials} ${trials === 1 ? 'trial' : 'trials'} of ${arm} in it ${trials === 1 ? 'counts' : 'count'}, and --baseline needs ${FEWEST_IN_BATCH}; save one of more --rounds.\n`,
    );
  }
  return undefined;
}
