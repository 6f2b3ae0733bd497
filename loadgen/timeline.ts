/** One row per second: what clients saw, and what both processes and the machine did meanwhile. */
import { NS_PER_S } from '../core/clock.ts';
import type { LoopSample } from '../core/process-reports.ts';
import type { TimelinePoint } from '../core/result.ts';
import type { CellBlock } from './cells.ts';
import { latencyPerSecond } from './cells.ts';
import type { Cost } from './cost-meter.ts';

/** The kept latencies, and when each row of them was due. */
export interface TimelineSource {
  readonly cells: readonly CellBlock[];
  readonly rows: number;
  readonly sampleEvery: number;
  /** ns after the start */
  dueOfRow(row: number): number;
}

/** More rows than this show nothing more, and a day of them would be most of a run file. */
const MOST_ROWS = 3_600;

/** A row is of one second, or of as many as it takes; then it holds what was so per second. */
export function timelineOf(
  { cells, rows, sampleEvery, dueOfRow }: TimelineSource,
  cost: Cost,
  startNs: number,
): TimelinePoint[] {
  const seconds = rows === 0 ? 0 : dueOfRow(rows - 1) / NS_PER_S;
  const width = Math.max(1, Math.ceil(seconds / MOST_ROWS));
  const startOf = (second: number): number => Math.floor(second / width) * width;
  const latency = latencyPerSecond(cells, rows, (row) => startOf(dueOfRow(row) / NS_PER_S));
  const secondOf = (at: number): number => startOf(Math.round((at - startNs) / NS_PER_S) - 1);
  const server = new Map(cost.serverSamples.map(({ at, loop }) => [secondOf(at), loop]));
  const generator = new Map<number, LoopSample>();
  for (const { at, loop } of cost.workerSamples) {
    const second = secondOf(at);
    const known = generator.get(second);
    if (known === undefined || loop.utilization > known.utilization) generator.set(second, loop);
  }
  const steal = new Map(cost.steal.map(({ at, share }) => [secondOf(at), share]));
  return [...latency]
    .sort(([a], [b]) => a - b)
    .map(([second, { deliveries, p50, p99, max }]) => ({
      second,
      deliveries: Math.round((deliveries * sampleEvery) / width),
      p50,
      p99,
      max,
      serverUtilization: server.get(second)?.utilization,
      serverGcMs: server.get(second)?.gcMs,
      generatorUtilization: generator.get(second)?.utilization,
      generatorGcMs: generator.get(second)?.gcMs,
      stealShare: steal.get(second),
    }));
}
