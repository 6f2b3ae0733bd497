/** The limits that searches found for two arms, round by round: what a comparison of searches rests on. */
import type { SearchRecord } from '../core/records/search.ts';
import type { Point } from '../core/result.ts';
import { pointName } from '../core/result.ts';

/** Only limits that were found: "at least" has no ratio to anything. */
export function pairSearches(
  searches: readonly SearchRecord[],
  point: Point,
  arm: string,
  against: string,
  metric: string,
): [number, number][] {
  const limits = (name: string): Map<number, number> =>
    new Map(
      searches.flatMap((one) =>
        one.arm === name &&
        one.end === 'bracketed' &&
        one.lastPass !== undefined &&
        pointName(one.point) === pointName(point) &&
        metric === `capacity.${one.searched}`
          ? [[one.round, one.lastPass] as const]
          : [],
      ),
    );
  const others = limits(against);
  return [...limits(arm)].flatMap(([round, a]) => {
    const b = others.get(round);
    return b === undefined ? [] : [[a, b] as [number, number]];
  });
}
