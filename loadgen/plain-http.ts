/** Runs the yardstick of a point: the POST endpoint alone, driven by autocannon, on a server of its own. */
import { noFaults } from '../core/faults.ts';
import type { Point, Yardstick } from '../core/result.ts';
import type { Phase } from '../core/scenario.ts';
import type { Supervisor } from './child-process.ts';
import { TrialFailure } from './child-process.ts';
import { readProcess } from './procfs.ts';
import type { TrialSetup } from './trial.ts';
import { startServer } from './trial.ts';
import { childrenOfTrial } from './trial-children.ts';
import type { YardstickConfig, YardstickFigures } from './yardstick.ts';

/** Longer adds nothing: it is a figure to look at, and takes part in no comparison. */
const LONGEST_MS = 3_000;

/** The load that a POST endpoint alone can be given; undefined where requests are not all there is. */
export function yardstickLoad(
  phases: readonly Phase[],
):
  | { readonly ratePerS: number; readonly payloadBytes: number; readonly durationMs: number }
  | undefined {
  for (const phase of phases) {
    if (phase.kind !== 'load' || !phase.measured) continue;
    const { request, publish, ask, durationMs } = phase;
    const alone = publish === undefined && ask === undefined;
    if (!alone || request?.work.kind !== 'echo') return undefined;
    const { ratePerS, payloadBytes } = request;
    return { ratePerS, payloadBytes, durationMs: Math.min(durationMs, LONGEST_MS) };
  }
  return undefined;
}

/** @returns undefined where there is nothing to measure; why, where it could not be measured */
export async function runYardstick(
  { phases, point, round }: { phases: readonly Phase[]; point: Point; round: number },
  setup: TrialSetup,
  supervisor: Supervisor,
): Promise<Yardstick | { readonly says: string } | undefined> {
  const load = yardstickLoad(phases);
  if (load === undefined) return undefined;
  const children = childrenOfTrial(supervisor);
  const server = startServer('sse', 1, { ...setup, faults: noFaults }, children.supervisor);
  try {
    const { endpoint } = await server.next('listening', setup.startTimeoutMs);
    const { connections, pipelining } = setup.upstream;
    const { connectTimeoutMs } = setup;
    const config: YardstickConfig = {
      endpoint,
      connections,
      pipelining,
      connectTimeoutMs,
      ...load,
    };
    const before = readProcess(server.pid);
    const outcome = await children.unlessCrashed(
      supervisor.runScript(
        './yardstick',
        [JSON.stringify(config)],
        load.durationMs + setup.connectTimeoutMs + setup.startTimeoutMs,
      ),
    );
    const after = readProcess(server.pid);
    await server.stop({ kind: 'stop' });
    if ('says' in outcome) return { says: `its process ${outcome.says}` };
    const figures = JSON.parse(outcome.output) as YardstickFigures;
    const { answered, failed, p50, p99, ratePerS, causes } = figures;
    if (answered === 0) return { says: `no POST was answered with 200: ${causes}` };
    const cpuNs =
      before === undefined || after === undefined ? undefined : after.cpuNs - before.cpuNs;
    return {
      round,
      point,
      p50,
      p99,
      answered,
      failed,
      ratePerS,
      connections,
      cpu: cpuNs === undefined || answered === 0 ? undefined : cpuNs / answered,
    };
  } catch (error) {
    await children.end();
    // A yardstick is worth having, and not worth a run.
    if (error instanceof TrialFailure) return { says: error.message };
    throw error;
  }
}
