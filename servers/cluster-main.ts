/**
 * The primary process of a server with several: it speaks to the controller as a single server would, has
 * the sessions in processes of their own, and publishes to all of them. Started and ended by the controller.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configOf, connectToParent } from '../core/child.ts';
import { createClock } from '../core/clock.ts';
import type { FromServer, PublishOrder, ServerConfig, ToServer } from '../core/control.ts';
import { freePort } from '../core/free-port.ts';
import { startLoopProbe } from '../core/loop-probe.ts';
import { addressesFrom } from '../core/loopback.ts';
import { createMessageWriter } from '../core/message.ts';
import { forcedCollection, readProcessMemory } from '../core/process-memory.ts';
import { publishOnSchedule } from '../core/publisher.ts';
import { createTemporaryFolder } from '../core/temporary-folder.ts';
import { createTicker } from '../core/ticker.ts';
import { joinLoops, mergers } from './answers.ts';
import { Cluster } from './cluster.ts';
import { Exchange } from './exchange.ts';
import { publicationTo } from './load-publication.ts';
import type { ToMember } from './member-link.ts';
import { placeRefused } from './place-refused.ts';
import { defaults } from './push-server.ts';
import { newInstance } from './session-book.ts';

const config = configOf<ServerConfig>(process.argv);
const channel = connectToParent<ToServer, FromServer>(process);
const clock = createClock(config.epoch);
const exchange = new Exchange({ ...defaults.replay, count: config.replay }, clock);
const ticker = await createTicker(clock, config.epoch);
const probe = startLoopProbe();
const lap = probe.lap();
const folder = createTemporaryFolder('server');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Free ports that are tried, where none was asked for. */
const MOST_PORTS = 5;

type Sample = Extract<FromServer, { kind: 'server-sample' }>;
/** Of each process, what it said last and has not been handed on. */
const samples = new Map<number, Sample>();

const cluster = new Cluster({
  script: fileURLToPath(
    new URL(`./main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
  ),
  member: { instance: newInstance(), folder },
  exchange,
  clock,
  onMembers: (pids) => channel.send({ kind: 'members', pids: [process.pid, ...pids] }),
  onSample: handOn,
  onDeath: (pid, how) =>
    console.error(
      `server process ${pid} ${how}; another takes its place, and its clients have to come back`,
    ),
  onFailure: crash,
});

const answer = await start();
if (answer.kind === 'listening') {
  channel.onMessage((message) => {
    handle(message).catch(crash);
  });
  channel.send({ ...answer, pids: [process.pid, ...cluster.pids] });
} else {
  channel.send(answer);
  await cluster.stop();
  process.disconnect();
}

/**
 * The ports are known from the start, so that they are the same even when all processes have to be
 * replaced. Between the look for a free one and its use, somebody may have taken it.
 */
async function start(): ReturnType<Cluster['start']> {
  const { port, tcpPort } = config;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await startOnce();
    const wasAsked = answer.kind === 'listening' || answer.port === port || answer.port === tcpPort;
    if (wasAsked || attempt === MOST_PORTS) return answer;
    await cluster.allGone();
  }
}

async function startOnce(): ReturnType<Cluster['start']> {
  const hosts = addressesFrom(config.host, config.addresses);
  try {
    const port = config.port || (await freePort(hosts));
    let tcpPort = config.tcpPort || (await freePort(hosts));
    while (tcpPort === port) tcpPort = await freePort(hosts);
    return await cluster.start({ ...config, port, tcpPort });
  } catch (error) {
    const place = placeRefused(error);
    if (place === undefined) throw error;
    return { kind: 'cannot-listen', ...place };
  }
}

async function handle(message: ToServer): Promise<void> {
  switch (message.kind) {
    case 'prefill': {
      const { firstSeq, messages, payloadBytes } = message.order;
      const write = createMessageWriter(payloadBytes);
      for (let index = 0; index < messages; index += 1) {
        const now = clock();
        exchange.publish({ data: write(firstSeq + index, now, now), kind: 'json' });
      }
      return channel.send({ kind: 'prefilled' });
    }
    case 'publish':
      return publish(message.order);
    case 'ask': {
      const asked = await cluster.ask('asked', (index, of) => ({
        kind: 'ask',
        order: { ...message.order, share: { index, of } },
      }));
      return sendMerged(asked, mergers.asked);
    }
    case 'handle':
      return sendMerged(await cluster.ask('handling', () => message), mergers.handling);
    case 'beat':
      return sendMerged(await cluster.ask('beating', () => message), mergers.beating);
    case 'closures':
      return sendMerged(await cluster.ask('closures', () => message), mergers.closures);
    case 'gauge':
      return sendMerged(await cluster.ask('gauged', () => message), mergers.gauged);
    case 'count':
      samples.clear();
      lap();
      return channel.send({ kind: 'counted', counts: await cluster.counts() });
    case 'inspect': {
      const others = await cluster.ask('inspected', () => message);
      if (message.collect) forcedCollection()();
      const own = { kind: 'inspected', memory: readProcessMemory() } as const;
      return channel.send(mergers.inspected([own, ...others]));
    }
    case 'roll':
      return channel.send({ kind: 'rolled', roll: await cluster.roll(message.order) });
    case 'flood':
      throw new Error('what is to be flooded is one process, and not several');
    case 'drain':
      cluster.tell(message satisfies ToMember);
      return end();
    case 'stop':
      return end();
  }
}

async function publish(order: PublishOrder): Promise<void> {
  const { firstIndex = 0, audience } = order;
  const publication = await publishOnSchedule(
    order,
    clock,
    ticker,
    (data, channel) => exchange.publish(publicationTo(audience, data, channel)),
    (index) => index >= firstIndex,
  );
  const injected = { dropped: 0, duplicated: 0, swapped: 0 };
  channel.send({ kind: 'published', ...publication, injected, failed: 0 });
}

async function end(): Promise<void> {
  probe.close();
  exchange.close();
  await Promise.all([cluster.stop(), ticker.close()]);
  process.disconnect();
}

function sendMerged<Answer extends FromServer>(
  [first, ...rest]: readonly Answer[],
  merge: (answers: readonly [Answer, ...Answer[]]) => FromServer,
): void {
  if (first === undefined) throw new Error('no server process is left to answer');
  channel.send(merge([first, ...rest]));
}

/** One sample for all, as soon as each process has made its own. */
function handOn(sample: Sample, pid: number): void {
  samples.set(pid, sample);
  const all = cluster.pids.flatMap((member) => samples.get(member) ?? []);
  const [first, ...rest] = all;
  if (first === undefined || all.length < cluster.pids.length) return;
  samples.clear();
  const merged = mergers['server-sample']([first, ...rest]);
  channel.send({ ...merged, loop: joinLoops([merged.loop, lap()]) });
}

/** A fault of the primary ends it, and its processes with it; the controller records its last words. */
function crash(error: unknown): void {
  console.error(error);
  process.exit(1);
}
