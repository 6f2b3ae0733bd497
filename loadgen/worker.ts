/**
 * A generator process: it holds its share of the clients and carries out what the controller tells it.
 * What it makes of deliveries, requests and questions is in files of their own.
 */
import { configOf, connectToParent } from '../core/child.ts';
import { createClock } from '../core/clock.ts';
import type { FromWorker, ToWorker, WorkerConfig } from '../core/control.ts';
import { encodeHistogram } from '../core/histogram.ts';
import { startLoopProbe } from '../core/loop-probe.ts';
import { forcedCollection, readProcessMemory } from '../core/process-memory.ts';
import type { LoopSample } from '../core/process-reports.ts';
import { createRandom } from '../core/random.ts';
import type { Comeback } from '../core/scenario.ts';
import { createSchedule } from '../core/schedule.ts';
import type { Ticker } from '../core/ticker.ts';
import { createTicker } from '../core/ticker.ts';
import type { Client, Upstream } from '../core/transport.ts';
import type { TransportName } from '../transports/registry.ts';
import { transports } from '../transports/registry.ts';
import { createUpstream } from '../transports/upstream.ts';
import { Bystanders } from './bystanders.ts';
import type { Crowd } from './client-publisher.ts';
import { publishFromClients } from './client-publisher.ts';
import { Comebacks } from './comebacks.ts';
import { connectAll } from './connect-all.ts';
import { reachOf, wordsOf } from './connect-query.ts';
import { handicap } from './handicap.ts';
import { History, historiesSettled } from './history.ts';
import { startLatenessProbe } from './lateness-probe.ts';
import { MarkerSink } from './marker-sink.ts';
import { Receiver } from './receiver.ts';
import { Requester } from './requester.ts';
import { Responder } from './responder.ts';
import { startSlowReaders } from './slow-readers.ts';
import { StallRun } from './stall.ts';
import { WireMeter } from './wire-meter.ts';

const SNAPSHOT_MS = 1_000;

const config = configOf<WorkerConfig>(process.argv);
const channel = connectToParent<ToWorker, FromWorker>(process);
const clock = createClock(config.epoch);
const loop = startLoopProbe();
const probe = startLatenessProbe(clock);
const collectGarbage = forcedCollection();

let receiver = new Receiver(0);
/** In front of it, where the server is somebody else's. */
let markers: MarkerSink | undefined;
const bystanders = new Bystanders();
let crowd: Crowd = { clients: [], firstClient: 0, totalClients: 0 };
let upstream: Upstream | undefined;
let requester: Requester | undefined;
let responder: Responder | undefined;
let comebacks: Comebacks | undefined;
/** Connects one of the clients again. */
let connectAgain: ((client: number, lastEventId: string) => Promise<Client>) | undefined;
/** Per client that was told in a message: when to come back after a cut, ms. */
const retries = new Map<number, number>();
let stopSlowReaders: () => void = () => undefined;
/** Of the phase under way. */
let stall: StallRun | undefined;
/** Id of the first request of the next phase that has any. */
let nextRequestId = 0;
/** Whether the phase is not over without an order to make requests. */
let awaitsRequests = false;
let toldComplete = true;
let sampler: NodeJS.Timeout | undefined;
let phaseLap = loop.lap();
let loopOfLoad: LoopSample | undefined;
const wire = new WireMeter(
  () => crowd.clients,
  () => receiver.messages,
);
/** Started by the first load that this worker sends. */
let ticker: Promise<Ticker> | undefined;

/** Of the phase under way, by cause. */
const failedPosts = new Map<string, number>();
const countFailedPost = (cause: string): void =>
  void failedPosts.set(cause, (failedPosts.get(cause) ?? 0) + 1);

const tallies = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([cause, count]) => ({ cause, count }));

