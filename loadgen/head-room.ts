/**
 * How many deliveries a second the generator can take, found by flooding it from a null target: the
 * same bytes, written with the least work. A load near that ceiling would measure the generator.
 */
import { NS_PER_S } from '../core/clock.ts';
import { noFaults } from '../core/faults.ts';
import type { TransportName } from '../transports/registry.ts';
import { transports } from '../transports/registry.ts';
import type { Supervisor } from './child-process.ts';
import { TrialFailure } from './child-process.ts';
import { possibleClients, readLimits } from './limits.ts';
import { connect } from './phases/connect.ts';
import type { TrialPlan, TrialSetup } from './trial.ts';
import { startProcesses, stopAll } from './trial.ts';
import { childrenOfTrial } from './trial-children.ts';
import type { TrialContext } from './trial-context.ts';

const FLOOD_MS = 500;
/** Little enough that a slow generator does not get to read many messages at once. */
const FLOOD_BUFFER_BYTES = 16 * 1024;

export interface Load {
  readonly clients: number;
  readonly payloadBytes: number;
}

/** @returns deliveries per second, or why the null target could not be run */
export async function measureCeiling(
  plan: TrialPlan,
  load: Load,
  setup: TrialSetup,
  supervisor: Supervisor,
): Promise<number | { readonly says: string }> {
  const known = transports[plan.arm.transport as TransportName];
  const transport = known.lightest ?? plan.arm.transport;
  const children = childrenOfTrial(supervisor);
  try {
    const context = await startProcesses(
      { ...plan, arm: { ...plan.arm, transport } },
      // One process is what can be flooded without anything in between.
      { ...setup, faults: noFaults, bufferLimitBytes: FLOOD_BUFFER_BYTES, processes: 1 },
      children.supervisor,
      [],
      () => undefined,
    );
    return await children.unlessCrashed(flood(context, load));
  } catch (error) {
    await children.end();
    if (error instanceof TrialFailure) return { says: error.message };
    throw error;
  }
}

async function flood(context: TrialContext, load: Load): Promise<number> {
  // The ceiling is one of deliveries: beyond what fits into one process it is that of as many as fit.
  const clients = Math.min(load.clients, possibleClients(readLimits()).clients);
  await connect({ kind: 'connect', clients }, context);
  const { replyTimeoutMs } = context.setup;
  const expecting = context.workers.map((worker) => worker.next('expecting', replyTimeoutMs));
  for (const worker of context.workers) {
    const deliveries = {
      firstSeq: 0,
      count: 1e9,
      audience: { kind: 'everybody' },
      ordered: false,
      deadlineMs: replyTimeoutMs,
      sampleEvery: 0,
    } as const;
    worker.send({
      kind: 'expect',
      deliveries,
      requests: false,
      asks: undefined,
      slow: undefined,
      comeback: undefined,
    });
  }
  await Promise.all(expecting);
  const flooded = context.server.next('flooded', FLOOD_MS + replyTimeoutMs);
  context.server.send({ kind: 'flood', durationMs: FLOOD_MS, payloadBytes: load.payloadBytes });
  const { durationNs } = await flooded;
  const reports = context.workers.map((worker) => worker.next('phase-report', replyTimeoutMs));
  for (const worker of context.workers) worker.send({ kind: 'collect' });
  const received = (await Promise.all(reports)).reduce(
    (sum, { counts }) => sum + counts.received,
    0,
  );
  await stopAll(context);
  return (received * NS_PER_S) / durationNs;
}
