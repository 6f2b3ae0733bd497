/**
 * The yardstick of a run at one point: what the POST endpoint alone does when autocannon drives it. It
 * waits for answers before it sends again and counts from the sending, so its tail forgives every stall.
 */

import { median } from '../core/median.ts';
import type { Point, RunResult, Yardstick } from '../core/result.ts';
import { pointName } from '../core/result.ts';

export const YARDSTICK = 'plain HTTP (autocannon)';
export const YARDSTICK_DOUBT =
  'a closed loop, counted from the actual sending: not comparable in the tail';

export interface YardstickFigures {
  /** Medians of the rounds: sent → answered, µs; requests per second; connections. */
  readonly p50: number;
  readonly p99: number;
  readonly ratePerS: number;
  readonly connections: number;
  /** CPU of the server, ns per request; undefined where no round has it. */
  readonly cpu: number | undefined;
  /** Of all rounds together. */
  readonly answered: number;
  readonly failed: number;
}

export function yardstickOf(
  { yardstick = [] }: RunResult,
  at: Point,
): YardstickFigures | undefined {
  const here = yardstick.filter(({ point }) => pointName(point) === pointName(at));
  const middle = (pick: (one: Yardstick) => number | undefined): number | undefined =>
    median(here.flatMap((one) => pick(one) ?? []));
  const sum = (pick: (one: Yardstick) => number): number =>
    here.reduce((total, one) => total + pick(one), 0);
  const p50 = middle((one) => one.p50);
  const p99 = middle((one) => one.p99);
  if (p50 === undefined || p99 === undefined) return undefined;
  return {
    p50,
    p99,
    ratePerS: middle((one) => one.ratePerS) ?? 0,
    connections: middle((one) => one.connections) ?? 0,
    cpu: middle((one) => one.cpu),
    answered: sum((one) => one.answered),
    failed: sum((one) => one.failed),
  };
}
