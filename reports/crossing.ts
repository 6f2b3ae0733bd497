/**
 * Where two arms change places along a sweep: between two neighbouring values at which each is surely the
 * lesser, and nowhere else. What the rounds do not agree on is on nobody's side.
 */
import { holm, mean, tTest, wilcoxonSignedRank } from '../core/stats.ts';
import { FEWEST_ROUNDS } from '../core/verdict.ts';

/** What the rounds say at one value of the sweep. */
export interface Rounds {
  /** The swept value. */
  readonly at: number;
  /** One arm over the other, as a logarithm, of each round. */
  readonly logRatios: readonly number[];
}

export interface Side {
  readonly at: number;
  readonly ratio: number;
  /** Which arm is surely the lesser: -1 the first, 1 the second, 0 neither. */
  readonly sign: -1 | 0 | 1;
  /** Whether there are rounds enough to say. */
  readonly tested: boolean;
}

const SIGNIFICANCE = 0.05;

/**
 * The rule for verdicts (core/verdict.ts), for all values of a sweep at once: six rounds, Student's t, and a
 * signed-rank test that has to agree. t is corrected for all the values, any of which could be the one that
 * chance moves. The signed-rank test is not: at six rounds its p is never below 3 %, so that corrected it
 * would keep every difference from being seen, and it is there only to stop single rounds that are odd.
 *
 * @param sweeps of all pairs of arms: with every pair more, chance has more to move
 */
export function sidesOf(sweeps: readonly (readonly Rounds[])[]): Side[][] {
  const adjusted = holm(sweeps.flat().map(({ logRatios }) => doubt(logRatios)));
  let next = 0;
  return sweeps.map((sweep) =>
    sweep.map(({ at, logRatios }) => {
      const p = adjusted[next] ?? 1;
      next += 1;
      const center = mean(logRatios) ?? 0;
      const sure = p < SIGNIFICANCE && wilcoxonSignedRank(logRatios) < SIGNIFICANCE;
      return {
        at,
        ratio: Math.exp(center),
        sign: !sure ? 0 : center < 0 ? -1 : 1,
        tested: logRatios.length >= FEWEST_ROUNDS,
      };
    }),
  );
}

/** p that the ratio is 1. */
function doubt(logRatios: readonly number[]): number {
  return logRatios.length < FEWEST_ROUNDS ? 1 : (tTest(logRatios) ?? 1);
}

export type Crossing =
  /** They change places between these; `at` is interpolated where they are neighbours. */
  | {
      readonly kind: 'crosses';
      readonly from: number;
      readonly to: number;
      readonly at: number | undefined;
      /** Whether the first arm is the lesser below it. */
      readonly firstBelow: boolean;
    }
  /** One of them is surely the lesser at some values, the other at none. */
  | {
      readonly kind: 'apart';
      readonly firstLess: boolean;
      readonly sure: number;
      readonly of: number;
    }
  /** No value shows a difference that the rounds agree on; `tested` where there are rounds enough to say. */
  | { readonly kind: 'level'; readonly tested: boolean };

/** @param sides by the swept value, ascending */
export function crossingsOf(sides: readonly Side[]): Crossing[] {
  const sure = sides.map((side, index) => ({ ...side, index })).filter(({ sign }) => sign !== 0);
  const [first] = sure;
  if (first === undefined) {
    return [{ kind: 'level', tested: sides.some(({ tested }) => tested) }];
  }
  const found = sure.slice(1).flatMap((b, index): Crossing[] => {
    const a = sure[index];
    if (a === undefined || a.sign === b.sign) return [];
    const neighbours = b.index === a.index + 1;
    return [
      {
        kind: 'crosses',
        from: a.at,
        to: b.at,
        at: neighbours ? between(a, b) : undefined,
        firstBelow: a.sign < 0,
      },
    ];
  });
  return found.length > 0
    ? found
    : [{ kind: 'apart', firstLess: first.sign < 0, sure: sure.length, of: sides.length }];
}

/** Where the ratio would be 1 on a straight line, both axes logarithmic. */
function between(a: Side, b: Side): number {
  const [ya, yb] = [Math.log(a.ratio), Math.log(b.ratio)];
  return a.at * (b.at / a.at) ** (ya / (ya - yb));
}
