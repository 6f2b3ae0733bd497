/** Makes the record of a fault from what its injector and all workers say of it. Takes values, returns values. */
import { NS_PER_MS, NS_PER_US } from '../../core/clock.ts';
import { createHistogram, encodeHistogram, HIGHEST_US } from '../../core/histogram.ts';
import type { ComebackReport, PhaseReport, ServerCounts } from '../../core/process-reports.ts';
import type { FaultRecord } from '../../core/records/fault.ts';
import type { FlowPlan } from '../flows.ts';
import { mergeEncoded } from '../trips.ts';
import { firstDueFrom } from './due.ts';
import type { CpuReading, FaultOutcome } from './fault-run.ts';

const STEP_MS = 100;
const STEP_NS = STEP_MS * NS_PER_MS;

/** Of plans and reports, what a fault is judged by. */
interface FaultedPlan {
  readonly publish:
    | Pick<NonNullable<FlowPlan['publish']>, 'schedule' | 'load' | 'sampleEvery'>
    | undefined;
}
type FaultedReport = Pick<PhaseReport, 'comebacks' | 'counts' | 'cells' | 'columns'>;

export interface FaultEvidence {
  readonly outcome: FaultOutcome;
  readonly plan: FaultedPlan;
  readonly startNs: number;
  readonly endNs: number;
  /** Clients that were connected when the load began. */
  readonly open: number;
  readonly reports: readonly FaultedReport[];
  readonly countsBefore: ServerCounts;
  readonly countsAfter: ServerCounts;
}

export function faultRecord(evidence: FaultEvidence): FaultRecord {
  const { outcome, startNs, reports, countsBefore, countsAfter } = evidence;
  const { plan, planned, strike, mendedAtNs } = outcome;
  const comebacks = reports.flatMap((report) => report.comebacks ?? []);
  const sinceStrike = (times: (report: ComebackReport) => Float64Array): string => {
    const histogram = createHistogram();
    for (const report of comebacks) {
      for (const at of times(report)) {
        if (Number.isNaN(at)) continue;
        // Nothing is below 0 here: who noticed before it happened is counted, and the trial is invalid then.
        const us = Math.floor((at - strike.atNs) / NS_PER_US);
        histogram.recordValue(Math.max(0, Math.min(HIGHEST_US, us)));
      }
    }
    return encodeHistogram(histogram);
  };
  const sum = (pick: (report: ComebackReport) => number): number =>
    comebacks.reduce((total, report) => total + pick(report), 0);
  const loss = lossOf(evidence, comebacks);
  const replayed = difference(countsBefore.replayed, countsAfter.replayed);
  return {
    cut: plan.cut,
    strategy: plan.comeback.strategy,
    resume: plan.comeback.resume,
    planned,
    confirmed: {
      by: strike.by,
      count: strike.count,
      atMs: (strike.atNs - startNs) / NS_PER_MS,
    },
    mendedAtMs: (mendedAtNs - startNs) / NS_PER_MS,
    noticed: sum(({ cut }) => cut),
    early: sum(({ lostAt }) => countOf(lostAt, (at) => at < strike.atNs)),
    away: sum(({ awaySince }) => countOf(awaySince, (at) => !Number.isNaN(at))),
    detected: sinceStrike(({ lostAt }) => lostAt),
    back: sinceStrike(({ backAt }) => backAt),
    outage: outagesOf(comebacks),
    firstMessage: sinceStrike(({ firstMessageAt }) => firstMessageAt),
    handshake:
      comebacks.length === 0
        ? encodeHistogram(createHistogram())
        : mergeEncoded(comebacks.map(({ handshake }) => handshake)),
    attempts: sum(({ attemptedAt }) => attemptedAt.length),
    refused: sum(({ refusedAt }) => refusedAt.length),
    refusals: addUp(comebacks.flatMap(({ refusals }) => refusals)),
    gaps: sum(({ gaps }) => gaps),
    ...(replayed === undefined ? {} : { replayed }),
    ...(loss === undefined ? {} : { loss }),
    timeline: timelineOf(evidence, comebacks),
  };
}

/** Of every return, also of those who were cut off again. */
function outagesOf(comebacks: readonly ComebackReport[]): string {
  const histogram = createHistogram();
  for (const { outages } of comebacks) {
    for (const ns of outages) {
      histogram.recordValue(Math.min(HIGHEST_US, Math.floor(ns / NS_PER_US)));
    }
  }
  return encodeHistogram(histogram);
}

const countOf = (times: Float64Array, isWanted: (at: number) => boolean): number =>
  times.reduce((count, at) => count + Number(isWanted(at)), 0);

function addUp(refusals: ComebackReport['refusals']): { cause: string; count: number }[] {
  const sums = new Map<string, number>();
  for (const { cause, count } of refusals) sums.set(cause, (sums.get(cause) ?? 0) + count);
  return [...sums].map(([cause, count]) => ({ cause, count }));
}

