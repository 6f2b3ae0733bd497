/**
 * Says whether a trial measured the target or something else. Pure: evidence in, verdict with every
 * value and limit out. A check without evidence is "not measured", which is shown and is never a pass.
 *
 * The limits were set where trials of one build against itself on a shared two-core machine stop
 * agreeing; docs/method.md tells where each comes from.
 */

import { median } from '../core/median.ts';
import type { BeatRecord } from '../core/records/beat.ts';
import type { FaultRecord } from '../core/records/fault.ts';
import type { RestRecord } from '../core/records/rest.ts';
import type { StallRecord } from '../core/records/stall.ts';
import type { Check, Flow, Validity } from '../core/result.ts';
import { LONGEST_WAIT, WAKE_UP_US, wakeUpUs } from '../core/waits.ts';
import { mser5, trend } from '../core/warmup.ts';
import { beatRules } from './validity-beat.ts';
import { faultRules, skippedByFault } from './validity-fault.ts';
import { isGeneral, restRules } from './validity-rest.ts';
import { skippedBySoak } from './validity-soak.ts';
import { skippedByStall, stallRules } from './validity-stall.ts';
import { skippedByTarget, targetRules, unknownOfTarget } from './validity-target.ts';

export interface Evidence {
  readonly probes: Readonly<Record<string, number>>;
  /** What the latencies and the series are of. */
  readonly flow: Flow;
  /** Whether every message is for every client. */
  readonly toEverybody: boolean;
  /** Whether anything of the load is sent by the generator. */
  readonly generatorSends: boolean;
  /** due → received, or due → answered, µs */
  readonly latencyP50: number | undefined;
  readonly latencyP99: number | undefined;
  readonly failedConnects: number;
  readonly clients: number;
  readonly closedEarly: number;
  readonly beforeDue: number;
  readonly foreign: number;
  /** Median latency per step of the schedule, µs. */
  readonly series: readonly number[];
  /** Deliveries/s the generator can take, over those that were offered. */
  readonly headRoom: number | undefined;
  /** Whether the server is somebody else's. */
  readonly isTarget?: boolean;
  /** What was broken on purpose. */
  readonly fault?: FaultRecord | undefined;
  /** Clients that stopped reading, or stood for them. */
  readonly stall?: StallRecord | undefined;
  /** Where there was no load. */
  readonly rest?: RestRecord | undefined;
  /** Where it was listened for silence only. */
  readonly beat?: BeatRecord | undefined;
  /** Whether it went on for long, with looks all through it. */
  readonly soak?: boolean;
}

export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly unit: 'share' | 'us' | 'ms' | 'count' | 'ratio';
  /** Beyond `invalid` (or `suspect`) in this direction is bad. */
  readonly bad: 'above' | 'below';
  value(evidence: Evidence): number | undefined;
  readonly invalid?: number | ((evidence: Evidence) => number | undefined);
  readonly suspect?: number | ((evidence: Evidence) => number | undefined);
  /** What it means when the limit is broken. */
  readonly broken: string;
  /** When the rule does not apply, why. */
  skip?(evidence: Evidence): string | undefined;
}

const share = (part: number | undefined, whole: number | undefined): number | undefined =>
  part === undefined || whole === undefined || whole === 0 ? undefined : part / whole;

/** From here on what the generator adds to single latencies can be seen, µs. */
function lateSending({ latencyP50 }: Evidence): number {
  return Math.max(1_000, 0.2 * (latencyP50 ?? 0));
}

/**
 * Whether a wait for a core is that of being woken, or takes less than a twentieth of the median latency. A
 * process with little to do waits some microseconds every time: a large share of its little CPU time, and
 * no other program.
 */
function waitsAreShort({ probes, latencyP50 }: Evidence, of: 'server' | 'generator'): boolean {
  const eachUs = wakeUpUs(probes, of);
  if (eachUs === undefined || latencyP50 === undefined) return false;
  return eachUs < Math.max(WAKE_UP_US, 0.05 * latencyP50);
}

/**
 * How much of its CPU time the main thread may wait. Helper threads of the same process collect garbage and
 * compile on the same core, and large messages keep them busy: to wait for those is its own cost, and no
 * disturbance from outside.
 */
function longestWait(evidence: Evidence, of: 'server' | 'generator'): number | undefined {
  if (waitsAreShort(evidence, of)) return undefined;
  const { probes } = evidence;
  const mainNs = probes[`${of}MainCpuNs`];
  const allNs = probes[`${of}CpuNs`];
  const helpers = mainNs === undefined || allNs === undefined ? undefined : allNs - mainNs;
  return LONGEST_WAIT + Math.max(0, share(helpers, mainNs) ?? 0);
}

