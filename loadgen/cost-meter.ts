/** What a phase cost, from outside: CPU of both sides, waiting, steal and pressure, with samples per second. */
import { availableParallelism } from 'node:os';
import type { LoopSample } from '../core/process-reports.ts';
import type { MachineReading, ProcessReading } from './procfs.ts';
import { readMachine, readProcess } from './procfs.ts';
import type { ServerUsage } from './server-usage.ts';
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
      const now = read();
      const wallNs = now.at - before.at;
      const atServer = servers.read();
      const atProxy = proxy?.read();
      const { cores, target } = context.setup;
      const machineCores = availableParallelism();
      const all = {
        ...difference(before, now),
        ...usage('server', atServer),
        ...usage('proxy', atProxy),
      };
      const oursNs = ['serverCpuNs', 'generatorCpuNs', 'proxyCpuNs'].reduce(
        (sum, name) => sum + (all[name] ?? 0),
        0,
      );
      const serverCores = cores.server.length || machineCores;
      const allCores = cores.server.length + cores.generator.length || machineCores;
      return {
        probes: {
          ...all,
          ...crowding(context, atServer?.working),
          ...busyServer(
            atServer,
            wallNs,
            serverCores,
            context.serverPids.length,
            target !== undefined,
          ),
          ...busyProxy(atProxy, wallNs, allCores, oursNs),
          // Our own server samples itself.
          serverBufferedBytes: target === undefined ? bufferedBytes : undefined,
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
 * Of a server that is not one process of ours, whose event loop tells how busy it is: CPU time as a share of what
 * it could have had. That is all cores that its processes can use, or one where a single thread does it all, or
 * is what the others wait for.
 */
export function busyServer(
  usage: Usage | undefined,
  wallNs: number,
  cores: number,
  processes: number,
  isTarget: boolean,
): Record<string, number> {
  if (usage === undefined || (!isTarget && processes <= 1)) return {};
  const { before, after, working, busiest } = usage;
  // Threads of somebody else's server may use every core; processes of ours do their work in their first.
  const usable = isTarget ? cores : Math.min(cores, processes);
  const ofAll = (after.cpuNs - before.cpuNs) / wallNs / usable;
  const ofFirst = !isTarget || working === 1 ? busiest.ranNs / wallNs : 0;
  return { serverBusyShare: Math.max(ofAll, ofFirst) };
}

/** Of all cores, what our own processes have to use for their waits to be for each other. */
const MOST_CORES = 0.8;

/**
 * How busy a proxy was: its busiest process, or all of its threads on all cores. It has no core to itself; so where
 * server, generator and proxy use the cores up between them, what it waited for one counts as well. Where
 * something else did, that is no sign of a busy proxy.
 *
 * @param oursNs CPU time of all three
 */
export function busyProxy(
  usage: Usage | undefined,
  wallNs: number,
  cores: number,
  oursNs: number,
): Record<string, number> {
  if (usage === undefined) return {};
  const { before, after, busiest } = usage;
  const isOwnCrowd = oursNs >= MOST_CORES * wallNs * cores;
  const wanted = ({ cpuNs, mainWaitNs, helperWaitNs }: ProcessReading): number =>
    isOwnCrowd ? cpuNs + mainWaitNs + helperWaitNs : cpuNs;
  const ofAll = (wanted(after) - wanted(before)) / wallNs / cores;
  const ofBusiest = (isOwnCrowd ? busiest.runnableNs : busiest.ranNs) / wallNs;
  return { proxyBusyShare: Math.max(ofAll, ofBusiest) };
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

type Usage = NonNullable<ReturnType<ServerUsage['read']>>;

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
