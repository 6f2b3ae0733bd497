/**
 * How often the rule of a gate speaks, by resampling: rounds are drawn with replacement from a pool that
 * was measured on this machine, and the whole rule is run on them, extension and confirmation included.
 */
import type { GateRound, GateRule } from './gate.ts';
import { nextGateStep } from './gate.ts';
import type { Random } from './random.ts';

export interface GateRates {
  /** Gates that were simulated. */
  readonly gates: number;
  /** Share of them that ended in a confirmed regression, and by metric; one gate may name several. */
  readonly regressed: number;
  readonly byMetric: Readonly<Record<string, number>>;
  /** Share that could neither show a regression nor rule one out. */
  readonly unclear: number;
}

export interface Resampling {
  /** Of one batch. */
  readonly rounds: number;
  readonly gates: number;
  readonly random: Random;
}

/**
 * @param pool at least a few dozen rounds, or the rates are those of these rounds and not of the machine
 * @throws RangeError for an empty pool
 */
export function simulateGates(
  pool: readonly GateRound[],
  rules: readonly GateRule[],
  { rounds, gates, random }: Resampling,
): GateRates {
  if (pool.length === 0) throw new RangeError('the pool must hold a round');
  const draw = (): GateRound[] =>
    Array.from({ length: rounds }, () => pool[random.int(pool.length)] ?? {});
  const named = new Map<string, number>();
  let regressed = 0;
  let unclear = 0;
  for (let gate = 0; gate < gates; gate += 1) {
    const batches: Parameters<typeof nextGateStep>[0][number][] = [];
    for (;;) {
      const step = nextGateStep(batches, rules);
      if (step.kind === 'run') {
        batches.push({ kind: step.batch, rounds: draw() });
        continue;
      }
      if (step.outcome === 'regressed') regressed += 1;
      if (step.outcome === 'unclear') unclear += 1;
      for (const { metric, state } of step.findings) {
        if (state === 'regressed') named.set(metric, (named.get(metric) ?? 0) + 1);
      }
      break;
    }
  }
  return {
    gates,
    regressed: regressed / gates,
    byMetric: Object.fromEntries([...named].map(([metric, count]) => [metric, count / gates])),
    unclear: unclear / gates,
  };
}
