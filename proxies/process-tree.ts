/** A process and all that came out of it, as the kernel lists them now; and whole groups of processes. */
import { readdirSync, readFileSync } from 'node:fs';
import { allPids, isOver, statFields } from '../core/process-stat.ts';
import { until } from '../core/until.ts';

/** Its own number first. Where there is no /proc it is the only one. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)];
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
        .split(' ')
        .filter((text) => text.trim() !== '')
        .map(Number),
    );
  } catch {
    // No /proc, or it ended while we looked.
    return [];
  }
}

/** Whether anything of the group still runs. */
export function groupExists(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  // Of what has ended nobody may have taken notice yet, for seconds on a busy machine: it holds nothing any more.
  const pids = allPids();
  return pids.length === 0 || pids.some((pid) => holdsSomething(pid, group));
}

function holdsSomething(pid: number, group: number): boolean {
  const [state, , of] = statFields(pid) ?? [];
  if (Number(of) !== group) return false;
  return !isOver(state) || (state === 'Z' && hasThreads(pid));
}

/** A first thread that has ended is shown as over while others still hold what the process had. */
function hasThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    // It ended while we looked.
    return false;
  }
}

/** Ends all of a group and waits until it is gone. @returns whether it is */
export async function endGroup(group: number, patienceMs: number): Promise<boolean> {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    // All of it has ended already.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  return until(() => !groupExists(group), patienceMs);
}
