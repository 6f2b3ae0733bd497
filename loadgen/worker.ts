/**
 * A generator process: it holds its share of the clients, receives, counts, and reports. Publishing
 * through a client's upstream also happens here, where the load asks for it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { configOf, connectToParent } from '../core/child.ts';
import { createClock } from '../core/clock.ts';
import type {
  FromWorker,
  LoopSample,
  PublishOrder,
  ToWorker,
  WorkerConfig,
} from '../core/control.ts';
import { encodeHistogram } from '../core/histogram.ts';
import { startLoopProbe } from '../core/loop-probe.ts';
import { publishOnSchedule } from '../core/publisher.ts';
import type { Ticker } from '../core/ticker.ts';
import { createTicker } from '../core/ticker.ts';
import type { Client } from '../core/transport.ts';
import type { TransportName } from '../transports/registry.ts';
import { transports } from '../transports/registry.ts';
import { connectAll } from './connect-all.ts';
import { startLatenessProbe } from './lateness-probe.ts';
import { Receiver } from './receiver.ts';

const SNAPSHOT_MS = 1_000;

const config = configOf<WorkerConfig>(process.argv);
const channel = connectToParent<ToWorker, FromWorker>(process);
const clock = createClock(config.epoch);
const loop = startLoopProbe();
const probe = startLatenessProbe(clock);
const collectGarbage = forcedCollection();

let receiver = new Receiver(0);
let clients: (Client | undefined)[] = [];
let sampler: NodeJS.Timeout | undefined;
let phaseLap = loop.lap();
let loopOfLoad: LoopSample | undefined;
let wireAtPhaseStart: WireTotals | undefined;
let ticker: Ticker | undefined;

const tallies = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([cause, count]) => ({ cause, count }));

const handlers: {
  [K in ToWorker['kind']]: (message: Extract<ToWorker, { kind: K }>) => Promise<void> | void;
} = {
  async connect({ endpoint, clients: count, concurrency, timeoutMs }) {
    // The controller only sends names of the registry, and only client kinds that exist.
    const connect = transports[config.transport as TransportName].clients[config.client];
    if (typeof connect !== 'function') throw new Error(connect.unavailable);
    receiver = new Receiver(count);
    receiver.onComplete = () => channel.send({ kind: 'complete' });
    const outcome = await connectAll(count, concurrency, clock, (client) =>
      connect({ endpoint, client, sink: receiver, clock, timeoutMs }),
    );
    clients = outcome.clients;
    receiver.open = clients.filter((client) => client !== undefined).length;
    channel.send({
      kind: 'connected',
      open: receiver.open,
      failed: tallies(outcome.failures),
      latency: encodeHistogram(outcome.latency),
      handshakeBytes: clients.find((client) => client !== undefined)?.handshakeBytes,
    });
  },

  expect({ expectation }) {
    receiver.expect(expectation);
    // What connecting left behind would otherwise be collected in the middle of the phase.
    collectGarbage();
    phaseLap = loop.lap();
    loopOfLoad = undefined;
    wireAtPhaseStart = wireTotals();
    const secondLap = loop.lap();
    probe.take();
    clearInterval(sampler);
    sampler = setInterval(() => {
      channel.send({
        kind: 'worker-sample',
        at: clock(),
        received: receiver.receivedSoFar,
        p99: receiver.p99SoFar,
        loop: secondLap(),
      });
    }, SNAPSHOT_MS);
    channel.send({ kind: 'expecting', open: receiver.open });
    if (receiver.complete) channel.send({ kind: 'complete' });
  },

  publish: ({ order }) => publish(order),

  'load-over'() {
    loopOfLoad = phaseLap();
  },

  collect() {
    clearInterval(sampler);
    const { counts, due, sent, cells } = receiver.collect();
    channel.send({
      kind: 'phase-report',
      counts,
      due: encodeHistogram(due),
      sent: encodeHistogram(sent),
      cells,
      columns: clients.length,
      wire: wireOfPhase(),
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
    for (const client of clients) client?.close();
    await ticker?.close();
    process.disconnect();
  },
};

async function publish(order: PublishOrder): Promise<void> {
  const publisher = clients.find((client) => client !== undefined);
  if (publisher === undefined) throw new Error('there is no connected client to publish from');
  ticker ??= await createTicker(clock, config.epoch);
  let failed = 0;
  const underway = new Set<Promise<void>>();
  const publication = await publishOnSchedule(order, clock, ticker, (message) => {
    // Open loop: the next message does not wait for this one.
    const sending = publisher
      .send(message)
      .catch(() => {
        failed += 1;
      })
      .finally(() => underway.delete(sending));
    underway.add(sending);
  });
  await Promise.all(underway);
  channel.send({
    kind: 'published',
    ...publication,
    injected: { dropped: 0, duplicated: 0, swapped: 0 },
    failed,
  });
}

interface WireTotals {
  readonly bytes: number;
  readonly messages: number;
}

/** Bytes and messages of all connections since their handshakes. */
function wireTotals(): WireTotals | undefined {
  let bytes = 0;
  for (const client of clients) {
    if (client === undefined) continue;
    if (client.bytesRead === undefined) return undefined;
    bytes += client.bytesRead;
  }
  return { bytes, messages: receiver.messages };
}

/** Nothing is in flight where phases meet, so the difference is exact but for heartbeats. */
function wireOfPhase(): WireTotals | undefined {
  const now = wireTotals();
  if (now === undefined || wireAtPhaseStart === undefined) return undefined;
  return {
    bytes: now.bytes - wireAtPhaseStart.bytes,
    messages: now.messages - wireAtPhaseStart.messages,
  };
}

/** A full collection, now; not reachable from JavaScript unless asked for like this. */
function forcedCollection(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Burns a share of this process's time, so that anybody can see the validity checks catch it. */
function handicap(share: number): void {
  if (share === 0) return;
  const periodMs = 50;
  setInterval(() => {
    const until = performance.now() + periodMs * share;
    while (performance.now() < until);
  }, periodMs).unref();
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
