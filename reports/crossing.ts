/**
 * Where two arms change places along a sweep: between two neighbouring values at which each is surely the
 * lesser, and nowhere else. What the rounds do not agree on is on nobody's side.
 */

export interface Side {
  /** The swept value. */
  readonly at: number;
  /** One arm over the other, and its 95 % interval; left out where rounds are too few for one. */
  readonly ratio: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
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
  const sure = sides
    .map((side, index) => ({ ...side, index, sign: signOf(side) }))
    .filter(({ sign }) => sign !== 0);
  const [first] = sure;
  if (first === undefined) {
    return [{ kind: 'level', tested: sides.some(({ low }) => low !== undefined) }];
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

function signOf({ low, high }: Side): -1 | 0 | 1 {
  if (low === undefined || high === undefined) return 0;
  return high < 1 ? -1 : low > 1 ? 1 : 0;
}

/** Where the ratio would be 1 on a straight line, both axes logarithmic. */
function between(a: Side, b: Side): number {
  const [ya, yb] = [Math.log(a.ratio), Math.log(b.ratio)];
  return a.at * (b.at / a.at) ** (ya / (ya - yb));
}
