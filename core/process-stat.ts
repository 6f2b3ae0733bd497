/** What the kernel says of processes in their file `stat`; nothing where there is no /proc (macOS). */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * The fields behind the program's name, as proc_pid_stat(5) counts them less three: [0] state, [1] parent,
 * [2] group, [11] user time in ticks, [19] start in ticks, [21] resident pages.
 * @returns undefined where there is no such process, or it ended while it was read
 */
export function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is that name in parentheses, which may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** Whether a state is that of one that has ended, and only nobody has asked yet how. */
export const isOver = (state: string | undefined): boolean => state === 'Z' || state === 'X';

/** All processes of the machine; none where there is no /proc. */
export function allPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

const PAGE_BYTES = 4_096;

/** The resident set of a process, to some dozen pages per core: one small file, for whoever looks often. */
export function residentBytes(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    return Number.isNaN(pages) ? undefined : pages * PAGE_BYTES;
  } catch {
    return undefined;
  }
}

/** One process that could not be read makes the sum unknown, not smaller; and none known is not none there. */
export function sumOver(
  pids: readonly number[],
  read: (pid: number) => number | undefined,
): number | undefined {
  if (pids.length === 0) return undefined;
  return pids.reduce<number | undefined>((sum, pid) => {
    const value = read(pid);
    return sum === undefined || value === undefined ? undefined : sum + value;
  }, 0);
}
