/**
 * The history as the page needs it: every series with its runs, and for each arm and metric the values,
 * the axis to draw them on, and the change points in words.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { formatChange } from '../../core/units.ts';
import type { HistoryEntry, HistorySeries } from '../history.ts';
import { FEWEST_FOR_CHANGES, HISTORY_FILE, historySeries, readHistory } from '../history.ts';
import { historyAxis } from '../html/charts/history.ts';
import { timeText } from '../html/sections/conditions.ts';
import { formatMetric } from '../metric.ts';
import { allMetrics, metricOf } from '../metrics/registry.ts';
import type { IndexedRun } from './run-index.ts';

export interface HistoryRun {
  readonly id: string;
  readonly when: string;
  readonly build: string;
  /** To its report; left out where the run is gone. */
  readonly href?: string;
}

export interface HistoryChange {
  /** Index into the points: the first of the new level. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
  readonly direction: 'better' | 'worse';
  readonly says: string;
}

export interface HistoryLine {
  readonly metric: string;
  /** Index of the run of each point, its value, and that in words. */
  readonly runs: readonly number[];
  readonly values: readonly number[];
  readonly texts: readonly string[];
  readonly y: ReturnType<typeof historyAxis>;
  readonly changes: readonly HistoryChange[];
  /** How many points there have to be more until changes are looked for. */
  readonly missing: number;
}

export interface HistoryGroup {
  readonly title: string;
  readonly runs: readonly HistoryRun[];
  readonly arms: readonly { readonly name: string; readonly lines: readonly HistoryLine[] }[];
}

export interface HistoryData {
  readonly groups: readonly HistoryGroup[];
  readonly metrics: Readonly<Record<string, { readonly title: string; readonly explain: string }>>;
  readonly entries: number;
  /** Lines of the file that are no entries. */
  readonly unreadable: number;
}

/** Enough to draw with, and a third of the bytes. */
const DIGITS = 5;

/** What is in a folder of runs; a link in the place of the file is somebody else's, and not followed. */
export async function historyIn(folder: string): Promise<ReturnType<typeof readHistory>> {
  const isThere = (await historyStamp(folder)) !== undefined;
  return isThere ? readHistory(join(folder, HISTORY_FILE)) : { entries: [], unreadable: 0 };
}

/** Another one when the file has changed; undefined where there is none. */
export async function historyStamp(folder: string): Promise<string | undefined> {
  try {
    const stat = await lstat(join(folder, HISTORY_FILE));
    return stat.isFile() ? `${stat.mtimeMs} ${stat.size}` : undefined;
  } catch {
    // Nothing has been finished here yet.
    return undefined;
  }
}

/**
 * @param runs that are still there, for what the history does not keep: the load in words, and the report
 * @param report where the report of a run is, by the name of its folder
 */
export async function historyData(
  { entries, unreadable }: ReturnType<typeof readHistory>,
  runs: readonly IndexedRun[],
  report: (name: string) => string,
): Promise<HistoryData> {
  const known = new Map(
    runs.flatMap(({ entry }) => (entry.kind === 'run' ? [[entry.id, entry] as const] : [])),
  );
  const groups = new Map<string, Draft>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const draft: Draft = groups.get(key) ?? { entries: [], arms: new Map(), load: undefined };
    draft.entries.push(entry);
    draft.load = known.get(entry.id)?.load ?? draft.load;
    groups.set(key, draft);
  }
  for (const [metric] of allMetrics) {
    for (const series of historySeries(entries, metric)) {
      const draft = groups.get(keyOf(series));
      if (draft === undefined) continue;
      const index = new Map(
        draft.entries.map(({ id, startedAt }, at) => [`${startedAt} ${id}`, at]),
      );
      const line = lineOf(series, index);
      draft.arms.set(series.arm, [...(draft.arms.get(series.arm) ?? []), line]);
    }
    // Change points of a thousand runs take their time: requests are answered in between.
    await setImmediate();
  }
  const latest = ({ entries: all }: Draft): string => all.at(-1)?.startedAt ?? '';
  const ordered = [...groups.values()].sort((a, b) => latest(b).localeCompare(latest(a)));
  return {
    entries: entries.length,
    unreadable,
    metrics: Object.fromEntries(
      allMetrics.map(([id, { title, explain }]) => [id, { title, explain }]),
    ),
    groups: ordered.map((draft) => ({
      title: titleOf(draft),
      runs: draft.entries.map(({ id, startedAt, version, commit }) => {
        const there = known.get(id);
        return {
          id,
          when: timeText(startedAt),
          build: commit ?? version,
          ...(there === undefined ? {} : { href: report(there.name) }),
        };
      }),
      arms: [...draft.arms].map(([name, lines]) => ({ name, lines })),
    })),
  };
}

interface Draft {
  readonly entries: HistoryEntry[];
  readonly arms: Map<string, HistoryLine[]>;
  load: string | undefined;
}

const keyOf = (of: Pick<HistoryEntry, 'scenario' | 'load' | 'fingerprint'>): string =>
  JSON.stringify([of.scenario, of.load, of.fingerprint]);

function titleOf({ entries, load }: Draft): string {
  const [first] = entries;
  if (first === undefined) return '';
  const count = entries.length === 1 ? '1 run' : `${entries.length.toLocaleString('en-US')} runs`;
  const what = load === undefined || load === '' ? `load ${first.load}` : load;
  return `${first.scenario} · ${what} · machine ${first.fingerprint.slice(0, 6)} · ${count}`;
}

function lineOf(series: HistorySeries, index: ReadonlyMap<string, number>): HistoryLine {
  const { metric: id, points, changes } = series;
  const metric = metricOf(id);
  const unit = metric?.unit ?? 'count';
  const format = (value: number): string => formatMetric(unit, value);
  const values = points.map(({ value }) => value);
  return {
    metric: id,
    runs: points.map(({ startedAt, id: run }) => index.get(`${startedAt} ${run}`) ?? 0),
    values: values.map((value) => Number(value.toPrecision(DIGITS))),
    texts: values.map(format),
    y: historyAxis(values, format, unit === 'B' || unit === 'B/s'),
    missing: Math.max(0, FEWEST_FOR_CHANGES - points.length),
    changes: changes.map(({ index: at, before, after }) => {
      const up = after > before;
      const direction = up === (metric?.better === 'higher') ? 'better' : 'worse';
      const [last, next] = [points[at - 1], points[at]];
      const step = `from ${format(before)} to ${format(after)}`;
      const size = before > 0 && after > 0 ? `${formatChange(after / before)}, ${step}` : step;
      const where = betweenText(buildOf(last), buildOf(next));
      const when = timeText(next?.startedAt ?? '');
      return {
        at,
        before: Number(before.toPrecision(DIGITS)),
        after: Number(after.toPrecision(DIGITS)),
        direction,
        says: `${size}: ${direction}, ${where} (since ${when})`,
      };
    }),
  };
}

function buildOf(
  of: { readonly commit: string | undefined; readonly version: string } | undefined,
) {
  return of?.commit ?? `version ${of?.version ?? ''}`;
}

/** A commit with a + was measured with changes of which nothing else is known. */
function betweenText(last: string, next: string): string {
  if (last !== next) return `between ${last} and ${next}`;
  return last.endsWith('+')
    ? `both of ${last}, with changes that were not committed`
    : `both of ${last}, so it was not the code`;
}
