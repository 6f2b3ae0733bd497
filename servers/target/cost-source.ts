/**
 * Where the CPU time and memory of a target are read from: its processes, which the controller looks at, or
 * what it says itself in Prometheus text. What neither tells is unknown, and never 0.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { NS_PER_S } from '../../core/clock.ts';
import { reasonOf } from '../../core/errors.ts';
import type { ServerCounts } from '../../core/process-reports.ts';
import type { LoadedTarget } from '../../core/target.ts';
import type { Places } from './placeholders.ts';
import { fill, titleOf } from './placeholders.ts';
import { processesOf, processesOfGroup } from './processes.ts';
import { TargetFailure } from './target-failure.ts';

export interface CostSource {
  /** Processes to be looked at, as they are now; none, where nothing is known of them. */
  pids(): readonly number[];
  /** What it says of itself; undefined where it is not asked, or does not answer. */
  reported(): Promise<ServerCounts['reported']>;
}

const ANSWER_MS = 5_000;
/** Many servers read their own CPU time from the kernel's count of ticks. */
const TICK_S = 0.01;

/**
 * @param leader of the group that was started; undefined where it ran already
 * @throws TargetFailure where what the file names does not tell anything
 */
export async function openCostSource(
  target: LoadedTarget,
  leader: number | undefined,
  places: Places,
): Promise<CostSource> {
  const { cost } = target;
  const unknown = async (): Promise<undefined> => undefined;
  if (cost === undefined) {
    return {
      pids: () => (leader === undefined ? [] : processesOfGroup(leader)),
      reported: unknown,
    };
  }
  if ('pid' in cost) {
    const { pid } = cost;
    const read = (): readonly number[] => processesOf(typeof pid === 'number' ? pid : readPid(pid));
    const readPid = (path: string): number => pidIn(resolve(target.cwd, fill(path, places)));
    if (read().length === 0) {
      const which = typeof pid === 'number' ? String(pid) : `of the file ${fill(pid, places)}`;
      throw new TargetFailure(`${titleOf(target)}: cost.pid names no process that runs (${which})`);
    }
    return { pids: read, reported: unknown };
  }
  const url = fill(cost.metrics, places);
  const first = await readMetrics(url);
  if (typeof first === 'string') {
    throw new TargetFailure(`${titleOf(target)}: cost.metrics cannot be read: ${first}`);
  }
  return {
    pids: () => [],
    async reported() {
      const metrics = await readMetrics(url);
      return typeof metrics === 'string' ? undefined : metrics;
    },
  };
}

/** 0, which is nobody's, where the file holds no number. */
function pidIn(path: string): number {
  try {
    return Number.parseInt(readFileSync(path, 'utf8').trim(), 10) || 0;
  } catch {
    // It has not been written yet, or was taken away with its process.
    return 0;
  }
}

/** @returns what went wrong, where it did */
async function readMetrics(url: string): Promise<NonNullable<ServerCounts['reported']> | string> {
  // Loaded where there are metrics to be read: those of processes are the kernel's.
  const { request } = await import('undici');
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    const text = await body.text();
    if (statusCode !== 200) return `${url} answers ${statusCode}`;
    const metrics = parseMetrics(text);
    return metrics.cpuNs === undefined && metrics.rssBytes === undefined
      ? `${url} has neither process_cpu_seconds_total nor process_resident_memory_bytes`
      : metrics;
  } catch (error) {
    return `${url}: ${reasonOf(error)}`;
  }
}

/** Of the Prometheus text format; of a metric with labels, all of its lines together. */
export function parseMetrics(text: string): NonNullable<ServerCounts['reported']> {
  const cpuS = sumOf(text, 'process_cpu_seconds_total');
  const rssBytes = sumOf(text, 'process_resident_memory_bytes');
  return {
    ...(cpuS === undefined
      ? {}
      : { cpuNs: Math.round(cpuS * NS_PER_S), cpuStepNs: stepOf(cpuS) * NS_PER_S }),
    ...(rssBytes === undefined ? {} : { rssBytes }),
  };
}

function sumOf(text: string, name: string): number | undefined {
  let sum: number | undefined;
  for (const line of text.split('\n')) {
    const match = /^(\w+)(?:\{.*\})?\s+([^\s]+)(?:\s+-?\d+)?\s*$/.exec(line);
    if (match?.[1] !== name) continue;
    const value = Number(match[2]);
    if (Number.isFinite(value)) sum = (sum ?? 0) + value;
  }
  return sum;
}

/** A figure that is a whole number of ticks is taken to be counted in them; others in microseconds. */
function stepOf(seconds: number): number {
  const ticks = seconds / TICK_S;
  return Math.abs(ticks - Math.round(ticks)) < 1e-6 ? TICK_S : 1e-6;
}
