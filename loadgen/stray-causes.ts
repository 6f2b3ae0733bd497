/** What clients of somebody else's server received that is no delivery, in words for the run file. */
import { excerptOf } from '../core/excerpt.ts';
import type { PhaseReport, Stray, Tally } from '../core/process-reports.ts';

/** How each begins, so that a report finds them among the other causes. */
const WORDS = {
  unmarked: 'received something in which there is no message of the benchmark',
  changed: 'received a message that was changed or cut off on its way',
  other: 'received a message of another trial',
} satisfies Record<Stray['kind'], string>;

export function strayCauses(reports: readonly Pick<PhaseReport, 'strays'>[]): Tally[] {
  return (['unmarked', 'changed', 'other'] as const).flatMap((kind) => {
    let count = 0;
    let sample: string | undefined;
    for (const { strays } of reports) {
      count += strays?.[kind] ?? 0;
      sample ??= strays?.samples.find((one) => one.kind === kind)?.text;
    }
    if (count === 0) return [];
    const such = sample === undefined ? '' : `, such as ${excerptOf(sample)}`;
    return [{ cause: `${WORDS[kind]}${such}`, count }];
  });
}
