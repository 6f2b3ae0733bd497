/** One trial: fresh processes, all phases of the scenario, and a verdict on whether it measured anything. */

import { randomUUID } from 'node:crypto';
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
import { CONTROL_VERSION, READY_MS } from '../core/control.ts';
import { fault } from '../core/errors.ts';
import type { Faults } from '../core/faults.ts';
import { noFaults } from '../core/faults.ts';
import type { Snapshot, SoakRecord } from '../core/records/soak.ts';
import type { Arm, Point, Trial } from '../core/result.ts';
import type { Phase, ServerNeeds } from '../core/scenario.ts';
import type { LoadedTarget } from '../core/target.ts';
import type { Supervisor } from './child-process.ts';
import { TrialFailure } from './child-process.ts';
import { prepareFault } from './cuts/fault-run.ts';
import type { Network } from './namespaces.ts';
import { createNetwork } from './namespaces.ts';
import { clientsOf, needsNetwork } from './offered-load.ts';
import { runPhase } from './phases/registry.ts';
import type { CorePlan } from './pinning.ts';
import { behindRoute, keepRouteLog, openRoute } from './routes/open-route.ts';
import type { RoutePlan } from './routes/plan.ts';
import { childrenOfTrial } from './trial-children.ts';
import type { PhaseProgress, ServerChild, TrialContext, WorkerChild } from './trial-context.ts';
import { evaluate } from './trial-outcome.ts';

/** How to run trials; the same for every trial of a run. */
export interface TrialSetup extends ServerNeeds {
  /** Absolute path of the server's script, where it is another build than this one. */
  readonly serverScript?: string | undefined;
  /** Somebody else's server, in place of ours. */
  readonly target?: LoadedTarget | undefined;
  /** What is between clients and server; left out: nothing. */
  readonly route?: RoutePlan | undefined;
  /** Where the log of a proxy is kept when a trial fails; left out: nowhere. */
  readonly logFolder?: string | undefined;
  readonly epoch: Epoch;
  readonly cores: CorePlan;
  readonly workers: number;
  readonly host: string;
  readonly port: number;
  /** Of a transport that is not over HTTP; left out or 0: any free port. */
  readonly tcpPort?: number;
  /** Addresses of loopback at which the server is; left out: `host` alone. */
  readonly addresses?: number;
  /** How long a connection may take to be established. */
  readonly connectTimeoutMs: number;
  /** How long a process may take until it is ready. */
  readonly startTimeoutMs: number;
  /** How long a process may take to answer the controller, on top of what it was told to do. */
  readonly replyTimeoutMs: number;
  /** Paths of a certificate and its key, where the server speaks TLS. */
  readonly tls: ServerConfig['tls'];
  /** Of each worker: connections for requests beside the streams, and how many may be under way on each. */
  readonly upstream: WorkerConfig['upstream'];
  /** Of one trial: where its processes run, if not in the machine's own network. */
  readonly network?: Network | undefined;
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
    startTimeoutMs: 20_000,
    replyTimeoutMs: 30_000,
    policy: 'drop-newest',
    replay: 0,
    bufferLimitBytes: 2 ** 20,
    blockMs: 250,
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

/** Metrics are derived later; everything they need is in the trial. */
export async function runTrial(
  plan: TrialPlan,
  setup: TrialSetup,
  supervisor: Supervisor,
  onProgress: (progress: PhaseProgress) => void,
  onSnapshot: (snapshot: Snapshot) => void = () => undefined,
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
  const children = childrenOfTrial(supervisor);
  /** What a load that ends before its time was seen to do until then. */
  const looked: { soak?: SoakRecord } = {};
  const act = async (network: Network | undefined): Promise<Trial> => {
    const context = await startProcesses(
      plan,
      // Any address, of which there are only those of the network.
      network === undefined
        ? behindRoute(setup)
        : { ...behindRoute(setup), host: '0.0.0.0', network },
      children.supervisor,
      [],
      onProgress,
    );
    context.onSoakSample = (soak, sample) => {
      looked.soak ??= { ...soak, samples: [] };
      looked.soak.samples.push(sample);
      onSnapshot({ ...identity, ...soak, sample });
    };
    const script = async (): Promise<void> => {
      await openRoute(context, clientsOf(plan.phases), setup);
      await prepareFault(plan.phases, context);
      for (const phase of plan.phases) await runPhase(phase, context);
      await stopAll(context);
    };
    try {
      await children.unlessCrashed(script());
    } catch (error) {
      // Before anything is taken apart that they may hold on to.
      await children.end();
      keepRouteLog(context, setup, plan);
      throw error;
    } finally {
      await takeApart(context);
    }
    return { ...identity, outcome: 'completed', ...evaluate(context, plan.headRoom) };
  };
  try {
    return needsNetwork(plan.phases) ? await inNetwork(act) : await act(undefined);
  } catch (error) {
    await children.end();
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
      ...looked,
      probes: {},
      metrics: {},
    };
  }
}

/** @throws TrialFailure too where there can be no such network, or it cannot be taken away again */
async function inNetwork<T>(act: (network: Network) => Promise<T>): Promise<T> {
  const network = await createNetwork();
  try {
    return await act(network);
  } finally {
    await network.remove();
  }
}

