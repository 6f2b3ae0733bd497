/** A file of an export: whole or not at all, with the folder it lies in. */
import { dirname } from 'node:path';
import { fault, reasonOf } from '../../core/errors.ts';
import { makeFolders, replaceFile } from '../output-path.ts';

/**
 * Under a name of its own first, and then renamed: whoever watches the folder never reads half a file.
 * @throws HarnessError `export-not-written`
 */
export function writeExport(path: string, text: string): void {
  try {
    makeFolders(dirname(path));
    replaceFile(path, text);
  } catch (error) {
    throw fault('export-not-written', { path, why: reasonOf(error) });
  }
}
