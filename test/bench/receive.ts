/**
 * What a delivery costs the generator, against the least a client can do and against what applications
 * use: the same server, bytes, pinning and pacing for all.
 */
import { createClock, NS_PER_MS } from '../../core/clock.ts';
import type { FromWorker, ToWorker, WorkerConfig } from '../../core/control.ts';
import { noFaults } from '../../core/faults.ts';
import { createRandom } from '../../core/random.ts';
import type { Supervisor } from '../../loadgen/child-process.ts';
import { createOrder } from '../../loadgen/order.ts';
import { planCores } from '../../loadgen/pinning.ts';
import { readProcess } from '../../loadgen/procfs.ts';
import { plainSetup, startServer } from '../../loadgen/trial.ts';
import type { Finding } from './finding.ts';
import { ratioAtMost } from './finding.ts';
import type { Round } from './ratio.ts';
import { ratioOf } from './ratio.ts';
import type { FromReader, ReaderKind, ToReader } from './reader.ts';

const CONNECTIONS = 1_000;
const PAYLOAD_BYTES = 128;
/** About a quarter of saturation: under saturation several messages come in one read. */
const RATE_PER_S = 25;
/** Long enough for the compiler to be done with the receive path of every subject. */
const WARM_UP_MS = 2_000;
const MEASURED_MS = 4_000;
const PATIENCE_MS = 30_000;

interface Subject {
  readonly name: string;
  readonly transport: 'sse' | 'ws';
  /** Our own generator worker, or a baseline. */
  readonly reader: ReaderKind | 'worker';
}

const subjects: readonly Subject[] = [
  { name: 'lean sse', transport: 'sse', reader: 'worker' },
  { name: 'bare sse', transport: 'sse', reader: 'bare-sse' },
  { name: 'eventsource-parser', transport: 'sse', reader: 'eventsource-parser' },
  { name: 'lean ws', transport: 'ws', reader: 'worker' },
  { name: 'bare ws', transport: 'ws', reader: 'bare-ws' },
  { name: 'ws client', transport: 'ws', reader: 'ws-client' },
];

export async function benchReceive(
  supervisor: Supervisor,
  rounds: number,
  log: (text: string) => void,
): Promise<Finding[]> {
  const order = createOrder(subjects, createRandom(1));
  const figures: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const costs = new Map<string, number>();
    for (const subject of order()) costs.set(subject.name, await costOf(subject, supervisor));
    figures.push(costs);
    log(
      `receive, round ${round + 1}/${rounds}: ${[...costs].map(([name, ns]) => `${name} ${(ns / 1_000).toFixed(2)} µs`).join(', ')}`,
    );
  }
  const check = (id: string, name: string, against: string, limit: number): Finding => {
    const ratio = ratioOf(figures, name, against);
    return ratioAtMost(id, ratio, limit, `generator CPU per delivery, ${name} / ${against}`);
  };
  return [
    check('receive.sse.bare', 'lean sse', 'bare sse', 1.3),
    check('receive.ws.bare', 'lean ws', 'bare ws', 1.3),
    check('receive.ws.library', 'lean ws', 'ws client', 0.75),
    check('receive.sse.library', 'lean sse', 'eventsource-parser', 0.7),
  ];
}

