/** What is wrong with a path, as names that two measurements of it can be held against each other by. */
import type { StreamKind } from '../../core/records/probe.ts';
import type { Sample } from '../../core/records/study.ts';
import { formatBytes } from '../../core/units.ts';
import { msText, transportNames } from '../study/figures.ts';
import { CLUMPED_SHARE, LATE_MS } from '../study/measures/paced.ts';
import { MOST_BYTES } from '../study/measures/stalled.ts';

/** What can be wrong, and the measure that shows it. */
export const shownBy = {
  'no-stream': 'head',
  held: 'fast',
  clumped: 'fast',
  late: 'fast',
  compressed: 'compressed',
  cut: 'idle',
  stored: 'stalled',
} as const;
export type HarmKind = keyof typeof shownBy;

export interface Harm {
  readonly kind: HarmKind;
  readonly transport: StreamKind;
  /** One sentence. */
  readonly says: string;
}

/** @param sample of the measure of that name */
export function harmsIn(measure: string, transport: StreamKind, sample: Sample): Harm[] {
  const { figures, problem } = sample;
  const found = (kind: HarmKind, says: string): Harm[] => [
    { kind, transport, says: `${transportNames[transport]}: ${says}.` },
  ];
  if (measure === 'head') {
    return problem === undefined ? [] : found('no-stream', `no stream comes about: ${problem}`);
  }
  if (problem !== undefined) {
    // The stream of `head` has advice on buffering; this one has none, and not even its head comes.
    return measure === 'fast' ? found('held', `not even the head comes through: ${problem}`) : [];
  }
  const { missing = 0, sent = 0, clumpedShare = 0, addedMs = 0, takenBytes = 0 } = figures;
  switch (measure) {
    case 'fast':
      if (sent === 0) return found('held', 'the stream was over before its head had come through');
      if (missing > 0) return found('held', `${missing} of ${sent} events are held back`);
      if (clumpedShare > CLUMPED_SHARE) {
        return found('clumped', `${Math.round(100 * clumpedShare)} % of the events come in clumps`);
      }
      return addedMs > LATE_MS ? found('late', `events take ${msText(addedMs)} longer`) : [];
    case 'compressed':
      return missing > 0
        ? found(
            'compressed',
            `${missing} of ${sent} events are held back from a client that takes compressed answers, as browsers do`,
          )
        : [];
    case 'idle': {
      const cuts = ['both', 'server', 'client'].flatMap((direction) => {
        const limit = figures[`${direction}.notSurvivedMs`];
        return limit === undefined ? [] : [figures[`${direction}.cutMs`] ?? limit];
      });
      return cuts.length === 0
        ? []
        : found('cut', `cut after a silence of ${msText(Math.min(...cuts))}`);
    }
    case 'stalled':
      return takenBytes >= MOST_BYTES
        ? found(
            'stored',
            `more than ${formatBytes(MOST_BYTES)} are stored for a client that does not read`,
          )
        : [];
    default:
      return [];
  }
}

/** A harm is one that shows in most repeats. Where no stream comes about there is nothing else to be said. */
export function commonHarms(repeats: readonly (readonly Harm[])[]): Harm[] {
  const all = repeats.flat();
  const common = all.filter(
    (one, index) =>
      all.findIndex((other) => sameHarm(one, other)) === index &&
      2 * all.filter((other) => sameHarm(one, other)).length > repeats.length,
  );
  const dead = common.filter(({ kind }) => kind === 'no-stream').map((one) => one.transport);
  return common.filter(({ kind, transport }) => kind === 'no-stream' || !dead.includes(transport));
}

/** Held and clumped are two looks of one thing. */
export function sameHarm(one: Harm, other: Harm): boolean {
  return one.transport === other.transport && shownBy[one.kind] === shownBy[other.kind];
}