/** Of every trial with a load. */
export const rules: readonly Rule[] = [
  {
    id: 'offered-rate',
    title: 'messages and requests sent, of those planned',
    unit: 'share',
    bad: 'below',
    value: ({ probes }) => {
      const offered = share(probes['sent'], probes['planned']);
      const trips = share(probes['tripsSent'], probes['tripsPlanned']);
      // Of several loads the worst; a trial without any is not measured.
      return offered === undefined || trips === undefined ? offered : Math.min(offered, trips);
    },
    invalid: 0.995,
    broken: 'the load that was asked for was not offered',
  },
  {
    id: 'send-lateness',
    title: 'schedule slip, 99th percentile',
    unit: 'us',
    bad: 'above',
    skip: ({ generatorSends }) =>
      generatorSends
        ? undefined
        : 'the server publishes or asks, so its lateness is part of what is measured',
    value: ({ probes }) => probes['generatorSlipP99Us'] ?? probes['slipP99Us'],
    suspect: lateSending,
    // From here on most of the tail is the generator's.
    invalid: (evidence) => Math.max(lateSending(evidence), 0.5 * (evidence.latencyP99 ?? 0)),
    broken: 'the generator sent late, so the latency is partly its own',
  },
  {
    id: 'timer',
    title: 'schedule slip, median, of the headline median',
    unit: 'share',
    bad: 'above',
    value: ({ probes, latencyP50 }) => share(probes['slipP50Us'], latencyP50),
    suspect: 0.1,
    broken:
      'the timer is a visible part of the latency and pulls ratios towards 1, so "same" cannot be said',
  },
  {
    id: 'generator-loop',
    title: 'busiest generator event loop',
    unit: 'share',
    bad: 'above',
    value: ({ probes }) => probes['generatorUtilization'],
    suspect: 0.6,
    invalid: 0.8,
    broken: 'the generator, not the server, may be the limit; try --workers 2 or fewer --clients',
  },
  {
    id: 'generator-probe',
    title: "lateness of the generator's own timer, 99th percentile",
    unit: 'us',
    bad: 'above',
    value: ({ probes, latencyP99 }) =>
      latencyP99 === undefined ? undefined : probes['generatorProbeP99Us'],
    // Its timer waits behind the reads of a whole broadcast, so one broadcast's time is normal.
    suspect: ({ latencyP99 }) => (latencyP99 === undefined ? undefined : 2_000 + 2 * latencyP99),
    broken: 'the generator ran things late, so part of the latency is its own',
  },
  {
    id: 'generator-gc',
    title: 'longest garbage collection in the generator',
    unit: 'ms',
    bad: 'above',
    value: ({ probes, latencyP99 }) =>
      latencyP99 === undefined ? undefined : probes['generatorGcLongestMs'],
    invalid: ({ latencyP99 }) => (latencyP99 === undefined ? undefined : latencyP99 / 1_000),
    broken: 'one pause of the generator is longer than the latency it reports',
  },
  {
    id: 'generator-queue',
    title: 'time the worst generator worker waited for a core, of its CPU time',
    unit: 'share',
    bad: 'above',
    value: ({ probes }) => probes['generatorWaitShare'],
    suspect: 0.05,
    invalid: (evidence) => longestWait(evidence, 'generator'),
    broken: 'something else ran on the generator’s core',
  },
  {
    id: 'server-queue',
    title: 'time the server waited for a core, of its CPU time',
    unit: 'share',
    bad: 'above',
    skip: ({ probes }) => crowded(probes),
    value: ({ probes }) => share(probes['serverMainWaitNs'], probes['serverMainCpuNs']),
    suspect: 0.05,
    invalid: (evidence) => longestWait(evidence, 'server'),
    broken: 'something else ran on the server’s core',
  },
  {
    id: 'steal',
    title: 'time stolen by other guests, of the time not idle',
    unit: 'share',
    bad: 'above',
    value: ({ probes }) => probes['stealShare'],
    suspect: 0.05,
    broken: 'the machine is shared; only comparisons within one round mean something',
  },
  {
    id: 'pressure',
    title: 'time in which a task waited for a CPU',
    unit: 'share',
    bad: 'above',
    skip: ({ probes }) => crowded(probes),
    value: ({ probes }) => probes['pressureShare'],
    suspect: 0.2,
    invalid: 0.5,
    broken: 'the machine was busy with other work',
  },
  {
    id: 'connects',
    title: 'connections that failed',
    unit: 'count',
    bad: 'above',
    value: ({ failedConnects }) => failedConnects,
    invalid: 0,
    broken: 'fewer clients took part than were asked for',
  },
  {
    id: 'connections-kept',
    title: 'connections lost during the measurement',
    unit: 'count',
    bad: 'above',
    value: ({ closedEarly }) => closedEarly,
    invalid: 0,
    broken: 'clients left before the end',
  },
  {
    id: 'clock',
    title: 'messages received before they were due or sent',
    unit: 'count',
    bad: 'above',
    value: ({ beforeDue }) => beforeDue,
    invalid: 0,
    broken: 'the clocks of two processes disagree',
  },
  {
    id: 'foreign',
    title: 'messages that belong to no phase under way',
    unit: 'count',
    bad: 'above',
    value: ({ foreign }) => foreign,
    suspect: 0,
    broken: 'something else publishes here, or messages came after their phase was over',
  },
  {
    id: 'head-room',
    title: 'what the generator can take, over what was offered',
    unit: 'ratio',
    bad: 'below',
    skip: ({ flow, toEverybody }) =>
      flow === 'delivery' && toEverybody
        ? undefined
        : 'it is found by flooding everybody, which this load does not do',
    value: ({ headRoom }) => headRoom,
    invalid: 2,
    broken:
      'the generator has too little to spare; try fewer --clients, a lower --rate, or more cores',
  },
  {
    id: 'steady',
    title: 'change of the median latency over the measurement',
    unit: 'share',
    bad: 'above',
    value: ({ series }) => unsteadiness(series),
    suspect: 0.25,
    broken: 'the latency was still moving; try a longer --warmup and --duration',
  },
];

