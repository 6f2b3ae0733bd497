/**
 * Which processes belong to a command that was started here: those of its group, all that descend from them,
 * and whoever has left both but still has the mark that the command was given in its environment. Looked up
 * in /proc; without one (macOS) there is only the group.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { isGone } from '../../core/process-owner.ts';
import { allPids, isOver, statFields } from '../../core/process-stat.ts';

/** In the environment of every command of a target: the name of the process that started it, a slash, and more. */
export const MARK = 'PUSHBENCH_TARGET';

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** All processes but those that have ended and were not collected; undefined where there is no /proc. */
function runningProcesses(): readonly Running[] | undefined {
  const pids = allPids();
  if (pids.length === 0) return undefined;
  return pids.flatMap((pid) => {
    const [state, parent, group] = statFields(pid) ?? [];
    if (state === undefined || isOver(state)) return [];
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
  return allPids().filter((pid) => markOf(pid) === mark);
}

/** Processes with the mark of one that is no more. */
export function strayProcesses(): number[] {
  return allPids().filter((pid) => {
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
  return environmentOf(pid)
    .split('\0')
    .find((line) => line.startsWith(`${MARK}=`))
    ?.slice(MARK.length + 1);
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

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // It ended while we looked, or belongs to somebody else.
    return '';
  }
}
