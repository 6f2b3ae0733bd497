/** One trial: fresh processes, all phases of the scenario, and a verdict on whether it measured anything. */

import type { Epoch } from '../core/clock.ts';
import { createClock, newEpoch } from '../core/clock.ts';
import type {
  FromServer,
  FromWorker,
  ServerConfig,
  ToServer,
  ToWorker,
  WorkerConfig,
} from '../core/control.ts';
import { fault } from '../core/errors.ts';
import type { Faults } from '../core/faults.ts';
import { noFaults } from '../core/faults.ts';
import type { Arm, Point, Trial } from '../core/result.ts';
import type { Phase, ServerNeeds } from '../core/scenario.ts';
import type { Supervisor } from './child-process.ts';
import { TrialFailure } from './child-process.ts';
import { runPhase } from './phases/registry.ts';
import type { CorePlan } from './pinning.ts';
import type { PhaseProgress, ServerChild, TrialContext, WorkerChild } from './trial-context.ts';
import { evaluate } from './trial-outcome.ts';

/** How to run trials; the same for every trial of a run. */
export interface TrialSetup extends ServerNeeds {
  readonly epoch: Epoch;
  readonly cores: CorePlan;
  readonly workers: number;
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  /** Paths of a certificate and its key, where the server speaks TLS. */
  readonly tls: ServerConfig['tls'];
  /** Of each worker: connections for requests beside the streams, and how many may be under way on each. */
  readonly upstream: WorkerConfig['upstream'];
  readonly faults: Faults;
}

/** The setup of a trial that nobody asked anything special of: no faults, no heartbeats, any free port. */
export function plainSetup(cores: CorePlan, workers: number): TrialSetup {
  return {
    epoch: newEpoch(),
    cores,
    workers,
    host: '127.0.0.1',
    port: 0,
    connectTimeoutMs: 30_000,
    policy: 'drop-newest',
    replay: 0,
    bufferLimitBytes: 2 ** 20,
    slowMs: 10_000,
    heartbeatMs: 0,
    pongTimeoutMs: 0,
    keepAliveMs: 0,
    retryMs: 0,
    processes: 1,
    tls: undefined,
    upstream: { connections: 16, pipelining: 1 },
    faults: noFaults,
  };
}

/** Which trial it is. */
export interface TrialPlan {
  readonly arm: Arm;
  readonly phases: readonly Phase[];
  readonly point: Point;
  readonly round: number;
  readonly order: number;
  readonly attempt: number;
  /** The same for all arms of a round, so that they replay the same arrivals. */
  readonly seed: number;
  readonly headRoom: number | undefined;
}

const START_TIMEOUT_MS = 20_000;

/** Metrics are derived later; everything they need is in the trial. */
export async function runTrial(
  plan: TrialPlan,
  setup: TrialSetup,
  supervisor: Supervisor,
  onProgress: (progress: PhaseProgress) => void,
): Promise<Trial> {
  const startedAt = new Date().toISOString();
  const identity = {
    arm: plan.arm.name,
    round: plan.round,
    order: plan.order,
    attempt: plan.attempt,
    point: plan.point,
    startedAt,
  };
  const processes: (ServerChild | WorkerChild)[] = [];
  try {
    const context = await startProcesses(plan, setup, supervisor, processes, onProgress);
    try {
      for (const phase of plan.phases) await runPhase(phase, context);
      await stopAll(context);
    } finally {
      // Last what was made last: a path is taken apart before the namespace it ends in.
      for (const cleanUp of context.cleanups.reverse()) await cleanUp();
    }
    return { ...identity, outcome: 'completed', ...evaluate(context, plan.headRoom) };
  } catch (error) {
    for (const child of processes) child.kill();
    if (!(error instanceof TrialFailure)) throw error;
    return {
      ...identity,
      outcome: 'failed',
      says: error.message,
      stderrTail: error.stderrTail,
      validity: {
        state: 'invalid',
        checks: [
          {
            id: 'processes',
            title: 'processes that failed',
            unit: 'count',
            value: 1,
            limit: 0,
            ok: 'invalid',
            says: error.message,
          },
        ],
      },
      phases: [],
      timeline: [],
      closed: [],
      probes: {},
      metrics: {},
    };
  }
}

