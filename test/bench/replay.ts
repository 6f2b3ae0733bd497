/** What a crowd that comes back costs those who stayed: replaying must not hold up what is published. */
import { constants, setPriority } from 'node:os';
import { createClock, NS_PER_MS } from '../../core/clock.ts';
import type { FromWorker, ToWorker, WorkerConfig } from '../../core/control.ts';
import { noFaults } from '../../core/faults.ts';
import { decodeHistogram, valueAtQuantile } from '../../core/histogram.ts';
import type { Endpoint } from '../../core/transport.ts';
import type { Child, Supervisor } from '../../loadgen/child-process.ts';
import { planCores } from '../../loadgen/pinning.ts';
import { readProcess } from '../../loadgen/procfs.ts';
import { plainSetup, startServer } from '../../loadgen/trial.ts';
import type { Finding } from './finding.ts';
import { atMost } from './finding.ts';

const STAYED = 500;
const CAME_BACK = 500;
const MISSED = 1_000;
/** With everybody back, this keeps the server about half busy. */
const RATE_PER_S = 50;
const DURATION_MS = 5_000;
const PATIENCE_MS = 60_000;

type Worker = Child<ToWorker, FromWorker>;

export async function benchReplay(
  supervisor: Supervisor,
  _rounds: number,
  log: (text: string) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const transport of ['sse', 'ws'] as const) {
    const { p99Us, busy, replayed } = await storm(transport, supervisor);
    log(
      `replay ${transport}: ${replayed} replayed, live p99 ${(p99Us / 1_000).toFixed(1)} ms, server ${Math.round(busy * 100)} % busy`,
    );
    findings.push(
      atMost(
        `replay.${transport}.live`,
        p99Us / 1_000,
        50,
        'ms',
        `live delivery p99 of ${STAYED} clients while ${CAME_BACK} others are replayed ${MISSED} messages each`,
      ),
    );
  }
  return findings;
}

async function storm(
  transport: 'sse' | 'ws',
  supervisor: Supervisor,
): Promise<{ p99Us: number; busy: number; replayed: number }> {
  const cores = planCores();
  const setup = { ...plainSetup(cores, 1), replay: 2 * MISSED };
  const { epoch } = setup;
  const clock = createClock(epoch);
  const server = startServer(transport, 1, setup, supervisor);
  const { endpoint } = await server.next('listening', PATIENCE_MS);
  const startWorker = (worker: number): Worker => {
    const workerConfig: WorkerConfig = {
      epoch,
      worker,
      transport,
      client: 'lean',
      upstream: { connections: 1, pipelining: 1 },
      faults: noFaults,
    };
    return supervisor.start({
      title: 'worker',
      script: './worker',
      config: workerConfig,
      cores: cores.generator,
    });
  };
  const publish = async (firstSeq: number, ratePerS: number, durationMs: number): Promise<void> => {
    const published = server.next('published', PATIENCE_MS);
    server.send({
      kind: 'publish',
      order: {
        schedule: { pacing: 'constant', ratePerS, durationMs, seed: 1 },
        startNs: clock() + 20 * NS_PER_MS,
        firstSeq,
        payloadBytes: 128,
        audience: { kind: 'everybody' },
        measured: false,
      },
    });
    await published;
  };

  const [stayed, back] = [startWorker(0), startWorker(1)];
  await Promise.all([stayed, back].map((worker) => worker.next('ready', PATIENCE_MS)));
  // Both may have to share a core, and the crowd is busy reading: it must not delay those who measure.
  setPriority(back.pid, constants.priority.PRIORITY_LOW);
  await connect(stayed, endpoint, STAYED, undefined);
  await publish(0, 1_000, MISSED);
  const expecting = stayed.next('expecting', PATIENCE_MS);
  stayed.send({
    kind: 'expect',
    deliveries: {
      firstSeq: MISSED,
      count: (RATE_PER_S * DURATION_MS) / 1_000,
      audience: { kind: 'everybody' },
      ordered: false,
      deadlineMs: 5_000,
      sampleEvery: 0,
    },
    requests: false,
    asks: undefined,
    slow: undefined,
    comeback: undefined,
  });
  await expecting;
  const before = readProcess(server.pid);
  const startedAt = clock();
  const complete = stayed.next('complete', PATIENCE_MS);
  const publishing = publish(MISSED, RATE_PER_S, DURATION_MS);
  const storming = connect(back, endpoint, CAME_BACK, MISSED);
  await Promise.all([publishing, storming, complete]);
  const after = readProcess(server.pid);
  const elapsedNs = clock() - startedAt;
  const [live, crowd] = await Promise.all([collect(stayed), collect(back)]);
  await Promise.all([stayed, back].map((worker) => worker.stop({ kind: 'stop' })));
  await server.stop({ kind: 'stop' });

  // To the crowd everything is foreign, since nobody told it what to expect.
  const replayed = crowd.counts.foreign;
  if (replayed < CAME_BACK * MISSED) {
    throw new Error(`only ${replayed} of ${CAME_BACK * MISSED} messages were replayed`);
  }
  const p99Us = valueAtQuantile(decodeHistogram(live.due), 0.99);
  if (p99Us === undefined) throw new Error('nothing was delivered');
  return {
    p99Us,
    busy: ((after?.cpuNs ?? 0) - (before?.cpuNs ?? 0)) / elapsedNs,
    replayed,
  };
}

async function connect(
  worker: Worker,
  endpoint: Endpoint,
  clients: number,
  history: number | undefined,
): Promise<void> {
  const connected = worker.next('connected', PATIENCE_MS);
  worker.send({
    kind: 'connect',
    endpoint,
    clients,
    firstClient: 0,
    totalClients: clients,
    phase: { kind: 'connect', clients, ...(history === undefined ? {} : { history }) },
    answer: 'stream',
    concurrency: 128,
    timeoutMs: PATIENCE_MS,
  });
  const { open } = await connected;
  if (open !== clients) throw new Error(`${open} of ${clients} clients could connect`);
}

async function collect(worker: Worker): Promise<Extract<FromWorker, { kind: 'phase-report' }>> {
  const report = worker.next('phase-report', PATIENCE_MS);
  worker.send({ kind: 'collect' });
  return report;
}
