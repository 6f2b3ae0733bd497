/**
 * A push server on all transports with one healthy client on each. Whatever a test does to it, the healthy
 * ones must get everything, nothing may be thrown, what is counted must be exact, and nothing may be left.
 */
import type { Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import type { Client, Connect, Listener, Transport } from '../../core/transport.ts';
import type { PushServer, PushServerOptions } from '../../servers/push-server.ts';
import { createPushServer } from '../../servers/push-server.ts';
import { raw } from '../../transports/raw/index.ts';
import { sse } from '../../transports/sse/index.ts';
import { ws } from '../../transports/ws/index.ts';
import { createRecorder, createSignal } from '../recorder.ts';

/** Counters of what was refused, ended or left out that are not 0, by their names. */
export type Counts = Readonly<Record<string, number>>;

export interface BesiegedServer extends PushServer {
  readonly rawPort: number;
  /** Publishes to the healthy clients, and resolves when they have had it. */
  serves(): Promise<void>;
  /** Resolves when there are as many sessions besides the healthy ones. */
  guests(count: number): Promise<void>;
  /** Resolves when no connection is left on the server but those of the healthy clients. */
  alone(): Promise<void>;
  /** Sockets of the server's side that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

export type SiegeOptions = Partial<Omit<PushServerOptions, 'transports'>>;

const HEALTHY_ROOM = 'healthy';

/** @param counts what the attack must have been counted as, and nothing else; 'any' where nobody knows */
export async function besiege(
  counts: Counts | 'any',
  attack: (server: BesiegedServer) => Promise<void>,
  options: SiegeOptions = {},
): Promise<void> {
  const thrown: unknown[] = [];
  const note = (error: unknown): void => void thrown.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  onTestFinished(() => {
    process.off('uncaughtException', note).off('unhandledRejection', note);
  });

  const { server, leave } = await openBesieged(options);
  await server.serves();
  await attack(server);
  await server.serves();
  await leave();
  expectNothingLeft(server);
  if (counts !== 'any') expect(countsOf(server)).toEqual(counts);
  // Far off: whoever has to be destroyed would make the test time out.
  await server.close(60_000);
  expect(thrown).toEqual([]);
}

async function openBesieged(
  options: SiegeOptions,
): Promise<{ server: BesiegedServer; leave: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const changed = createSignal();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      changed.raise();
    });
  };
  const watched: Transport = {
    ...raw,
    attach: (listener, host) => raw.attach(tracking(listener, track), host),
  };
  const pushServer = await createPushServer({
    heartbeatMs: 0,
    messageLimitBytes: 64 * 1024,
    ...options,
    transports: { sse, ws, raw: watched },
  });
  onTestFinished(() => pushServer.close(0));
  pushServer.listener.http.on('connection', track);
  const { hub } = pushServer;
  for (const moment of ['open', 'closed'] as const) {
    const act = hub[moment].bind(hub) as (...args: unknown[]) => unknown;
    Object.assign(hub, {
      [moment](...args: unknown[]) {
        const result = act(...args);
        changed.raise();
        return result;
      },
    });
  }

  const recorder = createRecorder();
  const token = options.token === undefined ? '' : `&token=${options.token}`;
  const healthy: Client[] = [];
  for (const [name, transport] of Object.entries({ sse, ws, raw })) {
    const endpoint = pushServer.endpoints[name];
    const connect = transport.clients.lean as Connect;
    if (endpoint === undefined) throw new Error(`${name} has no endpoint`);
    healthy.push(
      await connect({
        endpoint,
        client: healthy.length,
        sink: recorder,
        clock: () => 0,
        timeoutMs: 10_000,
        query: `session=new&room=${HEALTHY_ROOM}${token}`,
      }),
    );
  }
  const published: string[] = [];
  const reached = (look: () => boolean): Promise<void> =>
    changed.until(() => (look() ? null : undefined)).then(() => undefined);
  const server: BesiegedServer = {
    ...pushServer,
    sockets,
    rawPort: pushServer.endpoints['raw']?.port ?? 0,
    async serves() {
      published.push(`message ${published.length}`);
      hub.publish({
        room: HEALTHY_ROOM,
        data: Buffer.from(published.at(-1) ?? ''),
        kind: 'text',
      });
      for (const client of healthy.keys()) {
        const seen = await recorder.received(client, published.length);
        expect(seen.map(String)).toEqual(published);
      }
    },
    guests: (count) => reached(() => hub.sessions.size === healthy.length + count),
    alone: () =>
      reached(() => hub.sessions.size === healthy.length && sockets.size === healthy.length),
  };
  return {
    server,
    async leave() {
      expect([...recorder.causes.values()]).toEqual([]);
      for (const client of healthy) client.close();
      // Attackers that are let in stay until their test ends them.
      await reached(() => hub.sessions.size === 0 && sockets.size === 0);
    },
  };
}

function tracking(listener: Listener, track: (socket: Socket) => void): Listener {
  return {
    ...listener,
    listenTcp: (onSocket) =>
      listener.listenTcp((socket) => {
        track(socket);
        onSocket(socket);
      }),
  };
}

/** Those that are 0 are left out. */
export function countsOf({ hub, operator, gatekeeper }: PushServer): Counts {
  const named: [string, number][] = [
    ...[...gatekeeper.counters.refused].map(([status, count]): [string, number] => [
      `refused ${status}`,
      count,
    ]),
    ...Object.entries(hub.counters.expelled).map(([reason, count]): [string, number] => [
      `expelled ${reason}`,
      count,
    ]),
    ...Object.entries(hub.counters.drops).map(([reason, count]): [string, number] => [
      `dropped ${reason}`,
      count,
    ]),
    ['operations refused', operator.counters.refused],
  ];
  return Object.fromEntries(named.filter(([, count]) => count > 0));
}

/** Nothing that a session could have left behind. */
export function expectNothingLeft({ hub, asks, operator }: PushServer): void {
  const { opened, resumed, closed } = hub.counters;
  expect({
    sessions: hub.sessions.size,
    identities: hub.book.size,
    lingering: hub.book['lingering'].size,
    waiting: hub.book['whenGone'].size,
    rooms: hub.rooms.size,
    congested: hub['slow']['congested'].size,
    beaten: hub['heartbeats']['slotOf'].size,
    asked: asks.pending,
    requests: operator['open'].size,
    connected: opened + resumed - closed,
  }).toEqual({
    sessions: 0,
    identities: 0,
    lingering: 0,
    waiting: 0,
    rooms: 0,
    congested: 0,
    beaten: 0,
    asked: 0,
    requests: 0,
    connected: 0,
  });
}
