/** What lies between times. */
export { median as middleOf } from '../../core/median.ts';

export function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((at, index) => at - (times[index] ?? at));
}
