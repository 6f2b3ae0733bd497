/** The rounds of a run as a gate looks at them: head and base of each metric, side by side. */
import type { GateRound, Pair } from '../../core/gate.ts';
import type { RunResult } from '../../core/result.ts';
import { countedTrials } from '../derive.ts';
import type { ArmRule } from './rules.ts';

/** The arm of head has the name of its transport, and that of base this behind it. */
export const BASE_VARIANT = 'base';

export function baseOf(arm: string): string {
  return `${arm}-${BASE_VARIANT}`;
}

/** @param from first round, and `count` of them; one that does not count as evidence has no figures */
export function gateRounds(
  run: RunResult,
  rules: readonly ArmRule[],
  from: number,
  count: number,
): GateRound[] {
  const [point = {}] = run.points;
  const figure = (arm: string, round: number, id: string): number | undefined =>
    countedTrials(run, arm, point).find((trial) => trial.round === round)?.metrics[id];
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(
      rules.map(({ metric, arm, id }): [string, Pair] => [
        metric,
        {
          head: figure(arm, from + index, id),
          base: figure(baseOf(arm), from + index, id),
        },
      ]),
    ),
  );
}
