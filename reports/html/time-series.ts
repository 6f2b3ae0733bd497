/** What the rounds of each arm recorded step by step, and their median, for charts over time. */
import { median } from '../../core/median.ts';
import type { ArmLook } from './arm-look.ts';
import type { TimedValue, TimeSeries } from './charts/over-time.ts';

/**
 * @param roundsOf what each round of an arm recorded; rounds and arms without anything are left out
 * @param steps whose median is taken: of any step that a round has, or of those that all rounds have, where
 *   the median would jump with the number of rounds in it
 */
export function timeSeries(
  looks: readonly ArmLook[],
  roundsOf: (look: ArmLook) => readonly (readonly TimedValue[])[],
  steps: 'any' | 'common' = 'any',
): TimeSeries[] {
  return looks.flatMap((look) => {
    const rounds = roundsOf(look).filter(({ length }) => length > 0);
    if (rounds.length === 0) return [];
    const perStep = new Map<number, number[]>();
    for (const { at, value } of rounds.flat()) {
      const known = perStep.get(at);
      if (known === undefined) perStep.set(at, [value]);
      else known.push(value);
    }
    const middle = [...perStep]
      .filter(([, values]) => steps === 'any' || values.length === rounds.length)
      .sort(([a], [b]) => a - b)
      .flatMap(([at, values]) => {
        const value = median(values);
        return value === undefined ? [] : [{ at, value }];
      });
    return [{ look, rounds, middle }];
  });
}

/** The steps of a record as values of a chart; those that have none are left out. */
export function timedValues<Step extends { readonly ms: number }>(
  steps: readonly Step[],
  pick: (step: Step) => number | undefined,
): TimedValue[] {
  return steps.flatMap((step) => {
    const value = pick(step);
    return value === undefined ? [] : [{ at: step.ms / 1_000, value }];
  });
}

/** Whether there is nothing but zeros to draw. */
export function isZero(series: readonly TimeSeries[]): boolean {
  return series.every(({ rounds }) => rounds.every((all) => all.every(({ value }) => value === 0)));
}
