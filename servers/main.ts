/** The server process of one trial. Started by the controller, told what to publish, ended by it. */
import { setTimeout as pause } from 'node:timers/promises';
import { configOf, connectToParent } from '../core/child.ts';
import { createClock, NS_PER_MS } from '../core/clock.ts';
import type {
  FromServer,
  PrefillOrder,
  PublishOrder,
  ServerConfig,
  ToServer,
} from '../core/control.ts';
import { CONTROL_VERSION } from '../core/control.ts';
import { noFaults } from '../core/faults.ts';
import { startLoopProbe } from '../core/loop-probe.ts';
import { createMessageWriter } from '../core/message.ts';
import { forcedCollection, readProcessMemory } from '../core/process-memory.ts';
import { publishOnSchedule } from '../core/publisher.ts';
import { createTicker } from '../core/ticker.ts';
import type { TransportName } from '../transports/registry.ts';
import { transports } from '../transports/registry.ts';
import { askOnSchedule } from './asker.ts';
import { ClosureLog } from './closure-log.ts';
import { countsOf, gaugeOf } from './counts.ts';
import { FaultyHub } from './faulty-hub.ts';
import { handlerOf } from './load-handler.ts';
import { publicationTo } from './load-publication.ts';
import type { MemberConfig } from './member.ts';
import { joinMembers, openToMembers, tellDrained } from './member-link.ts';
import { placeRefused } from './place-refused.ts';
import type { PushServer } from './push-server.ts';
import { createPushServer, defaults } from './push-server.ts';

const SAMPLE_MS = 1_000;

const config = configOf<ServerConfig & { readonly member?: MemberConfig }>(process.argv);
const membership = joinMembers(config.member, process);
const channel = connectToParent<ToServer, FromServer>(process);
const clock = createClock(config.epoch);
const closures = new ClosureLog(clock);

try {
  const faulty = Object.values(config.faults).some((value) => value > 0);
  const { replay, transport, ...rest } = config;
  const server = await createPushServer({
    ...rest,
    // The controller only sends names of the registry.
    transports: { [transport]: transports[transport as TransportName] },
    replay: { ...defaults.replay, count: replay },
    faults: faulty ? config.faults : undefined,
    membership,
    onSession: (event) => closures.take(event),
  });
  await serve(server);
} catch (error) {
  const place = placeRefused(error);
  if (place === undefined) throw error;
  channel.send({ kind: 'cannot-listen', ...place });
  process.disconnect();
}

