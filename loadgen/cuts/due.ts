/** Where a schedule is at a given time. */
import type { Schedule } from '../../core/schedule.ts';

/** Index of the first event that is due `ns` after the start or later, and so how many are due before; the count where none is. */
export function firstDueFrom({ count, dueAt }: Schedule, ns: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (dueAt(middle) < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}
