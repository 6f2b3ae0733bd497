/**
 * Places where somebody wants output: known to be none before minutes are spent, made folder by folder, and
 * written whole or not at all. What goes wrong is said in words; which fault it is, whoever calls decides.
 */
import {
  accessSync,
  constants,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { reasonOf } from '../core/errors.ts';

/**
 * @param path absolute
 * @returns why no file can be written there, as the rest of a sentence; undefined where nothing is known against it
 */
export function problemWithFile(path: string): string | undefined {
  if (kindOf(path) === 'folder') return 'that is a folder; name a file';
  return problemWithFolder(dirname(path));
}

/** The same of a folder, which need not be there yet. */
export function problemWithFolder(path: string): string | undefined {
  const nearest = nearestOn(path);
  if (kindOf(nearest) !== 'folder') return `${nearest} is no folder`;
  try {
    accessSync(nearest, constants.W_OK);
    return undefined;
  } catch (error) {
    return inWords(error, nearest);
  }
}

/**
 * Makes the folder and all above it, one by one: where the system has no place for one, as below /proc,
 * Node's `recursive` tries for ever.
 * @throws Error with the reason in words
 */
export function makeFolders(path: string): void {
  const kind = kindOf(path);
  if (kind === 'folder') return;
  if (kind !== 'none') throw new Error(`${path} is no folder`);
  const above = dirname(path);
  makeFolders(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Somebody else may have been faster.
    if (kindOf(path) === 'folder') return;
    throw new Error(inWords(error, above));
  }
}

/**
 * Writes beside the file and renames, so that a full disk or a kill leaves the last good version.
 * @throws Error with the reason in words
 */
export function replaceFile(path: string, text: string): void {
  const draft = `${path}.draft`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, path);
  } catch (error) {
    const why = problemWithFile(path) ?? inWords(error, dirname(path));
    remove(draft);
    throw new Error(why);
  }
}

function remove(draft: string): void {
  try {
    rmSync(draft, { force: true, recursive: true });
  } catch {
    // Where nothing could be written, nothing needs to be removed; the first error is the one to tell.
  }
}

function inWords(error: unknown, folder: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EACCES':
    case 'EPERM':
      return `there is no permission to write in ${folder}`;
    case 'EROFS':
      return `${folder} is on a file system that can only be read`;
    case 'ENOENT':
    case 'ENOTDIR':
      return `nothing can be made in ${folder}`;
    default:
      return reasonOf(error);
  }
}

/** The path itself, or the nearest above it that exists. */
function nearestOn(path: string): string {
  const above = dirname(path);
  return above === path || kindOf(path) !== 'none' ? path : nearestOn(above);
}

function kindOf(path: string): 'folder' | 'other' | 'none' {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'other';
  } catch {
    // Not there, or behind something that may not be looked into: what is above it tells.
    return 'none';
  }
}