/** CPU of the receiving process per delivery, ns. */
async function costOf({ transport, reader }: Subject, supervisor: Supervisor): Promise<number> {
  const cores = planCores();
  const setup = plainSetup(cores, 1);
  const { epoch } = setup;
  const clock = createClock(epoch);
  const server = startServer(transport, 1, setup, supervisor);
  const { endpoint } = await server.next('listening', PATIENCE_MS);
  const receiver = reader === 'worker' ? startWorker() : startReader(reader);
  await receiver.open();

  const publish = async (firstSeq: number, durationMs: number): Promise<number> => {
    await receiver.expect(firstSeq, Math.round((RATE_PER_S * durationMs) / 1_000));
    const before = readProcess(receiver.pid);
    const published = server.next('published', PATIENCE_MS);
    server.send({
      kind: 'publish',
      order: {
        schedule: { pacing: 'constant', ratePerS: RATE_PER_S, durationMs, seed: 1 },
        startNs: clock() + 20 * NS_PER_MS,
        firstSeq,
        payloadBytes: PAYLOAD_BYTES,
        audience: { kind: 'everybody' },
        measured: false,
      },
    });
    await published;
    // The last broadcast is on its way: it takes a few ms of the period that follows it anyway.
    await new Promise((resolve) => setTimeout(resolve, 1_000 / RATE_PER_S));
    const after = readProcess(receiver.pid);
    if (before === undefined || after === undefined) throw new Error('this benchmark needs /proc');
    return after.cpuNs - before.cpuNs;
  };
  await publish(0, WARM_UP_MS);
  const cpuNs = await publish(1_000, MEASURED_MS);
  const deliveries = ((RATE_PER_S * MEASURED_MS) / 1_000) * CONNECTIONS;
  await receiver.check(deliveries);
  await receiver.stop();
  await server.stop({ kind: 'stop' });
  return cpuNs / deliveries;

  function startWorker() {
    const child = supervisor.start<ToWorker, FromWorker>({
      title: 'worker',
      script: './worker',
      config: {
        epoch,
        worker: 0,
        transport,
        client: 'lean',
        upstream: { connections: 1, pipelining: 1 },
        faults: noFaults,
      } satisfies WorkerConfig,
      cores: cores.generator,
    });
    return {
      pid: child.pid,
      async open() {
        await child.next('ready', PATIENCE_MS);
        const connected = child.next('connected', PATIENCE_MS);
        child.send({
          kind: 'connect',
          endpoint,
          clients: CONNECTIONS,
          firstClient: 0,
          totalClients: CONNECTIONS,
          phase: { kind: 'connect', clients: CONNECTIONS },
          answer: 'stream',
          concurrency: 128,
          timeoutMs: PATIENCE_MS,
        });
        expectAll((await connected).open);
      },
      async expect(firstSeq: number, count: number) {
        const expecting = child.next('expecting', PATIENCE_MS);
        child.send({
          kind: 'expect',
          deliveries: {
            firstSeq,
            count,
            audience: { kind: 'everybody' },
            ordered: false,
            deadlineMs: 5_000,
            sampleEvery: 1,
          },
          requests: false,
          asks: undefined,
          slow: undefined,
          comeback: undefined,
        });
        await expecting;
      },
      async check(expected: number) {
        const report = child.next('phase-report', PATIENCE_MS);
        child.send({ kind: 'collect' });
        const { received } = (await report).counts;
        if (received !== expected) throw new Error(`${received} of ${expected} deliveries`);
      },
      stop: () => child.stop({ kind: 'stop' }),
    };
  }

  function startReader(kind: ReaderKind) {
    const child = supervisor.start<ToReader, FromReader>({
      title: kind,
      script: '../test/bench/reader',
      config: { kind },
      cores: cores.generator,
    });
    return {
      pid: child.pid,
      async open() {
        await child.next('ready', PATIENCE_MS);
        const opened = child.next('opened', PATIENCE_MS);
        child.send({ kind: 'open', endpoint, connections: CONNECTIONS });
        expectAll((await opened).connections);
      },
      expect: async () => undefined,
      async check(expected: number) {
        const counted = child.next('counted', PATIENCE_MS);
        child.send({ kind: 'count' });
        const { bytes, messages } = await counted;
        const enough = kind.startsWith('bare')
          ? bytes >= expected * PAYLOAD_BYTES
          : messages >= expected;
        if (!enough) throw new Error(`${kind} read ${bytes} bytes, ${messages} messages`);
      },
      stop: () => child.stop({ kind: 'stop' }),
    };
  }
}

function expectAll(open: number): void {
  if (open !== CONNECTIONS) throw new Error(`${open} of ${CONNECTIONS} connections came about`);
}
