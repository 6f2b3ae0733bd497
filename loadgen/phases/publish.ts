/** Runs one publish phase: load on a schedule, every delivery accounted for, cost read before and after. */
import { NS_PER_MS, NS_PER_S } from '../../core/clock.ts';
import type { LoopSample, PhaseReport, Published, PublishOrder } from '../../core/control.ts';
import {
  decodeHistogram,
  encodeHistogram,
  mergeHistograms,
  valueAtQuantile,
} from '../../core/histogram.ts';
import type { TimelinePoint } from '../../core/result.ts';
import type { PublishPhase } from '../../core/scenario.ts';
import type { Schedule } from '../../core/schedule.ts';
import { createSchedule } from '../../core/schedule.ts';
import { median } from '../../core/stats.ts';
import { latencyPerSecond, spreadOf } from '../cells.ts';
import type { Cost } from '../cost-meter.ts';
import { meterCost } from '../cost-meter.ts';
import type { Measurement, TrialContext } from '../trial-context.ts';

/** Time for the publish order to reach the publisher before the first message is due. */
const LEAD_NS = 50 * NS_PER_MS;
/** Single latencies kept per trial; beyond it only every n-th message keeps its own. */
const MAX_CELLS = 16_000_000;
/** Steadiness is judged on medians over steps of the schedule: this long, or longer and this many. */
const SERIES_STEP_NS = 100 * NS_PER_MS;
const SERIES_STEPS = 200;
const PATIENCE_MS = 30_000;
/** Deliveries still missing this long after the last message was sent are waited for, but not as load. */
const DRAIN_MS = 250;

export async function publish(phase: PublishPhase, context: TrialContext): Promise<void> {
  const { clock, workers, clients } = context;
  const scheduleOptions = {
    pacing: phase.pacing,
    ratePerS: phase.ratePerS,
    durationMs: phase.durationMs,
    seed: context.seed,
  };
  const schedule = createSchedule(scheduleOptions);
  const { count } = schedule;
  const sampleEvery = phase.measured ? Math.ceil((count * clients) / MAX_CELLS) : 0;
  const firstSeq = context.nextSeq;
  context.nextSeq += count;

  const expecting = workers.map((worker) => worker.next('expecting', PATIENCE_MS));
  for (const worker of workers) {
    worker.send({
      kind: 'expect',
      expectation: { firstSeq, count, deadlineMs: phase.deadlineMs, sampleEvery },
    });
  }
  const open = (await Promise.all(expecting)).map((worker) => worker.open);

  const startNs = clock() + LEAD_NS;
  const order: PublishOrder = {
    schedule: scheduleOptions,
    startNs,
    firstSeq,
    payloadBytes: phase.payloadBytes,
    measured: phase.measured,
  };
  const lastDueMs = (schedule.dueAt(count - 1) + LEAD_NS) / NS_PER_MS;
  const droppedBefore = await countDropped(context);
  const stopWatching = watchProgress(phase, context);
  const anyFailure = [context.server.failure, ...workers.map(({ failure }) => failure)];
  const completed = Promise.all(
    workers.map((worker) =>
      // Not completing by the deadline is an outcome, which the ledger shows, not a failure.
      worker.next('complete', lastDueMs + phase.deadlineMs).catch(() => undefined),
    ),
  );
  try {
    // The cost is that of the load. Where deliveries are missing, the wait for them comes after it: seconds
    // of idling would make an overloaded generator look half busy.
    const { publication, cost } = await meterCost(context, async () => {
      const done = await Promise.race([
        publishFrom(phase, order, lastDueMs + phase.deadlineMs + PATIENCE_MS, context, open),
        ...anyFailure,
      ]);
      await Promise.race([completed, pause(DRAIN_MS), ...anyFailure]);
      return done;
    });
    for (const worker of workers) worker.send({ kind: 'load-over' });
    await Promise.race([completed, ...anyFailure]);
    const dropped = (await countDropped(context)) - droppedBefore;
    const endNs = clock();

    const collected = workers.map((worker) => worker.next('phase-report', PATIENCE_MS));
    for (const worker of workers) worker.send({ kind: 'collect' });
    const reports = await Promise.all(collected);

    context.phases.push({
      kind: phase.kind,
      measured: phase.measured,
      startNs,
      endNs,
      says: `${publication.sent} messages to ${clients} clients`,
    });
    if (phase.measured) {
      context.measurement = measure({
        phase,
        context,
        schedule,
        sampleEvery,
        startNs,
        publication,
        reports,
        cost,
        dropped,
      });
    }
  } finally {
    stopWatching();
  }
}

