/** Faults that small push servers are known for, one test each: what goes wrong elsewhere goes right here. */
import { describe, expect, test } from 'vitest';
import type { SlowPolicy } from '../../core/scenario.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import type { MemoryConnection } from './memory-transport.ts';
import { openMemoryServer } from './memory-transport.ts';
import { idOf, operate, post, refusalOf } from './requests.ts';
import { expectNothingLeft } from './siege.ts';
import { openWatched } from './watched-server.ts';

const { ws, sse, raw } = transports;

const welcomeOf = ({ heard }: MemoryConnection): string =>
  (JSON.parse(heard[0]?.data ?? '') as { session: string }).session;

describe.each(Object.entries({ sse, ws, raw }))('on %s', (_name, transport) => {
  test('fault: answers are not told apart by id, so that a late one satisfies the next request', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new' });
    const session = server.hub.book.find(client.session);
    if (session === undefined) throw new Error('there is no session');
    const idOfAsk = async (): Promise<string> =>
      (JSON.parse((await events.next('ask')).data.toString()) as { id: string }).id;

    expect(await server.ask(session, 'first', 1)).toEqual({ kind: 'timeout' });
    const first = await idOfAsk();
    const second = server.ask(session, 'second');
    const secondId = await idOfAsk();
    expect(secondId).not.toBe(first);
    expect(await refusalOf(server, client, events, { op: 'answer', id: first, data: 'late' })).toBe(
      410,
    );
    await operate(client, { op: 'answer', id: secondId, data: 'in time' });
    expect(await second).toEqual({ kind: 'answered', data: 'in time' });
  });

  test('fault: a client that comes back with its id has its new channel closed with the old one', async () => {
    const server = await openWatched(transport);
    const old = createEventRecorder();
    const fresh = createEventRecorder();
    const first = await server.connect('lean', old, 0, { query: 'session=new' });
    const second = server.connect('lean', fresh, 0, { query: `session=${first.session}` });
    await old.ended();
    // The server has closed the old connection for good before anything is sent on the new one.
    await expect
      .poll(() => server.hub.counters)
      .toMatchObject({ opened: 1, resumed: 1, closed: 1 });
    server.hub.broadcast(Buffer.from('still here'));
    await fresh.received(1);
    expect(fresh.texts()).toEqual(['still here']);
    expect(old.texts()).toEqual([]);
    expect(server.hub.sessions.size).toBe(1);
    server.hub.sessions.values().next().value?.connection?.destroy();
    await second.catch(() => undefined);
  });

  test('fault: a second client replaces the first on one channel for all', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    for (const client of [0, 1, 2]) await server.connect('lean', events, client);
    server.hub.broadcast(Buffer.from('to all'));
    for (const client of [0, 1, 2]) {
      await events.received(1, client);
      expect(events.texts(client)).toEqual(['to all']);
    }
  });

  test('fault: clients stay in the hub when they have gone', async () => {
    const server = await openWatched(transport, { heartbeatMs: 60_000 });
    for (let round = 0; round < 5; round += 1) {
      const events = createEventRecorder();
      const clients = [];
      for (let client = 0; client < 10; client += 1) {
        const query = `session=new&room=r${client}`;
        clients.push(await server.connect('lean', events, client, { query }));
      }
      for (const client of clients) client.close();
      await server.connected(0);
    }
    expect(server.hub.counters).toMatchObject({ opened: 50, closed: 50 });
    expectNothingLeft(server);
  });

  test('fault: a message is encoded once for each who gets it', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    for (let client = 0; client < 20; client += 1) await server.connect('lean', events, client);
    server.hub.broadcast(Buffer.from('once'));
    await events.received(1, 19);
    expect(server.encoded()).toBe(1);
    expect(server.hub.counters.delivered).toBe(20);
  });

  test('fault: two publishers at once, and the order is not the same for all', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const senders = [
      await server.connect('lean', events, 0),
      await server.connect('lean', events, 1),
    ];
    const count = 200;
    const sending = senders.map(async (sender, index) => {
      for (let i = 0; i < count; i += 1) {
        await sender.send(Buffer.from(`${index} ${i} ${'x'.repeat((i % 7) * 1_000)}`));
      }
    });
    await Promise.all(sending);
    await Promise.all([events.received(2 * count, 0), events.received(2 * count, 1)]);
    expect(events.texts(0)).toEqual(events.texts(1));
    for (const index of senders.keys()) {
      const numbers = events
        .texts(0)
        .filter((text) => text.startsWith(`${index} `))
        .map((text) => Number(text.split(' ')[1]));
      expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i));
    }
  });
});

