/**
 * Whose a thing on disk is: a name for the process that made it, so that what a killed process left behind is
 * told from what a living one still uses. Numbers of processes come again; together with their start they do
 * not.
 */
import { statFields } from './process-stat.ts';

/** '1234-567890': number and start of the process, in ticks since the machine started; 0 where unknown. */
export function ownerOf(pid: number): string {
  return `${pid}-${startOf(pid) ?? 0}`;
}

/** Whether the process of that name is no more. What is no such name is nobody's, and not gone. */
export function isGone(owner: string): boolean {
  const match = /^(\d+)-(\d+)$/.exec(owner);
  if (match === null) return false;
  const [pid, start] = [Number(match[1]), Number(match[2])];
  if (start > 0) return startOf(pid) !== start;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // It may also be somebody else's, which we may not signal.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Undefined where there is no such process, or no /proc. */
function startOf(pid: number): number | undefined {
  const start = statFields(pid)?.[19];
  return start === undefined ? undefined : Number(start);
}
