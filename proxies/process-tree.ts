/** A process and all that came out of it, as the kernel lists them now; and whole groups of processes. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 20;

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
  const states = statesIn(group);
  return states === undefined || states.some((state) => state !== 'Z' && state !== 'X');
}

/** Undefined where there is no /proc. */
function statesIn(group: number): string[] | undefined {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => stateOf(pid, group) ?? []);
  } catch {
    return undefined;
  }
}

function stateOf(pid: string, group: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses, which may hold spaces.
    const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(of) !== group) return undefined;
    // A first thread that has ended is shown like that while others still hold what the process had.
    return state === 'Z' && readdirSync(`/proc/${pid}/task`).length > 1 ? 'threads' : state;
  } catch {
    // It ended while we looked.
    return undefined;
  }
}

export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    // All of it has ended already.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends all of a group and waits until it is gone. @returns whether it is */
export async function endGroup(group: number, patienceMs: number): Promise<boolean> {
  signalGroup(group, 'SIGKILL');
  const until = performance.now() + patienceMs;
  while (groupExists(group)) {
    if (performance.now() > until) return false;
    await pause(LOOK_MS);
  }
  return true;
}
