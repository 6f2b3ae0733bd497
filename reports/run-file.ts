/** Run files on disk: written whole or not at all, and read back only when they are what they should be. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ZodError } from 'zod';
import { fault, reasonOf } from '../core/errors.ts';
import type { RunResult } from '../core/result.ts';
import { runResultSchema, SCHEMA_VERSION } from '../core/result.ts';
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
 * @throws HarnessError `output-unusable`
 */
export function writeNamed(path: string, text: string): void {
  try {
    makeFolders(dirname(path));
    replaceFile(path, text);
  } catch (error) {
    throw fault('output-unusable', { path, why: reasonOf(error) });
  }
}

export function writeRunFile(folder: string, run: RunResult): string {
  const path = join(folder, RUN_FILE);
  writeWhole(path, `${JSON.stringify(run)}\n`);
  return path;
}

/** @throws HarnessError `run-file-unreadable`, saying what is wrong with it and what to do about that */
export function readRunFile(path: string): RunResult {
  const value = parse(path, textOf(path));
  const parsed = runResultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw strange(path, value, parsed.error);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw fault('run-file-unreadable', {
      path,
      why: missing ? 'there is no such file' : reasonOf(error),
    });
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault('run-file-unreadable', {
      path,
      why:
        text.trim() === ''
          ? 'it is empty, and no JSON'
          : `it is cut off, damaged, or no JSON at all (${reasonOf(error)})`,
      hint: 'Run files are written whole or not at all, so something else has changed it: restore it, or run the bench again.',
    });
  }
}

/** JSON, and not a run as this version knows it. */
function strange(path: string, value: unknown, error: ZodError) {
  const schema = (value as { readonly schema?: unknown } | null)?.schema;
  if (typeof schema === 'number' && schema > SCHEMA_VERSION) {
    return fault('run-file-unreadable', {
      path,
      why: `a later version of pushbench wrote it (its schema is ${schema}, this one reads ${SCHEMA_VERSION})`,
      hint: 'Use that version, or a later one.',
    });
  }
  if (typeof schema !== 'number') {
    return fault('run-file-unreadable', { path, why: 'it has no schema number, so it is no run' });
  }
  const [issue] = error.issues;
  const where = issue?.path.join('.') ?? '';
  return fault('run-file-unreadable', { path, why: `${where}: ${issue?.message ?? 'not a run'}` });
}
