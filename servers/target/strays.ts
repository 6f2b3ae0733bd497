/** What a killed process left of the targets it had started; most often its guard has ended all by then. */
import { rmSync } from 'node:fs';
import { abandonedFolders } from '../../core/temporary-folder.ts';
import { signal, strayProcesses } from './processes.ts';

/** Ends processes and removes folders whose owner is gone. @returns how many processes there were */
export function endStrays(temporary?: string): number {
  const strays = strayProcesses();
  for (const pid of strays) signal(pid, 'SIGKILL');
  for (const folder of abandonedFolders(['target'], temporary)) {
    rmSync(folder, { recursive: true, force: true });
  }
  return strays.length;
}
