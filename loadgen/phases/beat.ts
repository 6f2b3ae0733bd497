/**
 * Heartbeats, with nothing else on the connections: first what they cost while nothing is wrong, then how
 * long it takes both sides to notice that a part of the connections leads nowhere any more.
 *
 *     quiet      beating      silence                             answers are collected
 *     ├──────────┼────────────┼──────────────────────────────────┤
 *       cost       cost         strike … noticed by both sides?    mend
 */
import { NS_PER_MS, NS_PER_US } from '../../core/clock.ts';
import { createHistogram, encodeHistogram, HIGHEST_US } from '../../core/histogram.ts';
import type { Closure, PhaseReport } from '../../core/process-reports.ts';
import type { BeatRecord } from '../../core/records/beat.ts';
import type { BeatPhase } from '../../core/scenario.ts';
import { plannedCount } from '../cuts/injector.ts';
import { paths } from '../namespaces.ts';
import { pause } from '../pause.ts';
import { readProcess } from '../procfs.ts';
import type { TrialContext } from '../trial-context.ts';

export async function beat(phase: BeatPhase, context: TrialContext): Promise<void> {
  const { clock, setup, fault, onProgress } = context;
  const { heartbeatMs, pongTimeoutMs, keepAliveMs } = setup;
  const { fault: plan, windowMs } = phase;
  if (fault === undefined) throw new Error('a fault that nobody has prepared');
  const startNs = clock();
  const shown = (phase: string): void => onProgress({ phase, received: 0, p99: undefined });

  shown('without heartbeats');
  const quiet = await window(0, windowMs, context);
  shown('with heartbeats');
  // Whole intervals, so that everybody is beaten as often as everybody else.
  const turns = heartbeatMs === 0 ? 1 : Math.ceil(windowMs / heartbeatMs);
  const beating = await window(heartbeatMs, Math.max(windowMs, turns * heartbeatMs), context);

  shown('watching for silence');
  await listen(phase, context);
  // Everybody is to have heard something since they listen.
  await pause(heartbeatMs);
  await closuresOf(context);
  const planned = plannedCount(fault.injector, plan, context);
  const strike = await fault.injector.strike(plan, context);
  await pause(plan.forMs - (clock() - strike.atNs) / NS_PER_MS);
  // Before it is mended: what comes to an end later was told so.
  const closures = await closuresOf(context);
  const reports = await collect(context);
  const watchedMs = (clock() - strike.atNs) / NS_PER_MS;
  await fault.injector.mend(plan, context);

  const lost = lostBy(reports, context.clients - planned);
  const atServer = closures.filter(({ why }) => why !== undefined || lost.falseAlarms === 0);
  const record: BeatRecord = {
    heartbeatMs,
    pongTimeoutMs,
    keepAliveMs,
    silenceMs: plan.comeback.silenceMs,
    connections: context.clients - (context.connect?.failed ?? 0),
    quiet,
    beating,
    planned,
    confirmed: { by: strike.by, count: strike.count },
    watchedMs,
    server: since(
      strike.atNs,
      atServer.map(({ at }) => at),
    ),
    client: since(strike.atNs, lost.doomed),
    falseAlarms: lost.falseAlarms,
  };
  context.records.beat = record;
  context.phases.push({
    kind: phase.kind,
    measured: true,
    startNs,
    endNs: clock(),
    says: `${strike.count} of ${record.connections} connections in a black hole for ${Math.round(watchedMs)} ms`,
  });
}

/** What the server takes while it beats at this interval. */
async function window(
  intervalMs: number,
  durationMs: number,
  context: TrialContext,
): Promise<BeatRecord['beating']> {
  const { clock } = context;
  const sentBefore = await beatAt(intervalMs, context);
  const read = async () => ({
    at: clock(),
    cpuNs: context.serverPids.reduce((sum, pid) => sum + (readProcess(pid)?.cpuNs ?? 0), 0),
    bytes: await wireBytes(context),
  });
  const before = await read();
  await pause(durationMs);
  const after = await read();
  const sent = await beatAt(intervalMs, context);
  return {
    wallNs: after.at - before.at,
    serverNs: after.cpuNs - before.cpuNs,
    bytes: after.bytes - before.bytes,
    beats: sent - sentBefore,
  };
}

async function wireBytes({ network }: TrialContext): Promise<number> {
  if (network === undefined) throw new Error('bytes are counted in a network of our own');
  const all = await Promise.all(paths.map((path) => network.traffic('server', path)));
  return all.reduce((sum, { bytesIn, bytesOut }) => sum + bytesIn + bytesOut, 0);
}

/** @returns heartbeats sent so far */
async function beatAt(intervalMs: number, { server, setup }: TrialContext): Promise<number> {
  const answer = server.next('beating', setup.replyTimeoutMs);
  server.send({ kind: 'beat', intervalMs });
  return (await answer).sent ?? 0;
}

/** From now on clients take silence for an end. */
async function listen({ fault: { comeback } }: BeatPhase, context: TrialContext): Promise<void> {
  const { workers, setup, seed } = context;
  const expecting = workers.map((worker) => worker.next('expecting', setup.replyTimeoutMs));
  for (const [index, worker] of workers.entries()) {
    worker.send({
      kind: 'expect',
      deliveries: undefined,
      requests: false,
      asks: undefined,
      slow: undefined,
      comeback: { ...comeback, seed: seed + index },
    });
  }
  await Promise.all(expecting);
}

async function closuresOf({ server, setup }: TrialContext): Promise<readonly Closure[]> {
  const answer = server.next('closures', setup.replyTimeoutMs);
  server.send({ kind: 'closures' });
  return (await answer).closures;
}

async function collect({ workers, setup }: TrialContext): Promise<PhaseReport[]> {
  const reports = workers.map((worker) => worker.next('phase-report', setup.replyTimeoutMs));
  for (const worker of workers) worker.send({ kind: 'collect' });
  return Promise.all(reports);
}

/** When the doomed clients noticed, and how many of the others took a living connection for dead, or lost one. */
function lostBy(
  reports: readonly PhaseReport[],
  kept: number,
): { doomed: number[]; falseAlarms: number } {
  const doomed: number[] = [];
  let falseAlarms = 0;
  let client = 0;
  for (const { comebacks } of reports) {
    for (const at of comebacks?.lostAt ?? []) {
      if (!Number.isNaN(at)) {
        if (client < kept) falseAlarms += 1;
        else doomed.push(at);
      }
      client += 1;
    }
  }
  return { doomed, falseAlarms };
}

function since(strikeNs: number, times: readonly number[]): BeatRecord['server'] {
  const histogram = createHistogram();
  for (const at of times) {
    const us = Math.floor((at - strikeNs) / NS_PER_US);
    histogram.recordValue(Math.max(0, Math.min(HIGHEST_US, us)));
  }
  return { found: times.length, times: encodeHistogram(histogram) };
}
