/**
 * The viewer as files: the list, the history, a report of each run, and each run against the one before. Any web
 * server can show them, and so can a browser from a disk; nothing can be deleted there.
 */
import { join } from 'node:path';
import { fault, reasonOf } from '../../core/errors.ts';
import { makeFolders } from '../output-path.ts';
import { RUN_FILE, writeWhole } from '../run-file.ts';
import { historyData, historyIn } from './history-data.ts';
import { renderHistoryPage } from './history-page.ts';
import type { PageScripts } from './list-page.ts';
import { renderListPage } from './list-page.ts';
import type { RowLinks } from './list-row.ts';
import { comparisonOf, problemPage, reportOf } from './pages.ts';
import type { ReadableEntry } from './run-entry.ts';
import type { IndexedRun } from './run-index.ts';
import { createRunIndex } from './run-index.ts';

export interface ExportOptions {
  readonly folder: string;
  readonly to: string;
  readonly scripts: PageScripts;
  /** Only so many of the latest runs. */
  readonly last: number;
  readonly now: number;
  /** Called after each run. */
  onRun?(done: number, all: number): void;
}

export interface Exported {
  readonly index: string;
  readonly runs: number;
  /** Runs in the folder, of which these are the latest. */
  readonly all: number;
  /** Runs whose file could not be read; the list says why. */
  readonly unreadable: number;
}

const HISTORY = 'history.html';

/** @throws HarnessError `out-not-writable` or `run-file-not-written` */
export async function exportViewer(options: ExportOptions): Promise<Exported> {
  const { folder, to, scripts, last, now, onRun } = options;
  const all = [...(await createRunIndex(folder).refresh()).values()];
  const runs = all.slice(0, last);
  for (const part of [to, join(to, 'reports'), join(to, 'compare')]) makeFolder(part, to);

  const before = new Map(
    runs.flatMap((run, index) => {
      const earlier = theOneBefore(run, all.slice(index + 1));
      return earlier === undefined ? [] : [[run.entry.name, earlier.name] as const];
    }),
  );
  const fileOf = (name: string): string => join(folder, name, RUN_FILE);
  let unreadable = 0;
  for (const [index, { entry }] of runs.entries()) {
    if (entry.kind === 'unreadable') unreadable += 1;
    else {
      writeWhole(join(to, 'reports', `${entry.name}.html`), await reportOf(fileOf(entry.name)));
      const earlier = before.get(entry.name);
      if (earlier !== undefined) {
        const page = comparisonOf([fileOf(earlier), fileOf(entry.name)], false);
        writeWhole(join(to, 'compare', `${entry.name}.html`), page);
      }
    }
    onRun?.(index + 1, runs.length);
  }
  const links: RowLinks = {
    report: (name) => `reports/${encodeURIComponent(name)}.html`,
    before: (name) => (before.has(name) ? `compare/${encodeURIComponent(name)}.html` : undefined),
    canDelete: false,
  };
  const index = join(to, 'index.html');
  const page = { script: scripts.list, links, history: HISTORY, folder: 'an export', now };
  writeWhole(index, renderListPage(runs, page));
  // Of all runs that there ever were; only those that are exported have a report to lead to.
  const data = await historyData(await historyIn(folder), runs, links.report);
  const history = renderHistoryPage(data, { script: scripts.history, home: 'index.html' });
  writeWhole(join(to, HISTORY), history.text);
  // Ticked runs are compared by a command; this is where the form would lead without a script.
  writeWhole(
    join(to, 'compare', 'index.html'),
    problemPage(
      'No server behind this',
      'These are files: runs are compared by the command.',
      "Write: npm run compare -- A B, or open the list with 'npm run view'.",
      '../index.html',
    ),
  );
  return { index, runs: runs.length, all: all.length, unreadable };
}

/** The latest run before it that it can be held against: the same scenario, on the same machine. */
function theOneBefore(
  { entry }: IndexedRun,
  earlier: readonly IndexedRun[],
): ReadableEntry | undefined {
  if (entry.kind !== 'run') return undefined;
  return earlier
    .map((one) => one.entry)
    .filter((one) => one.kind === 'run')
    .find((one) => one.scenario === entry.scenario && one.fingerprint === entry.fingerprint);
}

function makeFolder(path: string, out: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    throw fault('out-not-writable', { path: out, why: reasonOf(error) });
  }
}
