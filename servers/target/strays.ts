/** What a killed process left of the targets it had started; most often its guard has ended all by then. */
import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGone } from '../../core/process-owner.ts';
import { FOLDER_NAME } from './guard.ts';
import { signal, strayProcesses } from './processes.ts';

/** Ends processes and removes folders whose owner is gone. @returns how many processes there were */
export function endStrays(temporary = tmpdir()): number {
  const strays = strayProcesses();
  for (const pid of strays) signal(pid, 'SIGKILL');
  for (const name of readdirSync(temporary)) {
    const owner = FOLDER_NAME.exec(name)?.[1];
    if (owner !== undefined && isGone(owner))
      rmSync(join(temporary, name), { recursive: true, force: true });
  }
  return strays.length;
}
