/**
 * From what a person writes to a run file: a run id (or the start of one), a path to a run folder or to
 * its run.json, `latest`, or `latest~2` for the second before it. Shared by every command that takes a run.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fault } from '../core/errors.ts';
import { RUN_FILE } from './run-file.ts';

const LATEST = /^latest(?:~(\d+))?$/;
/** In an error; more would hide what it says. */
const SHOWN = 5;

/**
 * The path of the run file that `name` means.
 * @throws HarnessError `no-such-run`, naming runs that there are
 */
export function findRun(runsFolder: string, name: string): string {
  const back = backFromLatest(name);
  if (back !== undefined) {
    const ids = runIds(runsFolder);
    const id = ids.at(-1 - back);
    if (id === undefined) throw noSuchRun(runsFolder, name, ids);
    return join(runsFolder, id, RUN_FILE);
  }
  for (const path of [resolve(name), join(runsFolder, name)]) {
    if (isFile(path)) return path;
    if (isFile(join(path, RUN_FILE))) return join(path, RUN_FILE);
  }
  const ids = runIds(runsFolder);
  const beginning = name === '' ? [] : ids.filter((id) => id.startsWith(name));
  const [only] = beginning;
  if (beginning.length === 1 && only !== undefined) return join(runsFolder, only, RUN_FILE);
  throw noSuchRun(runsFolder, name, beginning.length > 1 ? beginning : ids);
}

/** How many before the last one `latest~2` means; undefined for other names. */
export function backFromLatest(name: string): number | undefined {
  const latest = LATEST.exec(name);
  return latest === null ? undefined : Number(latest[1] ?? 0);
}

/** Ids of the runs in the folder. */
export const runIds = (runsFolder: string): string[] => idsIn(runsFolder, RUN_FILE);

/** Names of the folders with such a file, oldest first: they start with the time. None where there is no folder. */
export function idsIn(runsFolder: string, file: string): string[] {
  try {
    return readdirSync(runsFolder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isFile(join(runsFolder, entry.name, file)))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** What a run is called by somebody who looks at its file: the folder it lies in. */
export function folderName(path: string): string {
  return basename(path) === RUN_FILE ? basename(dirname(path)) : basename(path);
}

function noSuchRun(folder: string, name: string, known: readonly string[]) {
  return fault('no-such-run', { name, folder, latest: known.slice(-SHOWN), count: known.length });
}

/** @returns false also for what would lie in a folder that is a file */
export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
