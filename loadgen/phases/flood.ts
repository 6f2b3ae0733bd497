/**
 * How much gets through when nothing waits for a schedule: the server publishes as fast as its clients take it,
 * and what reached them is counted from the first sending to the last arrival. Every message has to arrive.
 */
import { NS_PER_MS } from '../../core/clock.ts';
import { carriesTimes } from '../../core/message.ts';
import type { FloodPhase } from '../../core/scenario.ts';
import { WAKE_UP_US, wakeUpUs } from '../../core/waits.ts';
import { meterCost } from '../cost-meter.ts';
import { inspectAll } from '../inspect.ts';
import { pause } from '../pause.ts';
import type { TrialContext } from '../trial-context.ts';

/** Buffered in the server for all clients together, beside what the kernel holds for each of them. */
const WINDOW_BYTES = 2 ** 20;
/** How long what was sent may take to arrive. */
const ARRIVAL_MS = 5_000;
const LOOK_MS = 5;
/** More than any flood sends, in the ten digits that a message has for its number. */
const MOST = 1e9;

export async function flood(phase: FloodPhase, context: TrialContext): Promise<void> {
  const { server, workers, clock, setup } = context;
  const { durationMs, payloadBytes } = phase;
  // Nobody tells these to: several processes have no common window, and somebody else's server no flood.
  if (setup.processes > 1 || setup.target !== undefined) return;
  const open = await expectFlood(payloadBytes, context);
  context.onProgress({ phase: 'at full speed', received: 0, p99: undefined });
  const begunNs = clock();
  const { outcome, cost } = await meterCost(context, async () => {
    const flooded = server.next('flooded', durationMs + setup.replyTimeoutMs);
    server.send({ kind: 'flood', durationMs, payloadBytes, windowBytes: WINDOW_BYTES });
    const { sent, startNs = begunNs, heldNs, durationNs } = await flooded;
    await arrivalOf(sent * open, context);
    return { sent, startNs, heldNs, durationNs };
  });
  const collected = workers.map((worker) => worker.next('phase-report', setup.replyTimeoutMs));
  for (const worker of workers) worker.send({ kind: 'collect' });
  const reports = await Promise.all(collected);
  const { sent, startNs, heldNs, durationNs } = outcome;
  context.phases.push({
    kind: phase.kind,
    measured: false,
    startNs,
    endNs: clock(),
    says: `${sent} messages to ${open} clients, as fast as they took them`,
  });

  const received = reports.reduce((sum, { counts }) => sum + counts.received, 0);
  const { serverCpuNs, generatorCpuNs } = cost.probes;
  const waitShare = waitBeyondHelpers(cost.probes);
  // Whether these say anything is for the metrics to decide.
  Object.assign(context.probes, {
    floodDeliveries: received,
    floodMissing: sent * open - received,
    floodNs: Math.max(...reports.map(({ lastReceivedAt = startNs }) => lastReceivedAt)) - startNs,
    ...(heldNs === undefined ? {} : { floodHeldShare: heldNs / durationNs }),
    ...(waitShare === undefined ? {} : { floodWaitShare: waitShare }),
    ...(serverCpuNs === undefined ? {} : { floodServerCpuNs: serverCpuNs }),
    ...(generatorCpuNs === undefined ? {} : { floodGeneratorCpuNs: generatorCpuNs }),
  });
}

/**
 * How long the worse of the main threads waited for a core, as a share of the CPU time that it had, beyond the
 * time that its own helper threads had. Undefined where it cannot be read.
 */
export function waitBeyondHelpers(
  probes: Readonly<Record<string, number | undefined>>,
): number | undefined {
  const shares = (['server', 'generator'] as const).map((side) => {
    const cpuNs = probes[`${side}CpuNs`];
    const mainNs = probes[`${side}MainCpuNs`];
    const waitNs = probes[`${side}MainWaitNs`];
    if (cpuNs === undefined || !mainNs || waitNs === undefined) return undefined;
    const eachUs = wakeUpUs(probes, side);
    return eachUs !== undefined && eachUs < WAKE_UP_US
      ? 0
      : Math.max(0, waitNs - (cpuNs - mainNs)) / mainNs;
  });
  const known = shares.filter((one) => one !== undefined);
  return known.length < shares.length ? undefined : Math.max(...known);
}

/** @returns how many clients are there to be flooded */
async function expectFlood(
  payloadBytes: number,
  { workers, clock, setup }: TrialContext,
): Promise<number> {
  const expecting = workers.map((worker) => worker.next('expecting', setup.replyTimeoutMs));
  const small = !carriesTimes(payloadBytes);
  for (const worker of workers) {
    worker.send({
      kind: 'expect',
      deliveries: {
        firstSeq: 0,
        count: MOST,
        audience: { kind: 'everybody' },
        ordered: false,
        deadlineMs: setup.replyTimeoutMs,
        sampleEvery: 0,
        // Nothing is due at a time of its own; but what is too small to say so is looked up in a schedule.
        ...(small ? { schedule: AT_ONCE } : {}),
      },
      requests: false,
      asks: undefined,
      slow: undefined,
      comeback: undefined,
    });
  }
  const ready = await Promise.all(expecting);
  if (small) for (const worker of workers) worker.send({ kind: 'starts', startNs: clock() });
  return ready.reduce((sum, { open }) => sum + open, 0);
}

const AT_ONCE = { pacing: 'constant', ratePerS: 1e9, durationMs: 1_000, seed: 0 } as const;

/** Looks until all has come; what has not come in time shows in the counts. */
async function arrivalOf(deliveries: number, context: TrialContext): Promise<void> {
  const { clock } = context;
  const endNs = clock() + ARRIVAL_MS * NS_PER_MS;
  for (;;) {
    const { workers } = await inspectAll(context, false);
    const received = workers.reduce((sum, one) => sum + one.received, 0);
    if (received >= deliveries || clock() > endNs) return;
    await pause(LOOK_MS);
  }
}
