/** What a long load came to, in one word per question: does memory grow for ever, do counts creep, does latency drift. */
import type { LeakVerdict } from '../core/leak.ts';
import type { SoakRecord } from '../core/records/soak.ts';
import type { Drift, Levels } from './soak-trends.ts';
import { driftOf, growthOf, heldBytes, levelsOf, residentBytes } from './soak-trends.ts';

export interface SoakVerdict {
  /** Of the server's memory, resident, held or live, whichever says most; undefined for a load too short to say. */
  readonly memory: LeakVerdict | undefined;
  /** Bytes per second, with a 95 % interval. */
  readonly resident: Slope | undefined;
  readonly held: Slope | undefined;
  /** Live bytes at the end over those at the start, after a forced collection each. */
  readonly live: number | undefined;
  readonly counts: readonly Count[];
  readonly p50: Drift | undefined;
  readonly p99: Drift | undefined;
  readonly seconds: number;
  readonly looks: number;
}

export interface Slope {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

export interface Count extends Levels {
  readonly name: string;
}

const WORSE: readonly LeakVerdict[] = ['none', 'rise', 'leak'];
/** Compiled code and caches make live memory grow by some dozen KiB in the first minutes. */
const LIVE_RISE_BYTES = 512 * 1_024;

export function soakVerdict(record: SoakRecord): SoakVerdict {
  const resident = growthOf(record, 'server', residentBytes);
  const held = growthOf(record, 'server', heldBytes);
  const { liveBytes, samples } = record;
  const live = liveBytes === undefined ? undefined : liveBytes.after - liveBytes.before;
  // Two values have no trend, but without garbage in them they see what is too slow for the others.
  const grown: LeakVerdict | undefined =
    live !== undefined && live > LIVE_RISE_BYTES ? 'rise' : undefined;
  const found = [resident?.verdict, held?.verdict, grown].filter((one) => one !== undefined);
  return {
    memory: WORSE.findLast((verdict) => found.includes(verdict)),
    resident: resident?.fit,
    held: held?.fit,
    live,
    counts: COUNTS.flatMap(({ name, of }) => {
      const levels = levelsOf(record, 'server', of);
      return levels === undefined ? [] : [{ name, ...levels }];
    }),
    p50: driftOf(record, 0.5),
    p99: driftOf(record, 0.99),
    seconds: (samples.at(-1)?.atMs ?? 0) / 1_000,
    looks: samples.length,
  };
}

const COUNTS = [
  { name: 'descriptors', of: ({ descriptors }: Process) => descriptors },
  { name: 'timers', of: ({ timers }: Process) => timers },
  { name: 'handles', of: ({ handles }: Process) => handles },
] as const;

type Process = SoakRecord['samples'][number]['server'];

/** Whether the interval of a change leaves out none at all. */
export const isDrift = ({ low, high }: Drift): boolean => low > 0 || high < 0;
