/** Study files on disk: written whole, beside run files but under a name of their own, and read back checked. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fault, reasonOf } from '../../core/errors.ts';
import type { Study } from '../../core/records/study.ts';
import { STUDY_SCHEMA, studySchema } from '../../core/records/study.ts';
import { writeWhole } from '../run-file.ts';
import { runIds } from '../run-lookup.ts';

export const STUDY_FILE = 'study.json';
const LATEST = /^latest(?:~(\d+))?$/;

export function writeStudyFile(folder: string, study: Study): string {
  const path = join(folder, STUDY_FILE);
  writeWhole(path, `${JSON.stringify(study)}\n`);
  return path;
}

/** @throws HarnessError `run-file-unreadable` */
export function readStudyFile(path: string): Study {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw fault('run-file-unreadable', { path, why: reasonOf(error) });
  }
  const parsed = studySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { schema } = value as { readonly schema?: unknown };
  if (typeof schema === 'number' && schema > STUDY_SCHEMA) {
    throw fault('run-file-unreadable', {
      path,
      why: `a later version of pushbench wrote it (its schema is ${schema}, this one reads ${STUDY_SCHEMA})`,
      hint: 'Use that version, or a later one.',
    });
  }
  const [issue] = parsed.error.issues;
  const why = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a study'}`;
  throw fault('run-file-unreadable', { path, why });
}

/**
 * The path of the study that `name` means: its id or the start of one, a path, or `latest` where that is a
 * study and no run.
 * @returns undefined where it means no study
 */
export function findStudy(runsFolder: string, name: string): string | undefined {
  const latest = LATEST.exec(name);
  if (latest !== null) {
    // Both begin with the time.
    const ids = [...runIds(runsFolder), ...studyIds(runsFolder)].sort();
    const id = ids.at(-1 - Number(latest[1] ?? 0));
    const path = id === undefined ? undefined : join(runsFolder, id, STUDY_FILE);
    return path !== undefined && isFile(path) ? path : undefined;
  }
  for (const path of [resolve(name), join(runsFolder, name)]) {
    if (path.endsWith(STUDY_FILE) && isFile(path)) return path;
    if (isFile(join(path, STUDY_FILE))) return join(path, STUDY_FILE);
  }
  const beginning = name === '' ? [] : studyIds(runsFolder).filter((id) => id.startsWith(name));
  const [only] = beginning;
  return beginning.length === 1 && only !== undefined
    ? join(runsFolder, only, STUDY_FILE)
    : undefined;
}

/** Oldest first. */
export function studyIds(runsFolder: string): string[] {
  try {
    return readdirSync(runsFolder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isFile(join(runsFolder, entry.name, STUDY_FILE)))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