export async function startProcesses(
  plan: TrialPlan,
  setup: TrialSetup,
  supervisor: Supervisor,
  processes: (ServerChild | WorkerChild)[],
  onProgress: (progress: PhaseProgress) => void,
): Promise<TrialContext> {
  const server = startServer(plan.arm.transport, plan.seed, setup, supervisor);
  processes.push(server);
  const workers = Array.from({ length: setup.workers }, (_, worker) => {
    const config: WorkerConfig = {
      epoch: setup.epoch,
      worker,
      transport: plan.arm.transport,
      client: plan.arm.client,
      upstream: setup.upstream,
      faults: setup.faults,
    };
    const child = supervisor.start<ToWorker, FromWorker>({
      title: `generator worker ${worker + 1}`,
      script: './worker',
      config,
      cores: setup.cores.generator,
    });
    processes.push(child);
    return child;
  });
  const ready = Promise.all(workers.map((worker) => worker.next('ready', START_TIMEOUT_MS)));
  const [answer] = await Promise.all([listeningOf(server, setup), ready]);
  return {
    clock: createClock(setup.epoch),
    seed: plan.seed,
    policy: setup.policy,
    setup,
    supervisor,
    server,
    restartServer: async () => {
      const next = startServer(
        plan.arm.transport,
        plan.seed,
        { ...setup, port: answer.endpoint.port },
        supervisor,
      );
      processes.push(next);
      await listeningOf(next, setup);
      return next;
    },
    workers,
    endpoint: answer.endpoint,
    serverPids: answer.pids ?? [server.pid],
    connectTimeoutMs: setup.connectTimeoutMs,
    answer: answerOf(plan.phases),
    onProgress,
    clients: 0,
    connect: undefined,
    nextSeq: 0,
    phases: [],
    measurement: undefined,
    records: {},
    probes: {},
    expectedClosures: 0,
    cleanups: [],
  };
}

/** @throws HarnessError `port-in-use`; TrialFailure when the process ends or says nothing */
async function listeningOf(
  server: ServerChild,
  { host }: TrialSetup,
): Promise<Extract<FromServer, { kind: 'listening' }>> {
  const refused = server.next('cannot-listen', START_TIMEOUT_MS);
  const listening = server.next('listening', START_TIMEOUT_MS);
  // One of the two never comes; only the race below is waited for.
  refused.catch(() => undefined);
  listening.catch(() => undefined);
  const answer = await Promise.race([listening, refused]);
  if (answer.kind === 'listening') return answer;
  throw fault('port-in-use', { host, port: answer.port, code: answer.code });
}

export function startServer(
  transport: string,
  seed: number,
  setup: TrialSetup,
  supervisor: Supervisor,
): ServerChild {
  const config: ServerConfig = {
    epoch: setup.epoch,
    transport,
    host: setup.host,
    port: setup.port,
    heartbeatMs: setup.heartbeatMs,
    bufferLimitBytes: setup.bufferLimitBytes,
    policy: setup.policy,
    replay: setup.replay,
    slowMs: setup.slowMs,
    pongTimeoutMs: setup.pongTimeoutMs,
    keepAliveMs: setup.keepAliveMs,
    retryMs: setup.retryMs,
    processes: setup.processes,
    tls: setup.tls,
    seed,
    faults: setup.faults,
  };
  return supervisor.start<ToServer, FromServer>({
    title: `the server of ${transport}`,
    script: '../servers/main',
    config,
    cores: setup.cores.server,
  });
}

/** Connections are made for a kind of answer, before the first request is. */
function answerOf(phases: readonly Phase[]): 'stream' | 'response' {
  for (const phase of phases) {
    if (phase.kind === 'load' && phase.request !== undefined) return phase.request.answer;
  }
  return 'stream';
}

/** Workers first: their clients leave, then the server has nobody to say goodbye to. */
export async function stopAll({ workers, server }: TrialContext): Promise<void> {
  await Promise.all(workers.map((worker) => worker.stop({ kind: 'stop' })));
  await server.stop({ kind: 'stop' });
}
