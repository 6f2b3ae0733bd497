/**
 * Which processes belong to a command that was started here: those of its group, all that descend from them,
 * and whoever has left both but still has the mark that the command was given in its environment. Looked up
 * in /proc; without one (macOS) there is only the group.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isGone } from '../../core/process-owner.ts';

/** In the environment of every command of a target: the name of the process that started it, a slash, and more. */
export const MARK = 'PUSHBENCH_TARGET';

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** All processes but those that have ended and were not collected; undefined where there is no /proc. */
function runningProcesses(): readonly Running[] | undefined {
  const pids = numbersIn('/proc');
  if (pids.length === 0) return undefined;
  return pids.flatMap((pid) => {
    const stat = readOrNothing(`/proc/${pid}/stat`);
    // The second field is the program's name in parentheses, which may hold spaces.
    const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (stat === '' || state === 'Z' || state === 'X') return [];
    return [{ pid, parent: Number(parent), group: Number(group) }];
  });
}

/** The processes of a group and all that descend from them; the leader alone where there is no /proc. */
export function processesOfGroup(leader: number): number[] {
  const running = runningProcesses();
  if (running === undefined) return isRunning(leader) ? [leader] : [];
  return withDescendants(running, (one) => one.group === leader);
}

/** A process and all that descend from it; none, where it has ended. */
export function processesOf(ancestor: number): number[] {
  const running = runningProcesses();
  if (running === undefined) return isRunning(ancestor) ? [ancestor] : [];
  return withDescendants(running, ({ pid }) => pid === ancestor);
}

function withDescendants(
  running: readonly Running[],
  isFirst: (one: Running) => boolean,
): number[] {
  const found = new Set(running.filter(isFirst).map(({ pid }) => pid));
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const { pid, parent } of running) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Processes that have exactly this mark. */
export function markedProcesses(mark: string): number[] {
  return numbersIn('/proc').filter((pid) => markOf(pid) === mark);
}

/** Processes with the mark of one that is no more. */
export function strayProcesses(): number[] {
  return numbersIn('/proc').filter((pid) => {
    const [owner] = markOf(pid)?.split('/') ?? [];
    // In a container processes are numbered anew: who seems gone from here may live there.
    return owner !== undefined && isGone(owner) && numberingOf(pid) === numberingOf('self');
  });
}

/** Names the space in which the numbers of a process mean something. */
function numberingOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // It ended while we looked, or belongs to somebody else.
    return undefined;
  }
}

function markOf(pid: number): string | undefined {
  return readOrNothing(`/proc/${pid}/environ`)
    .split('\0')
    .find((line) => line.startsWith(`${MARK}=`))
    ?.slice(MARK.length + 1);
}

const PAGE_BYTES = 4_096;

/** Resident memory of all of them; undefined where nothing is known of one, or of any. */
export function residentBytes(pids: readonly number[]): number | undefined {
  let sum: number | undefined;
  for (const pid of pids) {
    const pages = Number(/^\d+ (\d+)/.exec(readOrNothing(`/proc/${pid}/statm`))?.[1]);
    if (Number.isNaN(pages)) return undefined;
    sum = (sum ?? 0) + pages * PAGE_BYTES;
  }
  return sum;
}

/** Signals a process, or a group where the number is negative. One that has ended meanwhile is no fault. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    // No /proc on this system.
    return [];
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It ended while we looked, or belongs to somebody else.
    return '';
  }
}
