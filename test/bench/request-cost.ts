/** What a round trip costs the push server, against the least a server can do with the same packages. */
import { createRandom } from '../../core/random.ts';
import type { Endpoint } from '../../core/transport.ts';
import type { Supervisor } from '../../loadgen/child-process.ts';
import { createOrder } from '../../loadgen/order.ts';
import type { CorePlan } from '../../loadgen/pinning.ts';
import { planCores } from '../../loadgen/pinning.ts';
import { readProcess } from '../../loadgen/procfs.ts';
import { plainSetup, startServer as startPushServer } from '../../loadgen/trial.ts';
import type { AskerConfig, Between, FromAsker, ToAsker } from './asker.ts';
import type { FromBareServer, ToBareServer } from './bare-server.ts';
import type { Finding } from './finding.ts';
import { ratioAtMost } from './finding.ts';
import type { Round } from './ratio.ts';
import { ratioOf } from './ratio.ts';

const CLIENTS = 200;
/**
 * All clients ask at once, so many times a second. Spread evenly, each request would find the other side
 * asleep, and most of what is measured would be how long this machine takes to wake a core.
 */
const TIMES_PER_S = { ws: 25, sse: 8 };
const WARM_UP_MS = 2_000;
/** Short, and in many rounds: what disturbs this machine lasts for seconds, and would be one subject’s alone. */
const MEASURED_MS = 2_000;
const PATIENCE_MS = 30_000;

interface Subject {
  readonly name: string;
  readonly transport: 'sse' | 'ws';
  readonly bare: boolean;
}

const subjects: readonly Subject[] = [
  { name: 'ws', transport: 'ws', bare: false },
  { name: 'bare ws echo', transport: 'ws', bare: true },
  { name: 'sse', transport: 'sse', bare: false },
  { name: 'bare POST and event', transport: 'sse', bare: true },
];

/** CPU of both processes per round trip, ns. */
interface Cost {
  readonly serverNs: number;
  readonly generatorNs: number;
}

export async function benchRequest(
  supervisor: Supervisor,
  rounds: number,
  log: (text: string) => void,
): Promise<Finding[]> {
  const order = createOrder(subjects, createRandom(3));
  const figures: Round[] = [];
  const halves = 2 * rounds;
  for (let round = 0; round < halves; round += 1) {
    const costs = new Map<string, number>();
    for (const subject of order()) {
      const { asleep, apart } = await costOf(subject, supervisor);
      costs.set(subject.name, apart.serverNs);
      costs.set(`${subject.name}, both asleep at times`, asleep.serverNs);
      costs.set(`${subject.name}, generator`, asleep.generatorNs);
    }
    figures.push(costs);
    log(
      `request, round ${round + 1}/${halves}: ${[...costs].map(([name, ns]) => `${name} ${(ns / 1_000).toFixed(1)} µs`).join(', ')}`,
    );
  }
  const check = (
    id: string,
    name: string,
    against: string,
    limit: number,
    what: string,
  ): Finding => {
    const ratio = ratioOf(figures, name, against);
    return ratioAtMost(id, ratio, limit, `${what}, ${name} / ${against}`);
  };
  const server = 'server CPU per round trip';
  return [
    check('request.ws.server', 'ws', 'bare ws echo', 1.3, server),
    check('request.sse.server', 'sse', 'bare POST and event', 1.25, server),
    check(
      'request.ws.generator',
      'ws, generator',
      'ws, both asleep at times',
      1,
      'CPU per round trip',
    ),
  ];
}

/** With a generator that sleeps when it has nothing to do, as the real one does, and with one kept apart. */
async function costOf(
  subject: Subject,
  supervisor: Supervisor,
): Promise<{ readonly asleep: Cost; readonly apart: Cost }> {
  const cores = planCores();
  const server = await startServer(subject, supervisor, cores);
  const config: AskerConfig = {
    transport: subject.transport,
    endpoint: server.endpoint,
    bare: subject.bare,
    clients: CLIENTS,
  };
  const asker = supervisor.start<ToAsker, FromAsker>({
    title: 'asker',
    script: '../test/bench/asker',
    config,
    cores: cores.generator,
  });
  const { open } = await asker.next('ready', PATIENCE_MS);
  if (open !== CLIENTS) throw new Error(`${open} of ${CLIENTS} clients could connect`);
  const load = async (durationMs: number, between: Between): Promise<Cost> => {
    const before = [readProcess(server.pid), readProcess(asker.pid)] as const;
    const loaded = asker.next('loaded', PATIENCE_MS);
    const timesPerS = TIMES_PER_S[subject.transport];
    asker.send({ kind: 'load', timesPerS, durationMs, between });
    const { sent, answers } = await loaded;
    if (answers !== sent) throw new Error(`${subject.name}: ${answers} of ${sent} were answered`);
    const after = [readProcess(server.pid), readProcess(asker.pid)] as const;
    const spent = (index: 0 | 1): number => {
      const [start, end] = [before[index], after[index]];
      if (start === undefined || end === undefined) throw new Error('this benchmark needs /proc');
      return (end.cpuNs - start.cpuNs) / sent;
    };
    return { serverNs: spent(0), generatorNs: spent(1) };
  };
  await load(WARM_UP_MS, 'asleep');
  const asleep = await load(MEASURED_MS, 'asleep');
  // SSE's requests wait for connections that are free, so whoever sends them must read.
  const apart = await load(MEASURED_MS, subject.transport === 'ws' ? 'deaf' : 'awake');
  await asker.stop({ kind: 'stop' });
  await server.stop();
  return { asleep, apart };
}

interface StartedServer {
  readonly endpoint: Endpoint;
  readonly pid: number;
  stop(): Promise<void>;
}

async function startServer(
  { bare, transport }: Subject,
  supervisor: Supervisor,
  cores: CorePlan,
): Promise<StartedServer> {
  if (bare) {
    const child = supervisor.start<ToBareServer, FromBareServer>({
      title: 'bare server',
      script: '../test/bench/bare-server',
      config: {},
      cores: cores.server,
    });
    const { port } = await child.next('listening', PATIENCE_MS);
    return {
      endpoint: { host: '127.0.0.1', port, path: transport === 'ws' ? '/ws' : '/events' },
      pid: child.pid,
      stop: () => child.stop({ kind: 'stop' }),
    };
  }
  const child = startPushServer(transport, 1, plainSetup(cores, 1), supervisor);
  const { endpoint } = await child.next('listening', PATIENCE_MS);
  return { endpoint, pid: child.pid, stop: () => child.stop({ kind: 'stop' }) };
}