const handlers: {
  [K in ToWorker['kind']]: (message: Extract<ToWorker, { kind: K }>) => Promise<void> | void;
} = {
  async connect(message) {
    const { endpoint, detours = [], clients: count, firstClient, totalClients, phase } = message;
    // The controller only sends names of the registry, and only client kinds that exist.
    const connect = transports[config.transport as TransportName].clients[config.client];
    if (typeof connect !== 'function') throw new Error(connect.unavailable);
    upstream ??= createUpstream(endpoint, { ...config.upstream, onFailure: countFailedPost });
    const { timeoutMs, answer, history: order } = message;
    if (message.adds === true) {
      const added = await connectAll(count, message.concurrency, clock, (client) =>
        connect({
          endpoint,
          client,
          sink: bystanders,
          clock,
          timeoutMs,
          answer,
          upstream,
          ...reachOf(firstClient + client, endpoint),
          ...(endpoint.dialect === undefined ? {} : { number: firstClient + client }),
        }),
      );
      const clients = added.clients.filter((one) => one !== undefined);
      bystanders.clients.push(...clients);
      channel.send({
        kind: 'connected',
        open: clients.length,
        failed: tallies(added.failures),
        latency: encodeHistogram(added.latency),
      });
      return;
    }
    receiver = new Receiver(count, firstClient);
    receiver.onComplete = tellIfComplete;
    receiver.onEvent = takeEvent;
    const history = order && new History(order, count);
    receiver.history = history;
    markers = endpoint.dialect && new MarkerSink(receiver, endpoint.dialect);
    const sink = markers ?? receiver;
    const connectOne = (client: number, lastEventId?: string): Promise<Client> =>
      connect({
        endpoint: detours[(firstClient + client) % detours.length] ?? endpoint,
        client,
        sink,
        clock,
        timeoutMs,
        answer,
        upstream,
        ...(detours.length > 0 ? {} : reachOf(firstClient + client, endpoint)),
        ...wordsOf(endpoint, phase, firstClient + client, lastEventId),
      });
    connectAgain = connectOne;
    const outcome = await connectAll(count, message.concurrency, clock, (client) => {
      history?.started(client, clock());
      return connectOne(client);
    });
    crowd = { clients: outcome.clients, firstClient, totalClients };
    for (const [client, one] of outcome.clients.entries()) {
      if (one !== undefined) continue;
      receiver.absent(client);
      history?.absent();
    }
    if (history !== undefined) await historiesSettled(history, order?.deadlineMs ?? 0);
    channel.send({
      kind: 'connected',
      open: receiver.open,
      failed: tallies(outcome.failures),
      latency: encodeHistogram(outcome.latency),
    });
  },

  expect({ deliveries, requests, asks, slow, comeback }) {
    if (bystanders.clients.length > 0)
      throw new Error('nothing is counted of clients that were added');
    requester = undefined;
    responder?.close();
    responder = asks === undefined ? undefined : new Responder(asks, crowd.clients, clock);
    receiver.expect(deliveries);
    comebacks?.stop();
    if (comeback !== undefined && connectAgain !== undefined) {
      comebacks = comebacksOf(comeback, connectAgain);
    }
    receiver.comebacks = comebacks;
    awaitsRequests = requests;
    toldComplete = false;
    // What connecting left behind would otherwise be collected in the middle of the phase.
    collectGarbage();
    phaseLap = loop.lap();
    loopOfLoad = undefined;
    failedPosts.clear();
    wire.start();
    markers?.start();
    probe.take();
    startSampling();
    stall = slow?.kind === 'stall' ? new StallRun(slow, crowd, clock) : undefined;
    receiver.pace = stall?.isPaced === true ? stall : undefined;
    if (slow !== undefined && slow.kind !== 'stall') {
      stopSlowReaders = startSlowReaders(slow, crowd.clients, crowd.firstClient);
    }
    channel.send({ kind: 'expecting', open: receiver.open });
    tellIfComplete();
  },

  starts({ startNs }) {
    receiver.starts(startNs);
    stall?.starts(startNs);
  },

  async publish({ order, everyone }) {
    ticker ??= createTicker(clock, config.epoch);
    channel.send(await publishFromClients(order, everyone, crowd, clock, await ticker));
  },

  async request({ order }) {
    const { clients } = crowd;
    const { worker } = config;
    requester = new Requester({ order, worker, firstId: nextRequestId, clients, clock });
    nextRequestId += createSchedule(order.schedule).count;
    awaitsRequests = false;
    requester.onComplete = tellIfComplete;
    ticker ??= createTicker(clock, config.epoch);
    await requester.run(await ticker);
    channel.send({ kind: 'requested' });
  },

  inspect({ collect }) {
    if (collect) collectGarbage();
    channel.send({
      kind: 'inspected',
      memory: readProcessMemory(),
      received: receiver.receivedSoFar,
      due: encodeHistogram(receiver.dueLap()),
      closed:
        bystanders.closedSoFar + [...receiver.closedCauses.values()].reduce((a, b) => a + b, 0),
    });
  },

  'load-over'() {
    loopOfLoad = phaseLap();
    stopSlowReaders();
    stopSlowReaders = () => undefined;
    stall?.end();
    // Heartbeats of somebody else's server are as it likes; without messages its clients are quiet.
    if (markers !== undefined) comebacks?.allowSilence();
  },

  collect() {
    clearInterval(sampler);
    comebacks?.stop();
    const { due, sent, ...received } = receiver.collect();
    channel.send({
      kind: 'phase-report',
      ...received,
      due: encodeHistogram(due),
      sent: encodeHistogram(sent),
      columns: crowd.clients.length,
      history: receiver.history?.report(),
      requests: requester?.report(),
      failedAnswers: responder?.failed ?? 0,
      comebacks: comebacks?.report(),
      stall: stall?.report(),
      closedClients: [...receiver.closedClients],
      upstreamConnections: upstream?.connections ?? 0,
      failedPosts: tallies(failedPosts),
      strays: markers?.report(),
      wire: wire.read(),
      loop: loopOfLoad ?? phaseLap(),
      lastReceivedAt: receiver.lastReceivedAt,
      probe: probe.take(),
      closed: tallies(receiver.closedCauses),
    });
  },

  async stop() {
    clearInterval(sampler);
    loop.close();
    probe.close();
    comebacks?.stop();
    stopSlowReaders();
    stall?.end();
    responder?.close();
    for (const client of crowd.clients) client?.close();
    bystanders.close();
    await Promise.all([upstream?.close(), (await ticker)?.close()]);
    process.disconnect();
  },
};

