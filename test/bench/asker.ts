/**
 * A process that sends the same requests at the same pace to any server and counts what comes back, so
 * that two servers can be compared by what a round trip costs them.
 */
import { configOf, connectToParent } from '../../core/child.ts';
import { createClock, NS_PER_MS, newEpoch } from '../../core/clock.ts';
import { createRequestWriter } from '../../core/request-writer.ts';
import type { Schedule } from '../../core/schedule.ts';
import { createSchedule } from '../../core/schedule.ts';
import { createTicker } from '../../core/ticker.ts';
import type { Client, Endpoint, Sink, Upstream } from '../../core/transport.ts';
import { connectAll } from '../../loadgen/connect-all.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createUpstream } from '../../transports/upstream.ts';

export interface AskerConfig {
  readonly transport: TransportName;
  readonly endpoint: Endpoint;
  /** A bare server knows no identities: its streams are told apart by the end of their paths. */
  readonly bare: boolean;
  readonly clients: number;
}

export type ToAsker =
  | {
      readonly kind: 'load';
      /** Every client asks at the same moment, so many times a second. */
      readonly timesPerS: number;
      readonly durationMs: number;
      readonly between: Between;
    }
  | { readonly kind: 'stop' };

/**
 * What this process does between its requests. As the real generator it sleeps; then a server that is the
 * slower of the two wakes it for every answer, and pays more for that than for the answer, while one that
 * is quicker never does. To compare servers it is kept out of their way: `deaf` for a while after it has
 * asked, so that nobody wakes it, or, where it has to read answers to go on asking, always `awake`.
 */
export type Between = 'asleep' | 'awake' | 'deaf';

export type FromAsker =
  | { readonly kind: 'ready'; readonly open: number }
  | { readonly kind: 'loaded'; readonly sent: number; readonly answers: number };

const config = configOf<AskerConfig>(process.argv);
const channel = connectToParent<ToAsker, FromAsker>(process);
const epoch = newEpoch();
const clock = createClock(epoch);
const { endpoint, bare, transport } = config;
const upstream = createUpstream(endpoint, { connections: 16, pipelining: 1 });
const ticker = await createTicker(clock, epoch);
let answers = 0;
const sink: Sink = {
  message: (_client, _bytes, _start, _end, receivedAt) => {
    answers += 1;
    ticker.poke(receivedAt);
  },
  closed: (client, cause) => console.error(`client ${client}: ${cause}`),
};

/** A bare server is POSTed to by the number of the client instead of by an identity. */
function bareUpstream(client: number): Upstream {
  return {
    post: (_path, type, body) => upstream.post(`/post/${client}`, type, body),
    connections: 0,
    close: async () => undefined,
  };
}

const connect = transports[transport].clients.lean;
if (typeof connect !== 'function') throw new Error(connect.unavailable);
const outcome = await connectAll(config.clients, 64, clock, (client) =>
  connect({
    endpoint: bare && transport === 'sse' ? { ...endpoint, path: `/events/${client}` } : endpoint,
    client,
    sink,
    clock,
    timeoutMs: 10_000,
    upstream: bare ? bareUpstream(client) : upstream,
    ...(bare ? {} : { query: 'session=new' }),
  }),
);
const clients = outcome.clients.filter((client): client is Client => client !== undefined);
const write = createRequestWriter(128);

type LoadOrder = Extract<ToAsker, { kind: 'load' }>;

/** Longer than any server takes to answer all clients once. */
const DEAF_MS = 20;
const ear = new Int32Array(new SharedArrayBuffer(4));

async function load({ timesPerS, durationMs, between }: LoadOrder): Promise<void> {
  const turns = createSchedule({ pacing: 'constant', ratePerS: timesPerS, durationMs, seed: 1 });
  const schedule: Schedule = {
    count: turns.count * clients.length,
    dueAt: (index) => turns.dueAt(Math.floor(index / clients.length)),
  };
  answers = 0;
  const sends: Promise<void>[] = [];
  const send = (index: number, dueAt: number): void => {
    const operation = write(index, index, dueAt, clock());
    const sending = clients[index % clients.length]?.send(operation);
    if (sending !== undefined) sends.push(sending);
    const isLastOfTurn = (index + 1) % clients.length === 0;
    if (isLastOfTurn && between === 'deaf') Atomics.wait(ear, 0, 0, DEAF_MS);
  };
  let spinning = between === 'awake';
  const spin = (): void => {
    if (spinning) setImmediate(spin);
  };
  spin();
  await ticker.run(schedule, clock() + 20 * NS_PER_MS, send, true);
  await Promise.all(sends);
  // The last answers are on their way; a lost one shows in the count.
  for (let tries = 0; answers < schedule.count && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  spinning = false;
  channel.send({ kind: 'loaded', sent: schedule.count, answers });
}

channel.onMessage((message) => {
  if (message.kind === 'load') {
    load(message).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
    return;
  }
  for (const client of clients) client.close();
  Promise.all([ticker.close(), upstream.close()]).then(
    () => process.disconnect(),
    () => process.exit(1),
  );
});
channel.send({ kind: 'ready', open: clients.length });
