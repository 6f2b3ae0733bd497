/** Run files on disk: written whole or not at all, and read back only when they are what they should be. */
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fault, reasonOf } from '../core/errors.ts';
import type { RunResult } from '../core/result.ts';
import { runResultSchema } from '../core/result.ts';

export const RUN_FILE = 'run.json';

/** @throws HarnessError `out-not-writable` */
export function createRunFolder(out: string, id: string): string {
  const folder = join(out, id);
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw fault('out-not-writable', { path: out, why: reasonOf(error) });
  }
  return folder;
}

/**
 * Writes beside the file and renames, so that a full disk or a kill leaves the last good version.
 * @throws HarnessError `run-file-not-written`
 */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.draft`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true, recursive: true });
    throw fault('run-file-not-written', { path, why: reasonOf(error) });
  }
}

export function writeRunFile(folder: string, run: RunResult): string {
  const path = join(folder, RUN_FILE);
  writeWhole(path, `${JSON.stringify(run)}\n`);
  return path;
}

/** @throws HarnessError `run-file-unreadable`, saying what is wrong with it */
export function readRunFile(path: string): RunResult {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw fault('run-file-unreadable', { path, why: reasonOf(error) });
  }
  const parsed = runResultSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    throw fault('run-file-unreadable', {
      path,
      why: `${where}: ${issue?.message ?? 'not a run file'}`,
    });
  }
  return parsed.data;
}
