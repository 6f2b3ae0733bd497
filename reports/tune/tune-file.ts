/** Files of `tune`: written whole beside run files under a name of their own, and read back checked. */
import { join } from 'node:path';
import type { Tune } from '../../core/records/tune.ts';
import { TUNE_SCHEMA, tuneSchema } from '../../core/records/tune.ts';
import { readJsonFile } from '../json-file.ts';
import { writeWhole } from '../run-file.ts';

const TUNE_FILE = 'tune.json';

/** @returns where it is */
export function writeTuneFile(folder: string, tune: Tune): string {
  const path = join(folder, TUNE_FILE);
  writeWhole(path, `${JSON.stringify(tune)}\n`);
  return path;
}

/** @throws HarnessError `run-file-unreadable` */
export const readTuneFile = (path: string): Tune =>
  readJsonFile(path, { name: 'file of tune', schema: tuneSchema, version: TUNE_SCHEMA });
