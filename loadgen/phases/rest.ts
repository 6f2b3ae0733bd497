/**
 * Lets everybody wait, and reads what that costs: memory once it moves no more, or CPU over a window in
 * which nothing happens but heartbeats. Nothing is asked of the processes while their CPU is counted.
 */
import { NS_PER_MS } from '../../core/clock.ts';
import { median } from '../../core/median.ts';
import type { ServerMemory } from '../../core/process-memory.ts';
import type { CpuStep, MemoryStep, RestRecord } from '../../core/records/rest.ts';
import type { RestPhase } from '../../core/scenario.ts';
import { TrialFailure } from '../child-process.ts';
import { meterCost } from '../cost-meter.ts';
import { inspectAll } from '../inspect.ts';
import { pause } from '../pause.ts';
import type { KernelMemory } from '../procfs.ts';
import { cpuOf, readKernelMemory, residentOf } from '../procfs.ts';
import type { TrialContext } from '../trial-context.ts';

/** Between two looks at memory that may still be moving. */
const LOOK_MS = 150;
/** Movement from one look to the next that is none: some pages of the process itself. */
const STILL_BYTES = 64 * 1_024;
/** Looks at memory that has settled; the median counts. */
const SAMPLES = 5;
const SAMPLE_MS = 40;
/** The server beats its sessions in so many turns per interval: a window of whole turns has its share of them. */
const TURNS = 64;
/** After the last heartbeat: answers to it are still under way. */
const QUIET_MS = 250;

export async function rest(phase: RestPhase, context: TrialContext): Promise<void> {
  const { clock } = context;
  const startNs = clock();
  const record = context.records.rest ?? { memory: [], cpu: [], lost: 0 };
  context.onProgress({ phase: describe(phase), received: 0, p99: undefined });
  if (phase.what === 'memory') {
    const step = await settleAndRead(phase.durationMs, context);
    context.records.rest = { ...record, memory: [...record.memory, step] };
  } else {
    const step = await countCpu(phase, context);
    if (phase.warmUp === true) return;
    context.records.rest = {
      ...record,
      cpu: step === undefined ? record.cpu : [...record.cpu, step],
    };
  }
  await countLost(context);
  context.phases.push({
    kind: phase.kind,
    measured: true,
    startNs,
    endNs: clock(),
    says: `${describe(phase)} of ${connectionsOf(context)} connections`,
  });
}

function describe(phase: RestPhase): string {
  if (phase.what === 'memory') return 'memory at rest';
  return phase.heartbeatMs === 0
    ? 'CPU at rest, without heartbeats'
    : `CPU at rest, heartbeats every ${phase.heartbeatMs / 1_000} s`;
}

const connectionsOf = ({ clients, connect }: TrialContext): number =>
  clients - (connect?.failed ?? 0);

/** Collects garbage and looks, until what the server holds moves no more or the time is up. */
async function settleAndRead(longestMs: number, context: TrialContext): Promise<MemoryStep> {
  const { clock } = context;
  const startNs = clock();
  const generatorPids = context.workers.map(({ pid }) => pid);
  let inspection = await inspectAll(context, true);
  // Without a /proc a process only knows what it had when it was asked.
  const serverBytes = (): number => {
    const bytes = residentOf(context.serverPids) ?? inspection.server.rssBytes;
    if (bytes === undefined) throw new TrialFailure('nothing is known of the memory of the server');
    return bytes;
  };
  const generatorBytes = (): number =>
    residentOf(generatorPids) ??
    inspection.workers.reduce((sum, { memory }) => sum + memory.rssBytes, 0);
  let last = serverBytes();
  let movedBytes = Number.POSITIVE_INFINITY;
  do {
    inspection = await inspectAll(context, true);
    await pause(LOOK_MS);
    const now = serverBytes();
    movedBytes = Math.abs(now - last);
    last = now;
  } while (movedBytes > STILL_BYTES && clock() - startNs < longestMs * NS_PER_MS);
  const settledMs = (clock() - startNs) / NS_PER_MS;
  const looks: ({ server: number; generator: number; proxy?: number } & KernelMemory)[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const proxy = context.route && residentOf(context.route.pids());
    looks.push({
      server: serverBytes(),
      generator: generatorBytes(),
      ...(proxy === undefined ? {} : { proxy }),
      ...readKernelMemory(),
    });
    await pause(SAMPLE_MS);
  }
  const middle = (pick: (look: (typeof looks)[number]) => number | undefined) =>
    median(looks.flatMap((look) => pick(look) ?? []));
  return {
    connections: connectionsOf(context),
    serverBytes: middle(({ server }) => server) ?? 0,
    generatorBytes: middle(({ generator }) => generator) ?? 0,
    ...(context.route === undefined ? {} : { proxyBytes: middle(({ proxy }) => proxy) }),
    ...usedBytes(inspection.server),
    tcpBytes: middle(({ tcpBytes }) => tcpBytes),
    slabBytes: middle(({ slabBytes }) => slabBytes),
    movedBytes,
    settledMs,
  };
}

/** What JavaScript holds, where the server is one that says so. */
function usedBytes({ heapUsedBytes, externalBytes }: ServerMemory): Partial<MemoryStep> {
  return heapUsedBytes === undefined || externalBytes === undefined
    ? {}
    : { serverUsedBytes: heapUsedBytes + externalBytes };
}

async function countCpu(
  phase: Extract<RestPhase, { what: 'cpu' }>,
  context: TrialContext,
): Promise<CpuStep | undefined> {
  const { heartbeatMs, durationMs } = phase;
  const { server, workers, clock, serverPids, setup } = context;
  const beating = server.next('beating', setup.replyTimeoutMs);
  server.send({ kind: 'beat', intervalMs: heartbeatMs });
  await beating;
  if (heartbeatMs === 0) await pause(QUIET_MS);
  const turnMs = heartbeatMs / TURNS;
  const windowMs = turnMs === 0 ? durationMs : Math.ceil(durationMs / turnMs) * turnMs;
  const generatorPids = workers.map(({ pid }) => pid);
  const { outcome, cost } = await meterCost(context, async () => {
    const read = () => ({ at: clock(), server: cpuOf(serverPids), workers: cpuOf(generatorPids) });
    const before = read();
    await pause(windowMs);
    const after = read();
    if (before.server === undefined || after.server === undefined) return undefined;
    if (before.workers === undefined || after.workers === undefined) return undefined;
    return {
      connections: connectionsOf(context),
      heartbeatMs,
      wallNs: after.at - before.at,
      serverNs: after.server - before.server,
      generatorNs: after.workers - before.workers,
    };
  });
  if (phase.warmUp !== true) noteDisturbance(cost.probes, context);
  return outcome;
}

/** The mean of all windows: of so little work one tick stolen is a large share. */
function noteDisturbance(
  probes: Readonly<Record<string, number | undefined>>,
  { probes: kept, records }: TrialContext,
): void {
  const windows = records.rest?.cpu.length ?? 0;
  for (const name of ['stealShare', 'pressureShare']) {
    const value = probes[name];
    if (value === undefined) continue;
    kept[name] = ((kept[name] ?? 0) * windows + value) / (windows + 1);
  }
}

/** Connections that ended in the middle of doing nothing. */
async function countLost(context: TrialContext): Promise<void> {
  const { workers } = await inspectAll(context, false);
  const lost = workers.reduce((sum, { closed }) => sum + closed, 0);
  const record: RestRecord | undefined = context.records.rest;
  if (record !== undefined) context.records.rest = { ...record, lost };
}