test('fault: a POST for a client that nobody knows is answered with 200', async () => {
  const server = await openWatched(sse);
  const events = createEventRecorder();
  expect((await post(server, '/sessions/nobody/send', '{"op":"ping"}')).status).toBe(404);
  const client = await server.connect('lean', events, 0, { query: 'session=new' });
  const path = `/sessions/${idOf(client)}/send`;
  expect((await post(server, path, '{"op":"ping"}')).status).toBe(202);
  client.close();
  await server.connected(0);
  expect((await post(server, path, '{"op":"ping"}')).status).toBe(410);
});

test('fault: ids that are made of the time collide within a second', async () => {
  const { server, connect } = await openMemoryServer({
    replay: { count: 5_000, bytes: 2 ** 30, ageMs: 1e9 },
  });
  const connections = Array.from({ length: 2_000 }, () => connect('session=new&room=one'));
  expect(new Set(connections.map(welcomeOf)).size).toBe(2_000);
  const [first] = connections;
  const session = server.hub.book.find(first === undefined ? '' : welcomeOf(first));
  if (first === undefined || session === undefined) throw new Error('there is no session');
  server.hub.join(session, 'two');
  for (let i = 0; i < 2_000; i += 1) {
    void server.ask(session, i);
    const data = Buffer.from('1');
    server.hub.publish({ room: 'two', data, kind: 'json' });
  }
  const asks = first.heard.filter(({ event }) => event === 'ask');
  expect(new Set(asks.map(({ data }) => (JSON.parse(data) as { id: string }).id)).size).toBe(2_000);
  const messages = first.heard.filter(({ event }) => event === '');
  expect(new Set(messages.map(({ id }) => id)).size).toBe(2_000);
});

test('fault: the hub writes to one after the other, and a slow one stalls all', async () => {
  const { server, connect } = await openMemoryServer({ bufferLimitBytes: 1_000 });
  const [before, slow, behind] = [connect(''), connect(''), connect('')];
  slow.stall();
  for (let i = 0; i < 1_000; i += 1) server.hub.broadcast(Buffer.from('x'));
  expect([before.heard.length, slow.heard.length, behind.heard.length]).toEqual([1_000, 0, 1_000]);
});

test.each([
  'drop-newest',
  'drop-oldest',
  'keep-latest',
  'disconnect',
] as const satisfies SlowPolicy[])(
  'fault: the answer of write() is ignored, and the buffer of who pauses grows without end (%s)',
  async (policy) => {
    const limit = 10_000;
    const { server, connect } = await openMemoryServer({ bufferLimitBytes: limit, policy });
    const paused = connect('');
    paused.stall();
    const data = Buffer.alloc(100, '7');
    let most = 0;
    for (let i = 0; i < 5_000; i += 1) {
      server.hub.broadcast(data);
      most = Math.max(most, server.hub.bufferedBytes, paused.bufferedBytes);
    }
    // One message more than the limit, with what is around it.
    expect(most).toBeLessThanOrEqual(limit + 200);
    expect(
      server.hub.counters.delivered +
        server.hub.dropped +
        (server.hub['slow']['congested'].values().next().value?.outbox?.length ?? 0),
    ).toBe(5_000);
  },
);

test('fault: heartbeats go out to everybody at the same moment', async () => {
  const { server, connect } = await openMemoryServer({ heartbeatMs: 60_000 });
  for (let i = 0; i < 6_400; i += 1) connect('');
  const sizes = server.hub['heartbeats']['slots'].map((slot) => slot.size);
  expect(sizes.length).toBe(64);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(6_400);
  expect(Math.max(...sizes)).toBeLessThan(150);
  expect(Math.min(...sizes)).toBeGreaterThan(50);
});
