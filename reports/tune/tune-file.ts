/** Files of `tune`: written whole beside run files under a name of their own, and read back checked. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault, reasonOf } from '../../core/errors.ts';
import type { Tune } from '../../core/records/tune.ts';
import { tuneSchema } from '../../core/records/tune.ts';
import { writeWhole } from '../run-file.ts';

export const TUNE_FILE = 'tune.json';

/** @returns where it is */
export function writeTuneFile(folder: string, tune: Tune): string {
  const path = join(folder, TUNE_FILE);
  writeWhole(path, `${JSON.stringify(tune)}\n`);
  return path;
}

/** @throws HarnessError `run-file-unreadable` */
export function readTuneFile(path: string): Tune {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw fault('run-file-unreadable', { path, why: reasonOf(error) });
  }
  const parsed = tuneSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const why = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a file of tune'}`;
  throw fault('run-file-unreadable', { path, why });
}
