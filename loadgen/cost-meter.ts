/** What a phase cost, from outside: CPU of both sides, waiting, steal and pressure, with samples per second. */
import { availableParallelism } from 'node:os';
import type { LoopSample } from '../core/process-reports.ts';
import type { MachineReading, ProcessReading } from './procfs.ts';
import { readMachine, readProcess } from './procfs.ts';
import { watchServers } from './server-usage.ts';
import type { TrialContext } from './trial-context.ts';

export interface Cost {
  readonly probes: Readonly<Record<string, number | undefined>>;
  readonly serverSamples: readonly { readonly at: number; readonly loop: LoopSample }[];
  readonly workerSamples: readonly { readonly at: number; readonly loop: LoopSample }[];
  readonly steal: readonly { readonly at: number; readonly share: number }[];
}

const SAMPLE_MS = 1_000;

interface Readings {
  readonly at: number;
  readonly workers: readonly (ProcessReading | undefined)[];
  readonly machine: MachineReading | undefined;
}

/** Runs `load` and reads what it cost; stops reading also when it fails. */
export async function meterCost<Outcome>(
  context: TrialContext,
  load: () => Promise<Outcome>,
): Promise<{ outcome: Outcome; cost: Cost }> {
  const meter = startCostMeter(context);
  try {
    const outcome = await load();
    return { outcome, cost: meter.read() };
  } finally {
    meter.close();
  }
}

function startCostMeter(context: TrialContext): { read(): Cost; close(): void } {
  const { clock, server, workers } = context;
  const servers = watchServers(() => context.serverPids);
  const { route } = context;
  const proxy = route && watchServers(() => route.pids());
  const read = (): Readings => ({
    at: clock(),
    workers: workers.map(({ pid }) => readProcess(pid)),
    machine: readMachine(),
  });
  const serverSamples: { at: number; loop: LoopSample }[] = [];
  const workerSamples: { at: number; loop: LoopSample }[] = [];
  const steal: { at: number; share: number }[] = [];
  let metering = true;
  let bufferedBytes = 0;
  server.on('server-sample', (sample) => {
    if (!metering) return;
    serverSamples.push(sample);
    bufferedBytes = Math.max(bufferedBytes, sample.bufferedBytes);
  });
  for (const worker of workers) {
    worker.on('worker-sample', (sample) => {
      if (metering) workerSamples.push(sample);
    });
  }

  const before = read();
  let last = before.machine;
  const sampler = setInterval(() => {
    servers.look();
    proxy?.look();
    const now = readMachine();
    const share = stealShare(last, now);
    if (share !== undefined) steal.push({ at: clock(), share });
    last = now;
  }, SAMPLE_MS);

  return {
    read() {
      const interval = servers.read();
      return {
        probes: {
          ...difference(before, read()),
          ...usage('server', interval),
          ...usage('proxy', proxy?.read()),
          ...crowding(context, interval?.working),
          ...ofTarget(context, interval, clock() - before.at),
          // Our own server samples itself.
          serverBufferedBytes: context.setup.target === undefined ? bufferedBytes : undefined,
          serverUtilization: mean(serverSamples.map(({ loop }) => loop.utilization)),
        },
        serverSamples,
        workerSamples,
        steal,
      };
    },
    close() {
      clearInterval(sampler);
      metering = false;
    },
  };
}

/**
 * In place of the utilization of an event loop, which nobody else tells: CPU time as a share of what the server
 * could have had, of all its cores or of one where it does all in its first thread.
 */
function ofTarget(
  { setup }: TrialContext,
  interval: (Interval & { readonly working: number }) | undefined,
  wallNs: number,
): Record<string, number> {
  if (setup.target === undefined || interval === undefined) return {};
  const { before, after, working } = interval;
  const cores = setup.cores.server.length || availableParallelism();
  const ofAll = (after.cpuNs - before.cpuNs) / wallNs / cores;
  const ofFirst = working === 1 ? (after.mainCpuNs - before.mainCpuNs) / wallNs : 0;
  return { serverBusyShare: Math.max(ofAll, ofFirst) };
}