/**
 * By how much the latency moved, as a share of its median: along a trend over the whole measurement, or,
 * where MSER-5 would cut off more than half of it, from the part before the cut to the part after. 0
 * where neither is found; undefined for a series too short to say.
 */
function unsteadiness(series: readonly number[]): number | undefined {
  // Neighbouring steps resemble each other, which makes p too small; hence the strict level.
  const found = trend(series, { significance: 0.001 });
  if (found === undefined) return undefined;
  const drift = found.significant ? Math.abs(found.relativeChange ?? 0) : 0;
  const truncation = mser5(series);
  if (truncation?.pastHalf !== true) return drift;
  // Medians: one outlier in either part is not a change.
  const before = median(series.slice(0, truncation.cut)) ?? 0;
  const after = median(series.slice(truncation.cut)) ?? 0;
  return Math.max(drift, after === 0 ? 0 : Math.abs(before / after - 1));
}

export function judge(evidence: Evidence): Validity {
  const ofLoad = [
    ...rules,
    ...(evidence.fault === undefined ? [] : faultRules),
    ...(evidence.stall === undefined ? [] : stallRules),
    ...(evidence.isTarget === true ? targetRules : []),
  ];
  const general = rules.filter(isGeneral);
  const all =
    evidence.beat !== undefined
      ? [...general, ...beatRules]
      : evidence.rest !== undefined
        ? [...general, ...restRules]
        : ofLoad;
  const checks = all.map((rule) => check(rule, evidence));
  const state = checks.some(({ ok }) => ok === 'invalid')
    ? 'invalid'
    : checks.some(({ ok }) => ok === 'suspect')
      ? 'suspect'
      : 'valid';
  return { state, checks };
}

/** Why waiting for a core says nothing; undefined where it says that something else ran there. */
function crowded(probes: Evidence['probes']): string | undefined {
  return (probes['serversPerCore'] ?? 1) > 1
    ? 'several server processes share a core, so they wait for each other'
    : undefined;
}

function check(rule: Rule, evidence: Evidence): Check {
  const limitOf = (limit: Rule['invalid']): number | undefined =>
    typeof limit === 'function' ? limit(evidence) : limit;
  const { id, title, unit } = rule;
  const skipped =
    rule.skip?.(evidence) ??
    skippedByFault(id, evidence) ??
    skippedByStall(id, evidence.stall) ??
    skippedBySoak(id, evidence.soak) ??
    skippedByTarget(id, evidence);
  const value = rule.value(evidence);
  if (skipped !== undefined)
    return { id, title, unit, value, ok: 'pass', says: `not judged: ${skipped}` };
  if (value === undefined) {
    const says = unknownOfTarget(id, evidence) ?? 'not measured on this machine';
    return { id, title, unit, ok: 'not-measured', says };
  }
  const beyond = (limit: number | undefined): boolean =>
    limit !== undefined && (rule.bad === 'above' ? value > limit : value < limit);
  const invalid = limitOf(rule.invalid);
  const suspect = limitOf(rule.suspect);
  if (beyond(invalid))
    return { id, title, unit, value, limit: invalid, ok: 'invalid', says: rule.broken };
  if (beyond(suspect))
    return { id, title, unit, value, limit: suspect, ok: 'suspect', says: rule.broken };
  return {
    id,
    title,
    unit,
    value,
    limit: suspect ?? invalid,
    ok: 'pass',
    says: 'within its limit',
  };
}
