/**
 * What can be read from single latencies only: the spread of each broadcast over its subscribers, and
 * percentiles per second. Works on the cells that the workers kept, after the load is over.
 *
 *             client 0   client 1   …            a cell is due → received in µs, plus one;
 *   message 0    812        901     …            0 where the message has not arrived
 *   message 1    790          0     …
 */

import type { Histogram } from '../core/histogram.ts';
import { createHistogram, HIGHEST_US } from '../core/histogram.ts';

export interface CellBlock {
  readonly cells: Uint32Array;
  readonly columns: number;
}

export interface Spread {
  readonly first: Histogram;
  readonly median: Histogram;
  readonly last: Histogram;
  /** Median latency of each kept message, µs, in order; undefined where it is for nobody. */
  readonly medians: (number | undefined)[];
}

/**
 * All latencies of message `row`, µs, ascending; a subscriber it did not reach counts as `lostUs`, or not
 * at all.
 */
function rowLatencies(
  blocks: readonly CellBlock[],
  row: number,
  subscribers: number,
  lostUs: number,
  leftOut: boolean,
): Uint32Array {
  const latencies = new Uint32Array(subscribers).fill(lostUs);
  let at = 0;
  for (const { cells, columns } of blocks) {
    for (let column = 0; column < columns; column += 1) {
      const cell = cells[row * columns + column] ?? 0;
      if (cell > 0) {
        latencies[at] = cell - 1;
        at += 1;
      }
    }
  }
  return (leftOut ? latencies.subarray(0, at) : latencies).sort();
}

/**
 * @param subscribersOf all that were expected to get message `row`, connected or not
 * @param lostUs what a delivery that never came counts as: the deadline, which it is known to exceed
 * @param leftOut whether what did not come was left out on purpose, and counts as nothing
 */
export function spreadOf(
  blocks: readonly CellBlock[],
  rows: number,
  subscribersOf: (row: number) => number,
  lostUs: number,
  leftOut = false,
): Spread {
  const spread: Spread = {
    first: createHistogram(),
    median: createHistogram(),
    last: createHistogram(),
    medians: [],
  };
  const record = (histogram: Histogram, us: number): void =>
    histogram.recordValue(Math.min(HIGHEST_US, us));
  for (let row = 0; row < rows; row += 1) {
    const latencies = rowLatencies(blocks, row, subscribersOf(row), lostUs, leftOut);
    const last = latencies.at(-1);
    // A room without members: there is nobody to reach first or last.
    if (last === undefined) {
      spread.medians.push(undefined);
      continue;
    }
    const median = latencies[Math.floor((latencies.length - 1) / 2)] ?? 0;
    record(spread.first, latencies[0] ?? 0);
    record(spread.median, median);
    record(spread.last, last);
    spread.medians.push(median);
  }
  return spread;
}

export interface SecondLatency {
  readonly deliveries: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Latency of the messages that were due in each second, µs.
 * @param secondOf the second in which message `row` was due, from 0
 */
export function latencyPerSecond(
  blocks: readonly CellBlock[],
  rows: number,
  secondOf: (row: number) => number,
): Map<number, SecondLatency> {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < rows; row += 1) {
    const second = secondOf(row);
    const known = rowsOf.get(second);
    if (known === undefined) rowsOf.set(second, [row]);
    else known.push(row);
  }
  const result = new Map<number, SecondLatency>();
  for (const [second, members] of rowsOf) {
    const values: number[] = [];
    for (const row of members) {
      for (const { cells, columns } of blocks) {
        for (let at = row * columns; at < (row + 1) * columns; at += 1) {
          const cell = cells[at] ?? 0;
          if (cell > 0) values.push(cell - 1);
        }
      }
    }
    if (values.length === 0) continue;
    const sorted = Float64Array.from(values).sort();
    const at = (quantile: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0;
    result.set(second, {
      deliveries: sorted.length,
      p50: at(0.5),
      p99: at(0.99),
      max: sorted[sorted.length - 1] ?? 0,
    });
  }
  return result;
}