/** Where several server processes share a core, they wait for each other. */
function crowding(
  { serverPids, setup }: TrialContext,
  working: number | undefined,
): Record<string, number> {
  const cores = setup.cores.server.length;
  // Of somebody else's nobody knows which of them serve, but for what they use.
  const processes = setup.target === undefined ? serverPids.length : (working ?? 1);
  return processes === 1 || cores === 0 ? {} : { serversPerCore: processes / cores };
}

function difference(before: Readings, after: Readings): Record<string, number | undefined> {
  const machine =
    before.machine === undefined || after.machine === undefined
      ? undefined
      : { before: before.machine, after: after.machine };
  const wallNs = after.at - before.at;
  const pressureBefore = machine?.before.pressureUs;
  const pressureAfter = machine?.after.pressureUs;
  return {
    wallNs,
    ...sumUsage(
      before.workers.map((reading, index) =>
        usage('generator', both(reading, after.workers[index])),
      ),
    ),
    generatorWaitShare: worstWait(before.workers, after.workers),
    stealShare: stealShare(machine?.before, machine?.after),
    pressureShare:
      pressureBefore === undefined || pressureAfter === undefined
        ? undefined
        : ((pressureAfter - pressureBefore) * 1_000) / wallNs,
    tcpMemoryBytes: machine?.after.tcpMemoryBytes,
  };
}

interface Interval {
  readonly before: ProcessReading;
  readonly after: ProcessReading;
}

function both(
  before: ProcessReading | undefined,
  after: ProcessReading | undefined,
): Interval | undefined {
  return before === undefined || after === undefined ? undefined : { before, after };
}

function usage(prefix: string, interval: Interval | undefined): Record<string, number | undefined> {
  if (interval === undefined) return {};
  const { before, after } = interval;
  return {
    [`${prefix}CpuNs`]: after.cpuNs - before.cpuNs,
    [`${prefix}UserNs`]: after.userNs - before.userNs,
    [`${prefix}MainCpuNs`]: after.mainCpuNs - before.mainCpuNs,
    [`${prefix}MainWaitNs`]: after.mainWaitNs - before.mainWaitNs,
    [`${prefix}HelperWaitNs`]: after.helperWaitNs - before.helperWaitNs,
    [`${prefix}ContextSwitches`]: after.contextSwitches - before.contextSwitches,
    [`${prefix}RssBytes`]: after.rssBytes,
  };
}

/** One worker that could not be read makes the sum unknown, not smaller. */
function sumUsage(
  usages: readonly Record<string, number | undefined>[],
): Record<string, number | undefined> {
  const [first = {}] = usages;
  return Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      usages.reduce<number | undefined>((sum, one) => {
        const value = one[name];
        return sum === undefined || value === undefined ? undefined : sum + value;
      }, 0),
    ]),
  );
}

/** Of the worker that waited longest for a core, since its clients' deliveries are late whatever the others did. */
function worstWait(before: Readings['workers'], after: Readings['workers']): number | undefined {
  const shares = before.map((start, index) => {
    const end = after[index];
    if (start === undefined || end === undefined) return undefined;
    const ran = end.mainCpuNs - start.mainCpuNs;
    return ran === 0 ? 0 : (end.mainWaitNs - start.mainWaitNs) / ran;
  });
  return shares.reduce<number | undefined>(
    (worst, one) => (one === undefined ? worst : Math.max(worst ?? 0, one)),
    undefined,
  );
}

/** Steal as a share of the time that was not idle. */
function stealShare(
  before: MachineReading | undefined,
  after: MachineReading | undefined,
): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const busy = after.nonIdleTicks - before.nonIdleTicks;
  return busy === 0 ? 0 : (after.stealTicks - before.stealTicks) / busy;
}

function mean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
