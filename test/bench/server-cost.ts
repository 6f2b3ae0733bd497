/** What a delivery costs the server, as multiples of raw TCP on the same hub. */
import { createRandom } from '../../core/random.ts';
import type { Arm } from '../../core/result.ts';
import type { Phase } from '../../core/scenario.ts';
import type { Supervisor } from '../../loadgen/child-process.ts';
import { createOrder } from '../../loadgen/order.ts';
import { planCores } from '../../loadgen/pinning.ts';
import { plainSetup, runTrial } from '../../loadgen/trial.ts';
import { deriveMetrics } from '../../reports/derive.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import type { Finding } from './finding.ts';
import { ratioAtMost } from './finding.ts';
import type { Round } from './ratio.ts';
import { ratioOf } from './ratio.ts';

/** Upper ends of the intervals must stay below these, and why they are not 1. */
const limits: readonly (readonly [TransportName, number, string])[] = [
  ['ws', 1.4, 'ws.send builds a header per session and writes two buffers'],
  ['sse', 1.8, 'response.write frames a chunk per session: four buffers, a cork and its tick'],
  ['ws-prepared', 1.15, 'one socket.write, as raw does'],
  ['sse-prepared', 1.2, 'one socket.write, as raw does, of more bytes'],
];

const load = {
  kind: 'load',
  pacing: 'constant',
  deadlineMs: 5_000,
  publish: { ratePerS: 25, payloadBytes: 128, from: 'server', to: { kind: 'everybody' } },
} as const;
const phases: readonly Phase[] = [
  { kind: 'connect', clients: 1_000 },
  { ...load, measured: false, durationMs: 600 },
  { ...load, measured: true, durationMs: 3_000 },
];

export async function benchServer(
  supervisor: Supervisor,
  rounds: number,
  log: (text: string) => void,
): Promise<Finding[]> {
  const names: readonly TransportName[] = ['raw', ...limits.map(([name]) => name)];
  const order = createOrder(names, createRandom(2));
  const figures: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const costs = new Map<string, number>();
    for (const name of order()) costs.set(name, await serverCpu(name, supervisor));
    figures.push(costs);
    log(
      `server, round ${round + 1}/${rounds}: ${[...costs].map(([name, ns]) => `${name} ${(ns / 1_000).toFixed(2)} µs`).join(', ')}`,
    );
  }
  return limits.map(([name, limit, why]) => {
    const ratio = ratioOf(figures, name, 'raw');
    return ratioAtMost(
      `server.${name}`,
      ratio,
      limit,
      `server CPU per delivery, ${name} / raw; ${why}`,
    );
  });
}

async function serverCpu(name: TransportName, supervisor: Supervisor): Promise<number> {
  const { title, role } = transports[name];
  const arm: Arm = {
    name,
    title,
    transport: name,
    client: 'lean',
    target: 'built-in',
    route: 'direct',
    role,
  };
  const trial = await runTrial(
    { arm, phases, point: {}, round: 0, order: 0, attempt: 0, seed: 1, headRoom: undefined },
    plainSetup(planCores(), 1),
    supervisor,
    () => undefined,
  );
  const cpu = deriveMetrics(trial)['server.cpu'];
  if (cpu === undefined)
    throw new Error(`${name}: ${trial.says ?? 'the server’s CPU was not measured'}`);
  return cpu;
}
