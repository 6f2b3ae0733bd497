/** The push client against the push server, through a proxy that does harm: no event is lost or repeated. */
import { describe, expect, test } from 'vitest';
import { freePort } from '../../core/free-port.ts';
import type { PushServer } from '../../servers/push-server.ts';
import type { PushClientOptions } from '../../transports/push-client/client-options.ts';
import type { Protocol } from '../../transports/push-client/link.ts';
import { allGone, keeping, publish, sessionOf, startServer, urlOf } from '../client-server.ts';
import type { Upgrades } from '../front.ts';
import { startFront } from '../front.ts';
import type { WatchedClient } from '../watched-client.ts';
import { watchClient } from '../watched-client.ts';

const both: readonly Protocol[] = ['ws', 'sse'];

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

async function connect(
  server: PushServer,
  protocol: Protocol,
  options: Partial<PushClientOptions> = {},
): Promise<WatchedClient> {
  const client = watchClient({ url: urlOf(server), protocols: [protocol], ...options });
  await client.open();
  return client;
}

/** What an event says that has an id, so that a client has one to come back with. */
async function settle(server: PushServer, client: WatchedClient): Promise<void> {
  publish(server, 'settled');
  await client.until('settled');
}

describe.each(both)('over %s', (protocol) => {
  test('every event comes once and in order, however often the connection is cut', async () => {
    const server = await startServer();
    const front = await startFront(server.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol] });
    await client.open();
    await settle(server, client);
    let next = 0;
    for (let cuts = 0; cuts < 20; cuts += 1) {
      for (let n = 0; n < 50; n += 1) publish(server, next++);
      // Some of these are still on their way.
      if (cuts % 2 === 0) await client.until(next - 25);
      front.cut();
      for (let n = 0; n < 50; n += 1) publish(server, next++);
      await client.open(cuts + 2);
    }
    publish(server, 'end');
    expect(await client.until('end')).toEqual(['settled', ...range(next), 'end']);
    expect(client.gaps).toEqual([]);
    const sessions = client.states.flatMap((state) => (state.is === 'open' ? state.session : []));
    expect(new Set(sessions).size).toBe(1);
  });

  test('a client may be there before its server', async () => {
    const port = await freePort(['127.0.0.1']);
    const client = watchClient({ url: `http://127.0.0.1:${port}`, protocols: [protocol] });
    const answer = client.request('early');
    await client.when(() => client.states.filter(({ is }) => is === 'waiting')[2]);
    await startServer({ port });
    expect(await client.open()).toMatchObject({ transport: protocol, resumed: false });
    expect(await answer).toBe('early');
    expect(client.states[1]).toMatchObject({ causes: [{ kind: 'unreachable' }] });
  });

  test('what the ring has forgotten is reported as a gap, and the rest still comes', async () => {
    const server = await startServer({ replay: keeping(3) });
    const front = await startFront(server.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol] });
    await client.open();
    await settle(server, client);
    const after = client.lastEventId;
    front.shut = true;
    front.cut();
    await client.when(() => client.states.find(({ is }) => is === 'waiting'));
    for (const n of range(10)) publish(server, n);
    front.shut = false;
    expect(await client.until(9)).toEqual(['settled', 7, 8, 9]);
    expect(client.gaps).toEqual([{ room: 'main', after }]);
  });

  test('a server that was started anew is told from the one before', async () => {
    const first = await startServer();
    const front = await startFront(first.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol] });
    await client.open();
    await settle(first, client);
    const after = client.lastEventId;
    front.shut = true;
    front.cut();
    await first.close(0);
    const second = await startServer({ port: first.httpPort });
    publish(second, 'new');
    front.shut = false;
    expect(await client.open(2)).toMatchObject({ resumed: false });
    expect(await client.until('new')).toEqual(['settled', 'new']);
    expect(client.gaps).toEqual([{ room: 'main', after }]);
  });

  test('binary events come through cuts like all others', async () => {
    const server = await startServer();
    const front = await startFront(server.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol] });
    await client.open();
    await settle(server, client);
    for (const n of range(10)) {
      server.hub.publish({ data: Buffer.from([n, 0x80]), kind: 'binary', event: 'binary' });
      if (n === 4) front.cut();
    }
    publish(server, 'end');
    await client.until('end');
    expect(client.messages.slice(1, -1).map(({ data }) => data)).toEqual(
      range(10).map((n) => Buffer.from([n, 0x80])),
    );
  });

  test('rooms, keys and direct messages come in one order, through cuts', async () => {
    const server = await startServer();
    const front = await startFront(server.httpPort);
    const rooms = ['a', 'b', 'c'];
    const client = watchClient({ url: front.url, protocols: [protocol], rooms, keys: ['k'] });
    const { session } = await client.open();
    const itself = sessionOf(server, session);
    publish(server, 'settled', { room: 'a' });
    await client.until('settled');
    let next = 0;
    for (let cuts = 0; cuts < 5; cuts += 1) {
      for (let n = 0; n < 90; n += 1) {
        publish(server, next++, { room: rooms[n % 3] ?? '', key: n % 2 === 0 ? 'k' : '' });
        server.hub.message(itself, { data: Buffer.from(String(next++)), kind: 'json' });
        publish(server, 'not wanted', { room: 'b', key: 'other' });
        publish(server, 'not heard', { room: 'd' });
        if (n === 45) front.cut();
      }
      await client.open(cuts + 2);
    }
    publish(server, 'end', { room: 'c' });
    expect(await client.until('end')).toEqual(['settled', ...range(next), 'end']);
    expect(client.gaps).toEqual([]);
  });

  test('a replay that is cut itself goes on where it was', async () => {
    const server = await startServer();
    const front = await startFront(server.httpPort);
    for (const n of range(5_000)) publish(server, n);
    const client = watchClient({ url: front.url, protocols: [protocol], history: 'all' });
    for (const least of [1, 1_000, 2_000]) {
      await client.when(() => client.messages[least]);
      front.cut();
    }
    publish(server, 'end');
    expect(await client.until('end')).toEqual([...range(5_000), 'end']);
  });

  test('what was published before the first event was seen survives a cut', async () => {
    const server = await startServer();
    const front = await startFront(server.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol] });
    await client.open();
    front.shut = true;
    front.cut();
    await allGone(server);
    for (const n of range(3)) publish(server, n);
    front.shut = false;
    await client.open(2);
    publish(server, 'end');
    expect(await client.until('end')).toEqual([...range(3), 'end']);
  });

  test('a connection that lets nothing through any more is noticed, and nothing is lost', async () => {
    const server = await startServer();
    const front = await startFront(server.httpPort);
    const client = watchClient({
      url: front.url,
      protocols: [protocol],
      livenessMs: 50,
      connectTimeoutMs: 3_000,
    });
    await client.open();
    await settle(server, client);
    front.freeze();
    publish(server, 'into the void');
    expect(await client.open(2)).toMatchObject({ resumed: true });
    expect(await client.until('into the void')).toEqual(['settled', 'into the void']);
    expect(client.states.find(({ is }) => is === 'waiting')).toMatchObject({
      causes: [{ kind: 'cut', says: expect.stringMatching(/^no answer within|^nothing came for/) }],
    });
  });

  test('begins with what is kept, on the first connect only', async () => {
    const server = await startServer();
    for (const n of range(5)) publish(server, n);
    const client = await connect(server, protocol, { history: 2 });
    expect(await client.until(4)).toEqual([3, 4]);
    const all = await connect(server, protocol, { history: 'all' });
    expect(await all.until(4)).toEqual(range(5));
    const later = await connect(server, protocol, { lastEventId: all.messages[1]?.id });
    expect(await later.until(4)).toEqual([2, 3, 4]);
  });

  test('comes back when a draining server asks it to', async () => {
    const server = await startServer();
    const client = await connect(server, protocol);
    await server.drain(1_000);
    await client.when(() => client.states.find(({ is }) => is === 'waiting'));
    const [first] = client.states.filter(({ is }) => is === 'waiting');
    expect(first).toMatchObject({ causes: [{ kind: 'cut', retryMs: expect.any(Number) }] });
    expect(client.asked[0]).not.toBe(3_000);
  });
});