/** Last what was made last: a path is taken apart before the namespace it ends in. */
async function takeApart({ cleanups }: TrialContext): Promise<void> {
  const problems: unknown[] = [];
  for (const cleanUp of cleanups.reverse()) {
    try {
      await cleanUp();
    } catch (error) {
      // The others are to be tried all the same.
      problems.push(error);
    }
  }
  if (problems.length > 0) throw problems[0];
}

export async function startProcesses(
  plan: TrialPlan,
  setup: TrialSetup,
  supervisor: Supervisor,
  processes: (ServerChild | WorkerChild)[],
  onProgress: (progress: PhaseProgress) => void,
): Promise<TrialContext> {
  const tag = randomUUID().slice(0, 8);
  const server = startServer(plan.arm.transport, plan.seed, setup, supervisor, tag);
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
      within: setup.network?.clients,
    });
    processes.push(child);
    return child;
  });
  const ready = Promise.all(workers.map((worker) => worker.next('ready', setup.startTimeoutMs)));
  const [answer] = await Promise.all([listeningOf(server, setup), ready]);
  const followMembers = (of: ServerChild, { pids }: typeof answer): void => {
    context.serverPids = pids ?? [of.pid];
    of.on('members', (members) => {
      context.serverPids = members.pids;
    });
  };
  const context: TrialContext = {
    clock: createClock(setup.epoch),
    seed: plan.seed,
    policy: setup.policy,
    setup,
    network: setup.network,
    supervisor,
    server,
    restartServer: async () => {
      const next = startServer(
        plan.arm.transport,
        plan.seed,
        { ...setup, port: answer.httpPort, tcpPort: tcpPortOf(answer) },
        supervisor,
        tag,
      );
      processes.push(next);
      followMembers(next, await listeningOf(next, setup));
      return next;
    },
    workers,
    endpoint: answer.endpoint,
    detours: [],
    route: undefined,
    fault: undefined,
    publishing: undefined,
    serverPids: [server.pid],
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
  followMembers(server, answer);
  return context;
}

/** Of a transport that is not over HTTP; 0 where there is none. */
function tcpPortOf({ endpoint, httpPort }: Extract<FromServer, { kind: 'listening' }>): number {
  return endpoint.port === httpPort ? 0 : endpoint.port;
}

/** @throws HarnessError `port-in-use`; TrialFailure when the process ends or says nothing */
async function listeningOf(
  server: ServerChild,
  { host, startTimeoutMs: ownMs, target }: TrialSetup,
): Promise<Extract<FromServer, { kind: 'listening' }>> {
  // Somebody else's server has its own time on top of that of the process that starts it.
  const startTimeoutMs = ownMs + (target === undefined ? 0 : (target.start?.timeoutMs ?? READY_MS));
  // In this order: when the time is up, the first of them is what is said to be missing.
  const listening = server.next('listening', startTimeoutMs);
  const refused = server.next('cannot-listen', startTimeoutMs);
  // One of the two never comes; only the race below is waited for.
  refused.catch(() => undefined);
  listening.catch(() => undefined);
  const answer = await Promise.race([listening, refused]);
  if (answer.kind === 'listening') {
    // Older builds say no version at all.
    if (answer.version === CONTROL_VERSION) return answer;
    throw fault('other-control-version', { server: server.title });
  }
  throw fault('port-in-use', { host: answer.host ?? host, port: answer.port, code: answer.code });
}

export function startServer(
  transport: string,
  seed: number,
  setup: TrialSetup,
  supervisor: Supervisor,
  tag?: string,
): ServerChild {
  const config: ServerConfig = {
    epoch: setup.epoch,
    transport,
    host: setup.host,
    port: setup.port,
    ...(setup.tcpPort === undefined ? {} : { tcpPort: setup.tcpPort }),
    ...(setup.addresses === undefined ? {} : { addresses: setup.addresses }),
    heartbeatMs: setup.heartbeatMs,
    bufferLimitBytes: setup.bufferLimitBytes,
    policy: setup.policy,
    replay: setup.replay,
    blockMs: setup.blockMs,
    slowMs: setup.slowMs,
    pongTimeoutMs: setup.pongTimeoutMs,
    keepAliveMs: setup.keepAliveMs,
    retryMs: setup.retryMs,
    processes: setup.processes,
    tls: setup.tls,
    seed,
    faults: setup.faults,
    ...(setup.target === undefined ? {} : { tag, cores: setup.cores.server }),
  };
  const server = supervisor.start<ToServer, FromServer>({
    title: `the server of ${transport}`,
    script: serverScript(setup),
    config,
    // What publishes through a target is a part of the generator; the target has the cores of the server.
    cores: setup.target === undefined ? setup.cores.server : setup.cores.generator,
    within: setup.network?.server,
  });
  if (setup.target !== undefined) server.send({ kind: 'target', target: setup.target });
  return server;
}

/** Several processes have one that speaks for them, beside the script of each. */
function serverScript({ serverScript: given, processes, target }: TrialSetup): string {
  if (target !== undefined) return '../servers/target-main';
  if (processes === 1) return given ?? '../servers/main';
  return given === undefined
    ? '../servers/cluster-main'
    : given.replace(/main\.js$/, 'cluster-main.js');
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