/** Whatever comes under a name of its own: answers, questions, and what only applications care for. */
function takeEvent(
  event: string,
  client: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  receivedAt: number,
): boolean {
  switch (event) {
    case 'answer':
      requester?.answer(bytes, start, end, receivedAt);
      return requester !== undefined;
    case 'part':
      requester?.part(bytes, start, end, receivedAt);
      return requester !== undefined;
    case 'ask':
      return responder?.ask(client, bytes, start, end, receivedAt) ?? false;
    case 'retry':
      retries.set(client, retryOf(bytes, start, end));
      return true;
    case 'welcome':
    case 'gap':
    case 'pong':
    case 'error':
      // No delivery, and nothing to answer; what was refused shows in what it was to bring about.
      return true;
    default:
      return false;
  }
}

function tellIfComplete(): void {
  if (toldComplete || awaitsRequests || !receiver.complete) return;
  if (requester !== undefined && !requester.complete) return;
  if (comebacks !== undefined && !comebacks.settled) return;
  toldComplete = true;
  channel.send({ kind: 'complete' });
}

function comebacksOf(
  comeback: Comeback & { readonly seed: number },
  connect: NonNullable<typeof connectAgain>,
): Comebacks {
  return new Comebacks(
    comeback,
    {
      clients: crowd.clients,
      clock,
      random: createRandom(comeback.seed),
      told: retries,
      connect,
      onLost: (gone) => wire.gone(gone),
      onSilent: (cause) => receiver.countClosed(cause),
      onAway: (client) => receiver.left(client),
      onSettled: tellIfComplete,
    },
    comebacks,
  );
}

/** `{"ms":1500}` */
function retryOf(bytes: Uint8Array, start: number, end: number): number {
  const { ms } = JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()) as { ms: number };
  return ms;
}

function startSampling(): void {
  const secondLap = loop.lap();
  clearInterval(sampler);
  sampler = setInterval(() => {
    channel.send({
      kind: 'worker-sample',
      at: clock(),
      received: receiver.receivedSoFar + (requester?.answeredSoFar ?? 0),
      p99: receiver.p99SoFar ?? requester?.p99SoFar,
      loop: secondLap(),
    });
  }, SNAPSHOT_MS);
}

function crash(error: unknown): void {
  console.error(error);
  process.exit(1);
}

handicap(config.faults.generator);
channel.onMessage((message) => {
  // The table has a handler for exactly this kind; TypeScript cannot follow the correlation.
  const handle = handlers[message.kind] as (message: ToWorker) => Promise<void> | void;
  Promise.resolve(handle(message)).catch(crash);
});
channel.send({ kind: 'ready' });
