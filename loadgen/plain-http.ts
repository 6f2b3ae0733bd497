/** Runs the yardstick of a point: the POST endpoint alone, driven by autocannon, on a server of its own. */
import { noFaults } from '../core/faults.ts';
import type { Point, Yardstick } from '../core/result.ts';
import type { Phase } from '../core/scenario.ts';
import type { Supervisor } from './child-process.ts';
import { TrialFailure } from './child-process.ts';
import { readProcess } from './procfs.ts';
import type { TrialSetup } from './trial.ts';
import { startServer } from './trial.ts';
import type { YardstickConfig, YardstickFigures } from './yardstick.ts';

const PATIENCE_MS = 20_000;
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

/** @returns undefined where there is nothing to measure, or it could not be measured */
export async function runYardstick(
  { phases, point, round }: { phases: readonly Phase[]; point: Point; round: number },
  setup: TrialSetup,
  supervisor: Supervisor,
): Promise<Yardstick | undefined> {
  const load = yardstickLoad(phases);
  if (load === undefined) return undefined;
  const server = startServer('sse', 1, { ...setup, faults: noFaults }, supervisor);
  try {
    const { endpoint } = await server.next('listening', PATIENCE_MS);
    const { connections, pipelining } = setup.upstream;
    const config: YardstickConfig = { endpoint, connections, pipelining, ...load };
    const before = readProcess(server.pid);
    const output = await supervisor.runScript('./yardstick', [JSON.stringify(config)]);
    const after = readProcess(server.pid);
    await server.stop({ kind: 'stop' });
    if (output === undefined) return undefined;
    const { answered, failed, p50, p99, ratePerS } = JSON.parse(output) as YardstickFigures;
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
    server.kill();
    // A yardstick is worth having, and not worth a run.
    if (error instanceof TrialFailure) return undefined;
    throw error;
  }
}
