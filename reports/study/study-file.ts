/** Study files on disk: written whole, beside run files but under a name of their own, and read back checked. */
import { join, resolve } from 'node:path';
import type { Study } from '../../core/records/study.ts';
import { STUDY_SCHEMA, studySchema } from '../../core/records/study.ts';
import { readJsonFile } from '../json-file.ts';
import { writeWhole } from '../run-file.ts';
import { backFromLatest, idsIn, isFile, runIds } from '../run-lookup.ts';

const STUDY_FILE = 'study.json';

export function writeStudyFile(folder: string, study: Study): string {
  const path = join(folder, STUDY_FILE);
  writeWhole(path, `${JSON.stringify(study)}\n`);
  return path;
}

/** @throws HarnessError `run-file-unreadable` */
export const readStudyFile = (path: string): Study =>
  readJsonFile(path, { name: 'study', schema: studySchema, version: STUDY_SCHEMA });

/**
 * The path of the study that `name` means: its id or the start of one, a path, or `latest` where that is a
 * study and no run.
 * @returns undefined where it means no study
 */
export function findStudy(runsFolder: string, name: string): string | undefined {
  const back = backFromLatest(name);
  if (back !== undefined) {
    // Both begin with the time.
    const ids = [...runIds(runsFolder), ...idsIn(runsFolder, STUDY_FILE)].sort();
    const id = ids.at(-1 - back);
    const path = id === undefined ? undefined : join(runsFolder, id, STUDY_FILE);
    return path !== undefined && isFile(path) ? path : undefined;
  }
  for (const path of [resolve(name), join(runsFolder, name)]) {
    if (path.endsWith(STUDY_FILE) && isFile(path)) return path;
    if (isFile(join(path, STUDY_FILE))) return join(path, STUDY_FILE);
  }
  const beginning =
    name === '' ? [] : idsIn(runsFolder, STUDY_FILE).filter((id) => id.startsWith(name));
  const [only] = beginning;
  return beginning.length === 1 && only !== undefined
    ? join(runsFolder, only, STUDY_FILE)
    : undefined;
}