/** Has the schedule published: by the server, or by the first worker that has a client to publish from. */
function publishFrom(
  phase: PublishPhase,
  order: PublishOrder,
  patienceMs: number,
  { server, workers }: TrialContext,
  open: readonly number[],
): Promise<Published> {
  if (phase.publishFrom === 'server') {
    const published = server.next('published', patienceMs);
    server.send({ kind: 'publish', order });
    return published;
  }
  const worker = workers[open.findIndex((clients) => clients > 0)];
  if (worker === undefined) throw new Error('the connect phase lets nobody pass without a client');
  const published = worker.next('published', patienceMs);
  worker.send({ kind: 'publish', order });
  return published;
}

/** Deliveries that the server has left out since its start. */
async function countDropped({ server }: TrialContext): Promise<number> {
  const counted = server.next('counted', PATIENCE_MS);
  server.send({ kind: 'count' });
  return (await counted).dropped;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function watchProgress(phase: PublishPhase, { workers, onProgress }: TrialContext): () => void {
  const latest = new Map<number, { received: number; p99: number | undefined }>();
  let watching = true;
  for (const [index, worker] of workers.entries()) {
    worker.on('worker-sample', ({ received, p99 }) => {
      if (!watching) return;
      latest.set(index, { received, p99 });
      const all = [...latest.values()];
      onProgress({
        phase: phase.measured ? 'measuring' : 'warming up',
        received: all.reduce((sum, one) => sum + one.received, 0),
        p99: all.reduce<number | undefined>(
          (worst, one) => Math.max(worst ?? 0, one.p99 ?? 0) || worst,
          undefined,
        ),
      });
    });
  }
  return () => {
    watching = false;
  };
}

interface Outcome {
  readonly phase: PublishPhase;
  readonly context: TrialContext;
  readonly schedule: Schedule;
  readonly sampleEvery: number;
  readonly startNs: number;
  readonly publication: Published;
  readonly reports: readonly PhaseReport[];
  readonly cost: Cost;
  readonly dropped: number;
}

function measure(outcome: Outcome): Measurement {
  const { phase, context, schedule, sampleEvery, startNs, publication, reports, cost, dropped } =
    outcome;
  const { clients } = context;
  const expected = schedule.count * clients;
  const total = (pick: (report: PhaseReport) => number): number =>
    reports.reduce((sum, report) => sum + pick(report), 0);
  const received = total(({ counts }) => counts.received);
  const rows = Math.ceil(schedule.count / sampleEvery);
  const dueOfRow = (row: number): number => schedule.dueAt(row * sampleEvery);
  const spread = spreadOf(reports, rows, clients, phase.deadlineMs * 1_000);
  const due = mergeHistograms(reports.map((report) => decodeHistogram(report.due)));
  const slip = decodeHistogram(publication.slip);
  const wire = sumWire(reports);
  const arrivals = reports.flatMap(({ lastReceivedAt }) => lastReceivedAt ?? []);

  const probes: Record<string, number | undefined> = {
    planned: schedule.count,
    sent: publication.sent,
    failedSends: publication.failed,
    // To the last delivery: a wait for what was lost is no time in which anything was delivered.
    durationNs: received === 0 ? undefined : Math.max(...arrivals) - startNs,
    serverDropped: dropped,
    sendingNs: publication.lastSentAt - publication.firstSentAt,
    slipP50Us: valueAtQuantile(slip, 0.5),
    slipP99Us: valueAtQuantile(slip, 0.99),
    wireBytes: wire?.bytes,
    wireMessages: wire?.messages,
    generatorUtilization: Math.max(...reports.map(({ loop }) => loop.utilization)),
    generatorGcMs: total(({ loop }) => loop.gcMs),
    generatorGcLongestMs: Math.max(...reports.map(({ loop }) => loop.gcLongestMs)),
    generatorRssBytes: total(({ loop }) => loop.rssBytes),
    generatorProbeP99Us: Math.max(...reports.map(({ probe }) => probe.p99)),
    generatorProbeMaxUs: Math.max(...reports.map(({ probe }) => probe.max)),
    sampleEvery,
    deadlineUs: phase.deadlineMs * 1_000,
    ...cost.probes,
  };

  return {
    ledger: {
      expected,
      received,
      lost: expected - received,
      duplicated: total(({ counts }) => counts.duplicated),
      reordered: total(({ counts }) => counts.reordered),
      late: total(({ counts }) => counts.late),
      foreign: total(({ counts }) => counts.foreign),
    },
    beforeDue: total(({ counts }) => counts.beforeDue),
    histograms: {
      due: encodeHistogram(due),
      sent: encodeHistogram(mergeHistograms(reports.map((report) => decodeHistogram(report.sent)))),
      spreadFirst: encodeHistogram(spread.first),
      spreadMedian: encodeHistogram(spread.median),
      spreadLast: encodeHistogram(spread.last),
      slip: publication.slip,
    },
    timeline: timelineOf(outcome, rows, dueOfRow),
    injected: publication.injected,
    closed: reports.flatMap(({ closed }) => closed),
    probes: Object.fromEntries(
      Object.entries(probes).filter((entry): entry is [string, number] => entry[1] !== undefined),
    ),
    series: seriesOf(spread.medians, dueOfRow, phase.durationMs * NS_PER_MS),
    publishFrom: phase.publishFrom,
  };
}

function sumWire(reports: readonly PhaseReport[]): { bytes: number; messages: number } | undefined {
  let bytes = 0;
  let messages = 0;
  for (const { wire } of reports) {
    if (wire === undefined) return undefined;
    bytes += wire.bytes;
    messages += wire.messages;
  }
  return { bytes, messages };
}

/** Median of the messages due in each step of the schedule. Steps without a message are left out. */
function seriesOf(
  medians: readonly number[],
  dueOfRow: (row: number) => number,
  spanNs: number,
): number[] {
  const stepNs = Math.max(SERIES_STEP_NS, spanNs / SERIES_STEPS);
  const steps = new Map<number, number[]>();
  for (const [row, value] of medians.entries()) {
    const step = Math.floor(dueOfRow(row) / stepNs);
    const members = steps.get(step);
    if (members === undefined) steps.set(step, [value]);
    else members.push(value);
  }
  return [...steps.values()].map((values) => median(values) ?? 0);
}

/** One row per second: what clients saw, and what both processes and the machine did meanwhile. */
function timelineOf(
  { reports, startNs, cost, sampleEvery }: Outcome,
  rows: number,
  dueOfRow: (row: number) => number,
): TimelinePoint[] {
  const latency = latencyPerSecond(reports, rows, (row) => Math.floor(dueOfRow(row) / NS_PER_S));
  const secondOf = (at: number): number => Math.round((at - startNs) / NS_PER_S) - 1;
  const server = new Map(cost.serverSamples.map(({ at, loop }) => [secondOf(at), loop]));
  const generator = new Map<number, LoopSample>();
  for (const { at, loop } of cost.workerSamples) {
    const second = secondOf(at);
    const known = generator.get(second);
    if (known === undefined || loop.utilization > known.utilization) generator.set(second, loop);
  }
  const steal = new Map(cost.steal.map(({ at, share }) => [secondOf(at), share]));
  return [...latency]
    .sort(([a], [b]) => a - b)
    .map(([second, { deliveries, p50, p99, max }]) => ({
      second,
      deliveries: deliveries * sampleEvery,
      p50,
      p99,
      max,
      serverUtilization: server.get(second)?.utilization,
      serverGcMs: server.get(second)?.gcMs,
      generatorUtilization: generator.get(second)?.utilization,
      generatorGcMs: generator.get(second)?.gcMs,
      stealShare: steal.get(second),
    }));
}
