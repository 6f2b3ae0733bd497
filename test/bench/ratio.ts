/** The ratio of two costs over paired rounds, with its 95 % interval. */
import { tInterval } from '../../core/stats.ts';

export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

/** Figures of one round by name. */
export type Round = ReadonlyMap<string, number>;

export function ratioOf(rounds: readonly Round[], name: string, against: string): Ratio {
  const logs = rounds.flatMap((round) => {
    const a = round.get(name);
    const b = round.get(against);
    return a === undefined || b === undefined ? [] : [Math.log(a / b)];
  });
  const interval = tInterval(logs, 0.95);
  if (interval === undefined)
    throw new Error(`${name} against ${against} needs at least two rounds`);
  return {
    ratio: Math.exp(interval.mean),
    low: Math.exp(interval.low),
    high: Math.exp(interval.high),
    rounds: logs.length,
  };
}

export function describe({ ratio, low, high, rounds }: Ratio): string {
  return `${ratio.toFixed(2)} × (95 % interval ${low.toFixed(2)} … ${high.toFixed(2)}, ${rounds} rounds)`;
}
