/**
 * The history of runs: one line of JSON for each run that was finished, beside the runs, and what can be
 * said of such a series. It outlives the run folders, and it never blocks anything.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ChangePoint } from '../core/change-points.ts';
import { findChangePoints } from '../core/change-points.ts';
import { fault, reasonOf } from '../core/errors.ts';
import { median } from '../core/median.ts';
import { createRandom } from '../core/random.ts';
import type { RunResult } from '../core/result.ts';
import { policyTimesBefore } from '../core/result.ts';
import { countedTrials } from './derive.ts';
import { allMetrics } from './metrics/registry.ts';

export const HISTORY_FILE = 'history.jsonl';

const entrySchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  startedAt: z.string(),
  scenario: z.string(),
  /** Of the scenario, its parameters and options: only equal loads are one series. */
  load: z.string(),
  /** Of the environment: figures of different machines are never put in one series. */
  fingerprint: z.string(),
  version: z.string(),
  commit: z.string().optional(),
  /** Median over the trials that count, by arm and metric. */
  figures: z.record(z.string(), z.record(z.string(), z.number())),
});
export type HistoryEntry = z.infer<typeof entrySchema>;

/** Undefined for a run that has no single load, or nothing that counts. */
export function historyEntry(run: RunResult): HistoryEntry | undefined {
  const [point, ...more] = run.points;
  if (run.state !== 'finished' || point === undefined || more.length > 0) return undefined;
  const figures: HistoryEntry['figures'] = {};
  for (const { name } of run.arms) {
    const trials = countedTrials(run, name, point);
    if (trials.length === 0) continue;
    figures[name] = Object.fromEntries(
      allMetrics.flatMap(([id]) => {
        const value = median(trials.flatMap(({ metrics }) => metrics[id] ?? []));
        return value === undefined ? [] : [[id, value]];
      }),
    );
  }
  if (Object.keys(figures).length === 0) return undefined;
  return {
    schema: 1,
    id: run.id,
    startedAt: run.startedAt,
    scenario: run.scenario.name,
    load: loadHash(run),
    fingerprint: run.environment.fingerprint,
    version: run.tool.version,
    ...(run.tool.commit === undefined ? {} : { commit: run.tool.commit }),
    figures,
  };
}

/** How often and how long it was measured does not change what was measured. */
function loadHash({ scenario, params, points, options, targets, routes }: RunResult): string {
  const { rounds: _rounds, seed: _seed, margin: _margin, blockMs, slowMs, ...rest } = options;
  // What it was in all runs of before continues their series.
  const times = Object.entries({ blockMs, slowMs }).filter(
    ([name, ms]) => ms !== undefined && ms !== policyTimesBefore[name as 'blockMs' | 'slowMs'],
  );
  const chosen = { ...rest, ...Object.fromEntries(times) };
  const script = scenario.hash === undefined ? [] : [scenario.hash];
  // A server by its name: what changes in it is what the series is to show.
  const servers = targets === undefined ? [] : [targets.map(({ name }) => name)];
  // Of a proxy with its configuration: the same name with another one is another path.
  const paths = routes === undefined ? [] : [routes.map(({ name, says }) => [name, says])];
  return createHash('sha256')
    .update(
      JSON.stringify([scenario.name, params, points, chosen, ...script, ...servers, ...paths]),
    )
    .digest('hex')
    .slice(0, 12);
}

/** @throws HarnessError `run-file-not-written` */
export function appendHistory(path: string, run: RunResult): void {
  const entry = historyEntry(run);
  if (entry === undefined) return;
  try {
    appendFileSync(path, `${JSON.stringify(entry)}\n`);
  } catch (error) {
    throw fault('run-file-not-written', { path, why: reasonOf(error) });
  }
}

/** What can be read of it, oldest first. A line that was cut short or is not ours is left out and counted. */
export function readHistory(path: string): {
  readonly entries: readonly HistoryEntry[];
  readonly unreadable: number;
} {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Nothing has been finished here yet.
    return { entries: [], unreadable: 0 };
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const entries = lines.flatMap((line) => {
    try {
      return [entrySchema.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
  entries.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  return { entries, unreadable: lines.length - entries.length };
}

/** With fewer runs than this no change can be told from chance. */
export const FEWEST_FOR_CHANGES = 12;

export interface HistorySeries {
  readonly scenario: string;
  readonly load: string;
  readonly fingerprint: string;
  readonly arm: string;
  readonly metric: string;
  readonly points: readonly {
    readonly id: string;
    readonly startedAt: string;
    readonly version: string;
    readonly commit: string | undefined;
    readonly value: number;
  }[];
  readonly changes: readonly ChangePoint[];
}

/** The series of one metric, one for each load on each machine, each with its change points. */
export function historySeries(entries: readonly HistoryEntry[], metric: string): HistorySeries[] {
  const groups = new Map<string, { arm: string; first: HistoryEntry; entries: HistoryEntry[] }>();
  for (const entry of entries) {
    for (const [arm, figures] of Object.entries(entry.figures)) {
      if (figures[metric] === undefined) continue;
      const key = [entry.scenario, entry.load, entry.fingerprint, arm].join(' ');
      const group = groups.get(key) ?? { arm, first: entry, entries: [] };
      group.entries.push(entry);
      groups.set(key, group);
    }
  }
  return [...groups.values()].map(({ arm, first, entries: members }) => {
    const { scenario, load, fingerprint } = first;
    const points = members.map(({ id, startedAt, version, commit, figures }) => ({
      id,
      startedAt,
      version,
      commit,
      value: figures[arm]?.[metric] ?? 0,
    }));
    const values = points.map(({ value }) => value);
    // Ratios matter, so logarithms are compared; of what can be 0, the values themselves.
    const isPositive = values.every((value) => value > 0);
    const enough = values.length >= FEWEST_FOR_CHANGES;
    const found = enough
      ? findChangePoints(isPositive ? values.map(Math.log) : values, { random: createRandom(1) })
      : [];
    const back = isPositive ? Math.exp : (value: number): number => value;
    const changes = found.map((change) => ({
      ...change,
      before: back(change.before),
      after: back(change.after),
    }));
    return { scenario, load, fingerprint, arm, metric, points, changes };
  });
}
