/** Run files on disk: written whole or not at all, and read back only when they are what they should be. */
import { accessSync, closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fault, reasonOf } from '../core/errors.ts';
import type { RunResult } from '../core/result.ts';
import { runResultSchema, SCHEMA_VERSION } from '../core/result.ts';
import { readJsonFile } from './json-file.ts';
import { makeFolders, replaceFile } from './output-path.ts';

export const RUN_FILE = 'run.json';

/** @throws HarnessError `out-not-writable` */
export function createRunFolder(out: string, id: string): string {
  const folder = join(out, id);
  try {
    makeFolders(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw fault('out-not-writable', { path: out, why: reasonOf(error) });
  }
  return folder;
}

/**
 * A full disk or a kill leaves the last good version.
 * @throws HarnessError `run-file-not-written`
 */
export function writeWhole(path: string, text: string): void {
  try {
    replaceFile(path, text);
  } catch (error) {
    throw fault('run-file-not-written', { path, why: reasonOf(error) });
  }
}

/**
 * A file that somebody has named, with the folder that it is to lie in.
 * @throws HarnessError of that code
 */
export function writeNamed(
  path: string,
  text: string,
  code: 'output-unusable' | 'export-not-written' = 'output-unusable',
): void {
  try {
    makeFolders(dirname(path));
    replaceFile(path, text);
  } catch (error) {
    throw fault(code, { path, why: reasonOf(error) });
  }
}

export function writeRunFile(folder: string, run: RunResult): string {
  const path = join(folder, RUN_FILE);
  writeWhole(path, `${JSON.stringify(run)}\n`);
  return path;
}

const UNDER_WAY = Buffer.from('"state":"running"');
/** As long as that, so that it fits where there is room for nothing more. */
const ENDED = Buffer.from('"state":"aborted"');

/** Of a run whose last state cannot be written whole: what was written before no longer says that it goes on. */
export function abortInPlace(folder: string): void {
  const path = join(folder, RUN_FILE);
  try {
    // Inside of texts quotes are escaped, so this is the state of the run and nothing that somebody has said.
    const at = readFileSync(path).indexOf(UNDER_WAY);
    if (at < 0) return;
    const file = openSync(path, 'r+');
    writeSync(file, ENDED, 0, ENDED.length, at);
    closeSync(file);
  } catch {
    // Then it stays as the run file of one that was killed; why it could not be written is said by whoever tried.
  }
}

/** @throws HarnessError `run-file-unreadable`, saying what is wrong with it and what to do about that */
export function readRunFile(path: string): RunResult {
  return readJsonFile(path, {
    name: 'run',
    schema: runResultSchema,
    version: SCHEMA_VERSION,
    hint: 'Run files are written whole or not at all, so something else has changed it: restore it, or run the bench again.',
  });
}
