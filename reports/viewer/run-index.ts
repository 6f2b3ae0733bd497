/**
 * The runs of a folder, kept in memory: a run file is read again only when its time or size has changed.
 * Only folders directly inside are runs; links are not followed, so nothing outside is ever read.
 */
import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { reasonOf } from '../../core/errors.ts';
import type { RunResult } from '../../core/result.ts';
import { RUN_FILE, readRunFile } from '../run-file.ts';
import type { RunEntry } from './run-entry.ts';
import { describeRun } from './run-entry.ts';

export interface IndexedRun {
  readonly entry: RunEntry;
  /** When its file was last written, ms since 1970. */
  readonly changedAt: number;
  readonly size: number;
  /** Counts every reading of a file: what a page has not seen yet has a higher one. */
  readonly revision: number;
}

export interface RunIndex {
  readonly folder: string;
  /** The highest revision so far. */
  revision(): number;
  /** Looks at the folder again. The runs, the latest first, by the name of their folder. */
  refresh(): Promise<ReadonlyMap<string, IndexedRun>>;
  /**
   * Where the run file of a listed run lies, looked at anew: a folder may have been replaced by a link.
   * @returns undefined for anything that is no run of this folder, whatever it is called
   */
  pathOf(name: string): Promise<string | undefined>;
}

/** Files that are looked at at the same time; more would not be faster. */
const AT_ONCE = 32;

export function createRunIndex(folder: string): RunIndex {
  let revision = 0;
  let known = new Map<string, IndexedRun>();
  let refreshing: Promise<ReadonlyMap<string, IndexedRun>> | undefined;

  async function look(): Promise<ReadonlyMap<string, IndexedRun>> {
    const names = (await foldersIn(folder)).sort((a, b) => b.localeCompare(a));
    const found = new Map<string, IndexedRun>();
    for (let start = 0; start < names.length; start += AT_ONCE) {
      const some = names.slice(start, start + AT_ONCE);
      const stats = await Promise.all(some.map((name) => fileStat(join(folder, name, RUN_FILE))));
      for (const [index, name] of some.entries()) {
        const stat = stats[index];
        if (stat === undefined) continue;
        const before = known.get(name);
        if (before?.changedAt === stat.mtimeMs && before.size === stat.size) {
          found.set(name, before);
          continue;
        }
        revision += 1;
        found.set(name, {
          revision,
          entry: readEntry(folder, name),
          changedAt: stat.mtimeMs,
          size: stat.size,
        });
        // Reading takes its time: requests are answered in between.
        await setImmediate();
      }
    }
    known = found;
    return found;
  }

  return {
    folder,
    revision: () => revision,
    refresh() {
      refreshing ??= look().finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
    async pathOf(name) {
      if (!(await foldersIn(folder)).includes(name)) return undefined;
      const path = join(folder, name, RUN_FILE);
      return (await fileStat(path)) === undefined ? undefined : path;
    },
  };
}

/** Real folders; a link to one is somebody else's. None where the folder is not there yet. */
async function foldersIn(folder: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Of a regular file; undefined for everything else. */
async function fileStat(path: string) {
  try {
    const stat = await lstat(path);
    return stat.isFile() ? stat : undefined;
  } catch {
    // Not there, or gone since the folder was read: no run.
    return undefined;
  }
}

function readEntry(folder: string, name: string): RunEntry {
  const path = join(folder, name, RUN_FILE);
  let run: RunResult;
  try {
    run = readRunFile(path);
  } catch (error) {
    // The path is the name in the list; what is left is the reason.
    const why = reasonOf(error).replace(`${path} is not a run file that can be read: `, '');
    return { kind: 'unreadable', name, why: why.replaceAll(path, 'the run file') };
  }
  try {
    return describeRun(name, run);
  } catch (error) {
    // The schema lets through what no report can be made of, such as a histogram of noise.
    return { kind: 'unreadable', name, why: `its figures cannot be read: ${reasonOf(error)}.` };
  }
}