async function serve(server: PushServer): Promise<void> {
  const { hub, operator, listener } = server;
  const ticker = await createTicker(clock, config.epoch);
  const probe = startLoopProbe();
  const lap = probe.lap();
  let sampler: NodeJS.Timeout | undefined;
  /** Samples count from the start of a phase, so that the last second of it has one too. */
  const startSampling = (): void => {
    clearInterval(sampler);
    lap();
    sampler = setInterval(() => {
      channel.send({
        kind: 'server-sample',
        at: clock(),
        loop: lap(),
        sessions: hub.sessions.size,
        bufferedBytes: hub.bufferedBytes,
      });
    }, SAMPLE_MS);
  };

  const publish = async (order: PublishOrder): Promise<void> => {
    startSampling();
    const faulty = order.measured && hub instanceof FaultyHub ? hub : undefined;
    faulty?.arm();
    const stall = faulty === undefined ? undefined : scheduleStall(order);
    const { firstIndex = 0, audience } = order;
    const publication = await publishOnSchedule(
      order,
      clock,
      ticker,
      (data, channel) => hub.publish(publicationTo(audience, data, channel)),
      (index) => index >= firstIndex,
    );
    clearTimeout(stall);
    const injected = faulty?.disarm() ?? { dropped: 0, duplicated: 0, swapped: 0 };
    channel.send({ kind: 'published', ...publication, injected, failed: 0 });
  };

  const prefill = ({ firstSeq, messages, payloadBytes }: PrefillOrder): void => {
    const write = createMessageWriter(payloadBytes);
    for (let index = 0; index < messages; index += 1) {
      const now = clock();
      hub.broadcast(write(firstSeq + index, now, now), 'json');
    }
    channel.send({ kind: 'prefilled' });
  };

  const flood = async ({
    durationMs,
    payloadBytes,
    windowBytes = Number.POSITIVE_INFINITY,
  }: Extract<ToServer, { kind: 'flood' }>): Promise<void> => {
    const write = createMessageWriter(payloadBytes);
    // The null target is flooded without a window, and has to be without a fault.
    const faulty = hub instanceof FaultyHub && Number.isFinite(windowBytes) ? hub : undefined;
    faulty?.arm();
    const startNs = clock();
    let sent = 0;
    let heldNs = 0;
    for (let now = startNs; now - startNs < durationMs * NS_PER_MS; now = clock()) {
      if (hub.bufferedBytes > windowBytes) {
        // Not a turn: a loop that spins while it waits would look busy, and the kernel has enough to send.
        await pause(1);
        heldNs += clock() - now;
        continue;
      }
      hub.broadcast(write(sent, now, now), 'json');
      sent += 1;
      // One turn of the event loop, so that sockets drain and leave.
      await new Promise((resolve) => setImmediate(resolve));
    }
    faulty?.disarm();
    channel.send({ kind: 'flooded', sent, durationNs: clock() - startNs, startNs, heldNs });
  };

  const stop = async (): Promise<void> => {
    clearInterval(sampler);
    probe.close();
    await Promise.all([ticker.close(), server.close()]);
    process.disconnect();
  };

  const handle = async (message: ToServer): Promise<void> => {
    switch (message.kind) {
      case 'prefill':
        return prefill(message.order);
      case 'publish':
        return publish(message.order);
      case 'handle':
        startSampling();
        operator.handler = handlerOf(message.work, message.payloadBytes, clock);
        return channel.send({ kind: 'handling' });
      case 'ask':
        startSampling();
        return channel.send({
          kind: 'asked',
          report: await askOnSchedule(message.order, server, clock, ticker),
        });
      case 'count':
        // Asked before every load, also where clients publish and the server is told nothing else.
        startSampling();
        return channel.send({ kind: 'counted', counts: countsOf(server) });
      case 'gauge':
        return channel.send({ kind: 'gauged', gauge: gaugeOf(server, clock()) });
      case 'beat':
        hub.heartbeats.beat(message.intervalMs);
        return channel.send({ kind: 'beating', sent: hub.heartbeats.sent });
      case 'closures':
        return channel.send({ kind: 'closures', closures: closures.read() });
      case 'inspect':
        if (message.collect) forcedCollection()();
        return channel.send({ kind: 'inspected', memory: readProcessMemory() });
      case 'flood':
        return flood(message);
      case 'drain':
        // First of all, so that whoever comes back comes to another process, where there is one.
        listener.close();
        await server.drain(message.deadlineMs);
        if (membership !== undefined) tellDrained(countsOf(server), process);
        return stop();
      case 'stop':
        return stop();
    }
  };
  channel.onMessage((message) => {
    handle(message).catch(crash);
  });
  if (membership !== undefined) await openToMembers(membership, server, process);
  const endpoint = server.endpoints[config.transport];
  if (endpoint === undefined) throw new Error(`no endpoint for ${config.transport}`);
  channel.send({
    kind: 'listening',
    version: CONTROL_VERSION,
    endpoint,
    httpPort: server.httpPort,
  });
}

/** Blocks the event loop once, in the middle of the phase, as a long computation would. */
function scheduleStall(order: PublishOrder): NodeJS.Timeout | undefined {
  const { stall } = { ...noFaults, ...config.faults };
  if (stall === 0) return undefined;
  const middle = order.schedule.durationMs / 2 - stall / 2;
  return setTimeout(
    () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stall),
    Math.max(0, middle),
  );
}

/** A fault in a server process ends it; the controller records its last words. */
function crash(error: unknown): void {
  console.error(error);
  process.exit(1);
}
