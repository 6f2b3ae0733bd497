/** What a long load came to, in one word per question: does memory grow for ever, do counts creep, does latency drift. */
import type { Growth, LeakVerdict } from '../core/leak.ts';
import type { SoakRecord } from '../core/records/soak.ts';
import { holm, studentProbability, studentQuantile } from '../core/stats.ts';
import type { Drift, Levels } from './soak-trends.ts';
import { driftOf, growthOf, heldBytes, levelsOf, residentBytes } from './soak-trends.ts';

export interface SoakVerdict {
  /** Of the server's memory, resident, held or live, whichever says most; undefined for a load too short to say. */
  readonly memory: LeakVerdict | undefined;
  /** Bytes per second, with a 95 % interval. */
  readonly resident: Slope | undefined;
  readonly held: Slope | undefined;
  /** Whether all growth may be garbage: no collection was seen, neither during the load nor a forced one after it. */
  readonly mayBeGarbage: boolean;
  /** Whether only resident memory grew all the time, and nothing that JavaScript holds: no more than a rise then. */
  readonly outside: boolean;
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

/**
 * Where less than this share of a rise is left after a forced collection, it was garbage: in a short load there
 * may have been no collection, and then even its floor rises.
 */
const GARBAGE = 0.5;

export function soakVerdict(record: SoakRecord): SoakVerdict {
  const resident = growthOf(record, 'server', residentBytes);
  const held = growthOf(record, 'server', heldBytes);
  const { liveBytes, samples } = record;
  const live = liveBytes === undefined ? undefined : liveBytes.after - liveBytes.before;
  // Two values have no trend, but without garbage in them they see what is too slow for the others.
  const grown: LeakVerdict | undefined =
    live !== undefined && live > LIVE_RISE_BYTES ? 'rise' : undefined;
  const isGarbage = live !== undefined && held !== undefined && live < GARBAGE * riseOf(held);
  // Pages that the allocator keeps look like this, and so does a leak in native code: nobody can tell them apart.
  const outside =
    resident?.verdict === 'leak' &&
    held?.verdict === 'none' &&
    live !== undefined &&
    live <= LIVE_RISE_BYTES;
  const found = [
    isGarbage && (resident?.fit.slope ?? 0) <= held.fit.slope
      ? 'none'
      : outside
        ? 'rise'
        : resident?.verdict,
    isGarbage ? 'none' : held?.verdict,
    grown,
  ].filter((one) => one !== undefined);
  const collections = Math.max(resident?.collections ?? 0, held?.collections ?? 0);
  return {
    memory: WORSE.findLast((verdict) => found.includes(verdict)),
    resident: resident?.fit,
    held: held?.fit,
    mayBeGarbage: live === undefined && collections === 0,
    outside,
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

/** By how much the line through the floor rises from its first point to its last, bytes. */
const riseOf = ({ fit, floor }: Growth): number =>
  fit.slope * ((floor.at(-1)?.x ?? 0) - (floor[0]?.x ?? 0));

const COUNTS = [
  { name: 'descriptors', of: ({ descriptors }: Process) => descriptors },
  { name: 'timers', of: ({ timers }: Process) => timers },
  { name: 'handles', of: ({ handles }: Process) => handles },
] as const;

type Process = SoakRecord['samples'][number]['server'];

export type DriftVerdict =
  /** Beyond the margin, by more than can be chance. */
  | 'drift'
  /** Its 90 % interval lies inside the margin. */
  | 'none'
  | 'unclear';

const SIGNIFICANCE = 0.05;

/**
 * The words of the rule for arms (core/verdict.ts), about one change each: `drift` is tested against the
 * margin, and corrected for all the others that are looked at, since each could be the one that chance moves.
 */
export function judgeDrifts(drifts: readonly Drift[], margin: number): DriftVerdict[] {
  const edge = Math.log1p(margin);
  const p = holm(
    drifts.map(({ log: { change, error, degrees } }) => {
      const beyond = Math.abs(change) - edge;
      return beyond <= 0 ? 1 : 2 * studentProbability(-beyond / error, degrees);
    }),
  );
  return drifts.map(({ log: { change, error, degrees } }, index) => {
    if ((p[index] ?? 1) < SIGNIFICANCE) return 'drift';
    const half = studentQuantile(1 - SIGNIFICANCE, degrees) * error;
    return Math.abs(change) + half < edge ? 'none' : 'unclear';
  });
}