describe('where upgrades do not get through', () => {
  test.each<Upgrades>(['refuse', 'drop', 'hang'])(
    'a client falls back to SSE and returns to WebSocket without a loss (%s)',
    async (how) => {
      const server = await startServer();
      const front = await startFront(server.httpPort);
      // Only one that hangs is given up; who is held up for a while is not.
      const connectTimeoutMs = how === 'hang' ? 2_000 : 10_000;
      const client = watchClient({ url: front.url, upgradeRetryMs: 0, connectTimeoutMs });
      expect(await client.open()).toMatchObject({ transport: 'ws', resumed: false });
      await settle(server, client);
      let next = 0;
      const storm = (): void => {
        for (let n = 0; n < 50; n += 1) publish(server, next++);
        front.cut();
        for (let n = 0; n < 50; n += 1) publish(server, next++);
      };
      for (let times = 0; times < 3; times += 1) {
        front.upgrades = how;
        storm();
        expect(await client.open(2 * times + 2)).toMatchObject({ transport: 'sse', resumed: true });
        front.upgrades = 'pass';
        storm();
        expect(await client.open(2 * times + 3)).toMatchObject({ transport: 'ws', resumed: true });
      }
      publish(server, 'end');
      expect(await client.until('end')).toEqual(['settled', ...range(next), 'end']);
      expect(client.gaps).toEqual([]);
    },
  );
});
