/**
 * Whether events arrive together that were not sent together. Times in, words out; where nothing shows when
 * they were sent, the answer is that it cannot be known.
 *
 * ```
 * sent     ●     ●     ●     ●     ●     ●
 * arrived              ●●●               ●●●     clumped, in threes
 * ```
 */

import { median } from '../../core/median.ts';
import type { Clumping } from '../../core/records/probe.ts';
import { gapsOf } from './gaps.ts';

/** Arrivals that are no further apart came together, ms: one read, or two in a row. */
const TOGETHER_MS = 3;
/** Events sent at least this far apart should not arrive together, ms. */
const APART_MS = 10;
/** Below this share of all events it is the odd pause of a machine. */
const CLUMPED_SHARE = 0.1;
/** A pace is one when the middle half of the gaps differs by no more than this share of the median. */
const REGULAR_SHARE = 0.3;
const FEWEST_GAPS = 5;

export interface ClumpingOptions {
  /** How fine the send times are, ms (default 1). */
  readonly resolutionMs?: number;
  /** Whether arrivals and send times were read from one clock; only then is there a delay. */
  readonly sameClock?: boolean;
}

/** @param arrivals ms, in order @param sentAt ms of any clock, one for each arrival */
export function measureClumping(
  arrivals: readonly number[],
  sentAt?: readonly number[],
  { resolutionMs = 1, sameClock = false }: ClumpingOptions = {},
): Clumping {
  if (sentAt !== undefined && sentAt.length !== arrivals.length) {
    throw new RangeError('every arrival needs its send time');
  }
  const groups = groupsOf(arrivals);
  const sizes = groups.map(({ length }) => length);
  const starts = groups.map(([first = 0]) => arrivals[first] ?? 0);
  const common = {
    events: arrivals.length,
    groupSize: commonest(sizes),
    largest: Math.max(0, ...sizes),
    everyMs: median(gapsOf(starts)),
  };
  if (sentAt !== undefined) {
    return { ...common, ...bySendTimes(groups, arrivals, sentAt, resolutionMs, sameClock) };
  }
  return { ...common, ...byPace(groups, arrivals), delayMs: undefined };
}

/** Indices of the events that came together, group by group. */
function groupsOf(arrivals: readonly number[]): number[][] {
  const groups: number[][] = [];
  arrivals.forEach((at, index) => {
    const before = arrivals[index - 1];
    const last = groups.at(-1);
    if (before !== undefined && last !== undefined && at - before <= TOGETHER_MS) last.push(index);
    else groups.push([index]);
  });
  return groups;
}

/** The size that most *events* have around them, so that a few stray ones do not outvote a large group. */
function commonest(sizes: readonly number[]): number {
  const events = new Map<number, number>();
  for (const size of sizes) events.set(size, (events.get(size) ?? 0) + size);
  return [...events].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
}

type Judged = Pick<Clumping, 'verdict' | 'evidence' | 'clumped' | 'heldMs' | 'delayMs'>;

function bySendTimes(
  groups: readonly number[][],
  arrivals: readonly number[],
  sentAt: readonly number[],
  resolutionMs: number,
  sameClock: boolean,
): Judged {
  // Two times that look a unit apart may be a hair apart.
  const apartMs = Math.max(APART_MS, resolutionMs === 1 ? 0 : 2 * resolutionMs);
  let clumped = 0;
  const held: number[] = [];
  for (const group of groups) {
    const sent = group.map((index) => sentAt[index] ?? 0);
    const spread = Math.max(...sent) - Math.min(...sent);
    if (group.length < 2 || spread < apartMs) continue;
    clumped += group.length;
    held.push(spread);
  }
  const delays = arrivals.map((at, index) => at - (sentAt[index] ?? at));
  const p50 = median(delays);
  const tooFew = arrivals.length < 2;
  return {
    verdict: tooFew ? 'unknown' : verdictOf(clumped, arrivals.length),
    evidence: tooFew ? 'none' : 'send-times',
    clumped,
    heldMs: median(held),
    delayMs:
      sameClock && p50 !== undefined
        ? { p50, min: Math.min(...delays), max: Math.max(...delays) }
        : undefined,
  };
}

/** Singles at a regular pace show what the pace is; a group after as long a pause as it is large was held. */
function byPace(groups: readonly number[][], arrivals: readonly number[]): Omit<Judged, 'delayMs'> {
  const unknown = { verdict: 'unknown', evidence: 'none', clumped: 0, heldMs: undefined } as const;
  const startOf = (group: readonly number[] | undefined): number => arrivals[group?.[0] ?? 0] ?? 0;
  const gapsOfSingles: number[] = [];
  groups.forEach((group, index) => {
    const before = groups[index - 1];
    if (before?.length === 1 && group.length === 1)
      gapsOfSingles.push(startOf(group) - startOf(before));
  });
  const pace = regularPace(gapsOfSingles);
  if (pace === undefined) return unknown;
  let clumped = 0;
  const held: number[] = [];
  groups.forEach((group, index) => {
    const before = groups[index - 1];
    if (before === undefined || group.length < 2) return;
    const pause = startOf(group) - startOf(before);
    if (pause < (group.length - 0.5) * pace) return;
    clumped += group.length;
    held.push((group.length - 1) * pace);
  });
  return {
    verdict: verdictOf(clumped, arrivals.length),
    evidence: 'pace',
    clumped,
    heldMs: median(held),
  };
}

/** @returns ms between events that come at a regular pace; undefined where there is none to be seen */
function regularPace(gaps: readonly number[]): number | undefined {
  const sorted = [...gaps].sort((a, b) => a - b);
  const middle = median(sorted);
  if (sorted.length < FEWEST_GAPS || middle === undefined || middle < APART_MS) return undefined;
  const low = sorted[Math.floor(sorted.length / 4)] ?? 0;
  const high = sorted[Math.floor((sorted.length * 3) / 4)] ?? 0;
  return high - low <= REGULAR_SHARE * middle ? middle : undefined;
}

function verdictOf(clumped: number, events: number): 'clumped' | 'apart' {
  return clumped > CLUMPED_SHARE * events ? 'clumped' : 'apart';
}
