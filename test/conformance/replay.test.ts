/** Whoever was cut off, or comes late, hears what it missed: once, in order, and is told of what is gone. */
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import { defaults } from '../../servers/push-server.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { operate } from './requests.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';
import { openWire } from './wire.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const replay = { ...defaults.replay, count: 1_000 };

function publish({ hub }: WatchedServer, data: string, room = 'main', key = ''): void {
  hub.publish({ data: Buffer.from(data), kind: 'text', room, key });
}

describe.each(all)('%s', (_, transport) => {
  test('a client that was cut off hears what it missed, in order, and then what comes', async () => {
    const server = await openWatched(transport, { replay });
    const events = createEventRecorder();
    const client = await server.connect('lean', events);
    publish(server, '1');
    publish(server, '2');
    const last = (await events.received(2))[1]?.id;
    client.close();
    await server.connected(0);
    for (const data of ['3', '4', '5']) publish(server, data);
    await server.connect('lean', events, 0, { query: `last_event_id=${last}` });
    publish(server, '6');
    const heard = await events.received(6);
    expect(heard.map(({ data }) => data.toString())).toEqual(['1', '2', '3', '4', '5', '6']);
    const ids = [1, 2, 3, 4, 5, 6].map((number) => server.hub.book.eventId(number));
    expect(heard.map(({ id }) => id)).toEqual(ids);
    // What comes while the replay is under way is a part of it.
    const { delivered, replayed, gaps } = server.hub.counters;
    expect([delivered + replayed, gaps]).toEqual([6, 0]);
  });

  test('an open connection resumes by an operation', async () => {
    const server = await openWatched(transport, { replay });
    const events = createEventRecorder();
    for (const data of ['1', '2', '3']) publish(server, data);
    const client = await server.connect('lean', events, 0, { query: 'session=new' });
    publish(server, '4');
    await events.received(1);
    await operate(client, { op: 'resume', last: server.hub.book.eventId(1) });
    await events.received(4);
    expect(events.texts()).toEqual(['4', '2', '3', '4']);
  });

  test('only what its rooms and keys let through is replayed, in the order of all rooms', async () => {
    const server = await openWatched(transport, { replay });
    const rooms = ['a', 'b', 'c'];
    for (let i = 1; i <= 300; i += 1) {
      publish(server, `${i}`, rooms[i % 3], i % 2 === 0 ? 'even' : i % 5 === 0 ? '' : 'odd');
    }
    const events = createEventRecorder();
    const last = server.hub.book.eventId(100);
    const query = `room=a&room=b&key=even&last_event_id=${last}`;
    await server.connect('lean', events, 0, { query });
    const wanted = Array.from({ length: 200 }, (_, i) => 101 + i).filter(
      (i) => i % 3 !== 2 && (i % 2 === 0 || i % 5 === 0),
    );
    await events.received(wanted.length);
    publish(server, 'live', 'b', 'odd');
    publish(server, 'live', 'c');
    publish(server, 'live too', 'b');
    const heard = await events.received(wanted.length + 1);
    expect(heard.map(({ data }) => data.toString())).toEqual([...wanted.map(String), 'live too']);
    const { delivered, replayed, gaps } = server.hub.counters;
    expect([delivered + replayed, gaps]).toEqual([wanted.length + 1, 0]);
  });

  describe('tells of a gap', () => {
    test('when there were too many, and of none when there were just as many', async () => {
      const server = await openWatched(transport, { replay: { ...replay, count: 3 } });
      for (let i = 1; i <= 5; i += 1) publish(server, `${i}`);
      const events = createEventRecorder();
      const idOf = (number: number): string => server.hub.book.eventId(number);
      await server.connect('lean', events, 0, { query: `last_event_id=${idOf(1)}` });
      await server.connect('lean', events, 1, { query: `last_event_id=${idOf(2)}` });
      await events.received(4, 0);
      await events.received(3, 1);
      expect(events.of(0)[0]?.event).toBe('gap');
      expect(events.values(0, 'gap')).toEqual([{ room: 'main', after: idOf(1) }]);
      expect([events.texts(0), events.texts(1)]).toEqual([
        ['3', '4', '5'],
        ['3', '4', '5'],
      ]);
      expect(events.values(1, 'gap')).toEqual([]);
      expect(server.hub.counters.gaps).toBe(1);
    });

    test('when there was too much, in the room where there was', async () => {
      const server = await openWatched(transport, { replay: { ...replay, bytes: 100 } });
      publish(server, '1', 'a');
      publish(server, '2', 'b');
      publish(server, 'x'.repeat(100), 'a');
      publish(server, 'x'.repeat(101), 'b');
      publish(server, '5', 'b');
      const events = createEventRecorder();
      const last = server.hub.book.eventId(2);
      const query = `room=a&room=b&last_event_id=${last}`;
      await server.connect('lean', events, 0, { query });
      await events.received(3);
      expect(events.values(0, 'gap')).toEqual([{ room: 'b', after: last }]);
      expect(events.texts()).toEqual(['x'.repeat(100), '5']);
    });

    test('when it was too long ago, even if the room has gone meanwhile', async () => {
      const server = await openWatched(transport, { replay: { ...replay, ageMs: 1 } });
      for (const data of ['1', '2']) publish(server, data, 'a');
      await expect.poll(() => server.hub.rooms.size).toBe(0);
      const events = createEventRecorder();
      const ids = [1, 2].map((number) => server.hub.book.eventId(number));
      const query = `room=a&last_event_id=${ids[0]}`;
      await server.connect('lean', events, 0, { query });
      await server.connect('lean', events, 1, { query: `room=a&last_event_id=${ids[1]}` });
      publish(server, 'live', 'a');
      await events.received(2, 0);
      await events.received(1, 1);
      expect(events.values(0, 'gap')).toEqual([{ room: 'a', after: ids[0] }]);
      expect(events.values(1, 'gap')).toEqual([]);
    });

    test.each(['0123456789-5', 'nonsense', 'żółw', '-'])(
      'when the id is none of its own: %j',
      async (last) => {
        const server = await openWatched(transport, { replay });
        for (const data of ['1', '2']) publish(server, data);
        const events = createEventRecorder();
        const query = `last_event_id=${encodeURIComponent(last)}`;
        await server.connect('lean', events, 0, { query });
        await events.received(3);
        expect(events.of()[0]?.event).toBe('gap');
        expect(events.values(0, 'gap')).toEqual([{ room: 'main', after: last }]);
        // What is kept is better than nothing.
        expect(events.texts()).toEqual(['1', '2']);
      },
    );
  });

  test('a first connect may ask for the last messages of each room, or all', async () => {
    const server = await openWatched(transport, { replay });
    for (let i = 1; i <= 10; i += 1) publish(server, `${i}`, i % 2 === 0 ? 'a' : 'b');
    const events = createEventRecorder();
    const rooms = 'room=a&room=b';
    const wanted: [history: string, texts: string[]][] = [
      ['2', ['7', '8', '9', '10']],
      ['1', ['9', '10']],
      ['all', ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']],
      ['100', ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']],
      ['0', []],
      ['-1', []],
      ['x', []],
    ];
    for (const [client, [history]] of wanted.entries()) {
      await server.connect('lean', events, client, { query: `${rooms}&history=${history}` });
    }
    publish(server, 'live', 'a');
    for (const [client, [, texts]] of wanted.entries()) {
      await events.received(texts.length + 1, client);
      expect(events.texts(client)).toEqual([...texts, 'live']);
    }
    expect(server.hub.counters.gaps).toBe(0);
  });

  test('a client that resumes hears what it missed, and no history', async () => {
    const server = await openWatched(transport, { replay });
    for (const data of ['1', '2', '3']) publish(server, data);
    const events = createEventRecorder();
    const query = `history=all&last_event_id=${server.hub.book.eventId(2)}`;
    await server.connect('lean', events, 0, { query });
    publish(server, '4');
    await events.received(2);
    expect(events.texts()).toEqual(['3', '4']);
  });

  test('a message that ten clients replay is encoded once', async () => {
    const server = await openWatched(transport, { replay });
    for (const data of ['1', '2', '3']) publish(server, data);
    const events = createEventRecorder();
    for (let client = 0; client < 10; client += 1) {
      await server.connect('lean', events, client, { query: 'history=all' });
      await events.received(3, client);
    }
    expect(server.encoded()).toBe(3);
    expect(server.hub.counters.replayed).toBe(30);
  });
});

describe.each(['sse', 'sse-prepared'] as const)('%s', (name) => {
  test('the header Last-Event-ID counts for more than the query', async () => {
    const server = await openWatched(transports[name], { replay });
    for (const data of ['1', '2', '3']) publish(server, data);
    const idOf = (number: number): string => server.hub.book.eventId(number);
    const wire = await openWire(
      server.endpoint.port,
      `GET /events?last_event_id=${idOf(1)}&history=all HTTP/1.1\r\nHost: x\r\nLast-Event-ID: ${idOf(2)}\r\n\r\n`,
    );
    const { start } = protocolOf[name];
    const event = `id: ${idOf(3)}\ndata: 3\n\n`;
    const expected = `${start}${event.length.toString(16)}\r\n${event}\r\n`;
    expect((await wire.bodyOf(expected.length)).toString()).toBe(expected);
  });
});
