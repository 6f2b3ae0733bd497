/** Replays that take a while: what is published meanwhile, who waits for whom, and who reads too slowly. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import { defaults } from '../../servers/push-server.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { sessionAt } from './stalled.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const MIB = 1_024 * 1_024;

function publish({ hub }: WatchedServer, data: string, room = 'main'): void {
  hub.publish({ data: Buffer.from(data), kind: 'text', room });
}

/** The number a message begins with. */
const numberOf = (text: string): number => Number.parseInt(text, 10);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe.each(all)('%s', (_, transport) => {
  test('what is published during a long replay follows it, once', async () => {
    const replay = { ...defaults.replay, count: 50_000 };
    const server = await openWatched(transport, { replay });
    for (let i = 1; i <= 20_000; i += 1) publish(server, `${i}`);
    const events = createEventRecorder();
    await server.connect('lean', events, 0, { query: 'history=all' });
    const { session } = sessionAt(server, 0);
    expect(session.state).toBe('replaying');
    let last = 20_000;
    while (session.state === 'replaying') {
      last += 1;
      publish(server, `${last}`);
      await nextTurn();
    }
    const { replayed } = server.hub.counters;
    expect(replayed).toBe(last);
    expect(replayed).toBeGreaterThan(20_000);
    publish(server, `${last + 1}`);
    await events.received(last + 1);
    expect(events.texts().join()).toBe(range(1, last + 1).join());
    expect(server.hub.counters).toMatchObject({ delivered: 1, gaps: 0 });
  });

  describe('a client that stalls in its replay', () => {
    const KEPT = 2_000;

    /** Its room keeps 32 MB, which is more than the kernel takes. */
    async function openStalled(query: string) {
      const replay = { count: KEPT, bytes: 1_000 * MIB, ageMs: 1_000_000 };
      const options = { replay, lingerMs: 60_000, bufferLimitBytes: MIB };
      const server = await openWatched(transport, options);
      const body = 'x'.repeat(16 * 1_024);
      for (let i = 1; i <= KEPT; i += 1) publish(server, `${i} ${body}`);
      const events = createEventRecorder();
      const client = await server.connect('lean', events, 0, { query });
      client.pause();
      const { session, connection } = sessionAt(server, 0);
      // When it does not get on any more, it is the client that everything waits for.
      let before = -1;
      for (let turns = 0; turns < 20 || connection.bufferedBytes === 0; turns += 1) {
        if (server.hub.counters.replayed !== before) turns = 0;
        before = server.hub.counters.replayed;
        await nextTurn();
      }
      expect(session.state).toBe('replaying');
      expect(before).toBeLessThan(KEPT);
      return { server, events, client, session, connection };
    }

    test('delays nobody, neither live nor replaying', async () => {
      const { server, events, connection } = await openStalled('history=all');
      await server.connect('lean', events, 1);
      publish(server, '2001');
      await events.received(1, 1);
      await server.connect('lean', events, 2, { query: 'history=all' });
      await events.received(KEPT, 2);
      expect(events.texts(1)).toEqual(['2001']);
      expect(events.texts(2).map(numberOf).join()).toBe(range(2, 2_001).join());
      // One slice of 64 messages, and what an event has around it.
      expect(connection.bufferedBytes).toBeLessThan(64 * 17 * 1_024);
    });

    test('goes on where it stopped, in all rooms, those too that it has got into since', async () => {
      const query = 'session=new&room=main&room=quiet&history=all';
      const { server, events, client, session } = await openStalled(query);
      publish(server, 'to the quiet room', 'quiet');
      server.hub.join(session, 'joined');
      publish(server, 'to the joined room', 'joined');
      const data = Buffer.from('to nobody else');
      server.hub.message(session, { data, kind: 'text' });
      publish(server, '2001');
      client.resume();
      await events.received(KEPT + 4);
      expect(events.texts().slice(0, KEPT).map(numberOf).join()).toBe(range(1, KEPT).join());
      expect(events.texts().slice(KEPT)).toEqual([
        'to the quiet room',
        'to the joined room',
        'to nobody else',
        '2001',
      ]);
    });

    test('is told of a gap when the ring has turned, and misses nothing but that', async () => {
      const { server, events, client } = await openStalled('history=all');
      for (let i = 1; i <= KEPT; i += 1) publish(server, `${KEPT + i}`);
      client.resume();
      publish(server, `${2 * KEPT + 1}`);
      const isLast = () => events.texts().at(-1) === `${2 * KEPT + 1}`;
      for (let count = 1; !isLast(); count = events.of().length + 1) await events.received(count);
      const heard = events.of();
      const gapAt = heard.findIndex(({ event }) => event === 'gap');
      const before = heard.slice(0, gapAt).map(({ data }) => numberOf(data.toString()));
      const behind = heard.slice(gapAt + 1).map(({ data }) => numberOf(data.toString()));
      expect(before).toEqual(range(1, before.length));
      expect(events.values(0, 'gap')).toEqual([{ room: 'main', after: heard[gapAt - 1]?.id }]);
      expect(behind.join()).toBe(range(KEPT + 2, 2 * KEPT + 1).join());
      expect(server.hub.counters.gaps).toBe(1);
    });

    test('is cut, comes back, and goes on behind what it was sent', async () => {
      const query = 'session=new&room=main&room=quiet&history=all';
      const { server, events, client, connection } = await openStalled(query);
      connection.destroy();
      await server.connected(0);
      const { replayed } = server.hub.counters;
      await server.connect('lean', events, 1, { query: `session=${client.session}` });
      await events.received(KEPT - replayed, 1);
      expect(events.texts(1).map(numberOf).join()).toBe(range(replayed + 1, KEPT).join());
      expect(server.hub.counters.gaps).toBe(0);
    });

    test('is cut, comes back, and has lost none of its direct messages', async () => {
      const away = { count: 5_000, bytes: 1_000 * MIB, ageMs: 1_000_000 };
      const server = await openWatched(transport, { lingerMs: 60_000, away });
      const events = createEventRecorder();
      const query = 'session=new';
      const first = await server.connect('lean', events, 0, { query });
      const { session } = sessionAt(server, 0);
      first.close();
      await server.connected(0);
      for (let i = 1; i <= 1_000; i += 1) {
        const data = Buffer.from(`${i} ${'x'.repeat(16 * 1_024)}`);
        server.hub.message(session, { data, kind: 'text' });
      }
      const back = { query: `session=${first.session}` };
      const second = await server.connect('lean', events, 1, back);
      second.pause();
      expect(session.state).toBe('replaying');
      server.connections[1]?.destroy();
      await server.connected(0);
      const { replayed } = server.hub.counters;
      expect(replayed).toBeLessThan(1_000);
      await server.connect('lean', events, 2, back);
      await events.received(1_000 - replayed, 2);
      expect(events.texts(2).map(numberOf).join()).toBe(range(replayed + 1, 1_000).join());
      expect(server.hub.counters.gaps).toBe(0);
    });

    test('is not buffered for without bound where its rooms keep nothing', async () => {
      const away = { count: 5_000, bytes: 1_000 * MIB, ageMs: 1_000_000 };
      const limits = { lingerMs: 60_000, away, bufferLimitBytes: MIB };
      const server = await openWatched(transport, limits);
      const events = createEventRecorder();
      const first = await server.connect('lean', events, 0, { query: 'session=new' });
      const { session } = sessionAt(server, 0);
      first.close();
      await server.connected(0);
      const body = Buffer.alloc(16 * 1_024, 'x');
      for (let i = 0; i < 2_000; i += 1) server.hub.message(session, { data: body, kind: 'text' });
      const back = { query: `session=${first.session}` };
      const second = await server.connect('lean', events, 0, back);
      second.pause();
      expect(session.state).toBe('replaying');
      for (let i = 0; i < 1_000; i += 1) publish(server, `${i} ${body}`);
      expect(session.state).toBe('replaying');
      expect(session.bufferedBytes).toBeLessThan(2.2 * MIB);
      const { drops, delivered } = server.hub.counters;
      expect(drops.newest).toBeGreaterThan(100);
      // The welcomes, and what there was room for.
      expect(delivered + drops.newest).toBe(2 + 1_000);
    });
  });
});