const difference = (before = 0, after?: number): number | undefined =>
  after === undefined ? undefined : Math.max(0, after - before);

/**
 * What at most once must cost: whoever is away misses what is due while it is away, each time, until it is
 * back. The first time it is away from the fault on, and not from the moment it notices; where connections
 * are hit in turn nobody knows that moment, and it is noticed at once. Only for messages to everybody.
 */
function lossOf(
  { outcome, plan: { publish }, startNs, endNs, reports }: FaultEvidence,
  comebacks: readonly ComebackReport[],
): FaultRecord['loss'] {
  const { plan, strike } = outcome;
  const { resume, strategy } = plan.comeback;
  if (resume && strategy !== 'none') return undefined;
  if (publish?.load.to.kind !== 'everybody') return undefined;
  const { schedule } = publish;
  const dueBetween = (from: number, until: number): number =>
    firstDueFrom(schedule, until - startNs) - firstDueFrom(schedule, from - startNs);
  let predicted = 0;
  let connected = 0;
  for (const { lostAt, awaySince, everyBackAt, outages } of comebacks) {
    for (const [index, back] of everyBackAt.entries()) {
      predicted += dueBetween(back - (outages[index] ?? 0), back);
    }
    for (const since of awaySince) {
      if (!Number.isNaN(since)) predicted += dueBetween(since, endNs);
    }
    for (const at of lostAt) {
      if (!Number.isNaN(at) && strike.inTurn !== true) predicted += dueBetween(strike.atNs, at);
    }
    connected += lostAt.length;
  }
  const received = reports.reduce((total, { counts }) => total + counts.received, 0);
  return { predicted, found: Math.max(0, schedule.count * connected - received) };
}

/** From the start of the load to its end, in steps: who is connected at the end of each, and what happened in it. */
function timelineOf(
  { outcome, plan, startNs, endNs, open, reports }: FaultEvidence,
  comebacks: readonly ComebackReport[],
): FaultRecord['timeline'] {
  const steps = Math.max(1, Math.ceil((endNs - startNs) / STEP_NS));
  const counted = (times: (report: ComebackReport) => Float64Array): Float64Array => {
    const perStep = new Float64Array(steps);
    for (const report of comebacks) {
      for (const at of times(report)) {
        if (Number.isNaN(at)) continue;
        const step = Math.min(steps - 1, Math.max(0, Math.floor((at - startNs) / STEP_NS)));
        perStep[step] = (perStep[step] ?? 0) + 1;
      }
    }
    return perStep;
  };
  const lost = counted(({ everyLostAt }) => everyLostAt);
  const back = counted(({ everyBackAt }) => everyBackAt);
  const attempts = counted(({ attemptedAt }) => attemptedAt);
  const refused = counted(({ refusedAt }) => refusedAt);
  const missing = missingPerStep(plan, reports, steps);
  const cpu = cpuPerStep(outcome.cpu, startNs, steps);
  let connected = open;
  return Array.from({ length: steps }, (_, step) => {
    connected += (back[step] ?? 0) - (lost[step] ?? 0);
    const busy = cpu[step];
    return {
      ms: step * STEP_MS,
      connected,
      attempts: attempts[step] ?? 0,
      refused: refused[step] ?? 0,
      ...(missing === undefined ? {} : { missing: missing[step] ?? 0 }),
      ...(busy === undefined ? {} : { serverCpu: busy }),
    };
  });
}

/** Deliveries due in each step that never came; only where every message was kept. */
function missingPerStep(
  { publish }: FaultedPlan,
  reports: readonly FaultedReport[],
  steps: number,
): Float64Array | undefined {
  if (publish === undefined || publish.sampleEvery !== 1) return undefined;
  if (publish.load.to.kind !== 'everybody') return undefined;
  const missing = new Float64Array(steps);
  for (const { cells, columns } of reports) {
    for (let row = 0; row < publish.schedule.count; row += 1) {
      const step = Math.min(steps - 1, Math.floor(publish.schedule.dueAt(row) / STEP_NS));
      for (let column = row * columns; column < (row + 1) * columns; column += 1) {
        if (cells[column] === 0) missing[step] = (missing[step] ?? 0) + 1;
      }
    }
  }
  return missing;
}

/** Share of one core that the server took in each step; nothing for steps that no two readings span. */
function cpuPerStep(
  readings: readonly CpuReading[],
  startNs: number,
  steps: number,
): (number | undefined)[] {
  const shares = new Array<number | undefined>(steps).fill(undefined);
  for (const [index, { at, cpuNs, pids }] of readings.entries()) {
    const before = readings[index - 1];
    // Another process has taken the place of one, or has joined, and counts from its own start.
    if (before === undefined || cpuNs < before.cpuNs) continue;
    if (String(before.pids) !== String(pids)) continue;
    const step = Math.floor(((at + before.at) / 2 - startNs) / STEP_NS);
    if (step < 0 || step >= steps) continue;
    shares[step] = (cpuNs - before.cpuNs) / (at - before.at);
  }
  return shares;
}
