/** Places for output that somebody has named, refused before anything is started where nothing can be written. */
import { resolve } from 'node:path';
import { fault } from '../core/errors.ts';
import { problemWithFile, problemWithFolder } from '../reports/output-path.ts';

/** @throws HarnessError `output-unusable` */
export function refuseFile(flag: string, given: string | undefined): void {
  if (given !== undefined) refuse(flag, resolve(given), problemWithFile);
}

/** @throws HarnessError `output-unusable` */
export function refuseFolder(flag: string, given: string | undefined): void {
  if (given !== undefined) refuse(flag, resolve(given), problemWithFolder);
}

function refuse(
  flag: string,
  path: string,
  problemWith: (path: string) => string | undefined,
): void {
  const why = problemWith(path);
  if (why !== undefined) throw fault('output-unusable', { flag, path, why });
}
