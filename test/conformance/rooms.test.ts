/** Who hears what: rooms, keys and direct messages, the same on every transport. */
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { carryOut, idOf, operate, post, refusalOf } from './requests.ts';
import { openWatched } from './watched-server.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const text = (data: string) => ({ data: Buffer.from(data), kind: 'text' as const });

describe.each(all)('%s', (_, transport) => {
  test('a client that asks for no room is in the main one', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    await server.connect('lean', events);
    server.hub.publish({ ...text('elsewhere'), room: 'a' });
    server.hub.publish({ ...text('here'), room: 'main' });
    server.hub.broadcast(Buffer.from('here too'));
    await events.received(2);
    expect(events.texts()).toEqual(['here', 'here too']);
    expect(server.hub.counters).toMatchObject({ published: 3, delivered: 2 });
  });

  test('a client hears the rooms of its query, and each message once', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    await server.connect('lean', events, 0, { query: 'room=a&room=b&room=a' });
    await server.connect('lean', events, 1, { query: 'room=b&room=%C5%BC%C3%B3%C5%82w%20%3F%26' });
    for (const room of ['main', 'a', 'b', 'żółw ?&', 'a']) {
      server.hub.publish({ ...text(`in ${room}`), room });
    }
    await events.received(3, 0);
    await events.received(2, 1);
    expect(events.texts(0)).toEqual(['in a', 'in b', 'in a']);
    expect(events.texts(1)).toEqual(['in b', 'in żółw ?&']);
    expect(server.hub.counters).toMatchObject({ published: 5, delivered: 5 });
  });

  test('a client joins and leaves rooms as it goes', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new&room=a' });
    const say = (): void => {
      for (const room of ['a', 'b']) server.hub.publish({ ...text(`in ${room}`), room });
    };
    say();
    await carryOut(client, events, { op: 'join', room: 'b' });
    await carryOut(client, events, { op: 'join', room: 'b' });
    say();
    await carryOut(client, events, { op: 'leave', room: 'a' });
    say();
    await carryOut(client, events, { op: 'leave', room: 'b' });
    say();
    await carryOut(client, events, { op: 'ping' });
    expect(events.texts()).toEqual(['in a', 'in a', 'in b', 'in b']);
    expect(server.hub.rooms.size).toBe(0);
  });

  test('leaving a room that one is not in is refused with 404', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new' });
    expect(await refusalOf(server, client, events, { op: 'leave', room: 'a' })).toBe(404);
    expect(await refusalOf(server, client, events, { op: 'join', room: 'a\nb' })).toBe(400);
    expect(server.operator.counters.refused).toBe(2);
    expect(server.hub.sessions.size).toBe(1);
  });

  test('a client publishes to one room, by an operation or a POST', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new&room=a' });
    await server.connect('lean', events, 1, { query: 'room=b' });
    await carryOut(client, events, { op: 'publish', room: 'b', event: 'note', data: [1] });
    await carryOut(client, events, { op: 'publish', room: 'nobody', data: [2] });
    expect((await post(server, '/publish?room=b&event=note', '[3]')).status).toBe(204);
    expect((await post(server, '/publish?room=a', '[4]')).status).toBe(204);
    await events.received(2, 1);
    await events.next('');
    expect(events.values(1, 'note')).toEqual([[1], [3]]);
    expect(events.values(0, '')).toEqual([[4]]);
    expect(server.hub.counters).toMatchObject({ published: 4 });
  });

  test('a filter lets its keys through, and what has no key', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    await server.connect('lean', events, 0, { query: 'key=a&key=b' });
    await server.connect('lean', events, 1, { query: 'key=c' });
    await server.connect('lean', events, 2);
    for (const key of ['a', 'b', 'c', '', 'd']) server.hub.publish({ ...text(`of ${key}`), key });
    await events.received(5, 2);
    expect((await post(server, '/publish?key=c', '"last"')).status).toBe(204);
    await events.received(3, 1);
    await events.received(6, 2);
    expect(events.texts(0)).toEqual(['of a', 'of b', 'of ']);
    expect(events.texts(1)).toEqual(['of c', 'of ', '"last"']);
    expect(events.texts(2)).toEqual(['of a', 'of b', 'of c', 'of ', 'of d', '"last"']);
    expect(server.hub.counters.delivered).toBe(12);
  });

  test('a direct message reaches one session, whatever its rooms and keys', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const query = 'session=new&room=a&key=k';
    const client = await server.connect('lean', events, 0, { query });
    const other = await server.connect('lean', events, 1, { query });
    expect(idOf(client)).not.toBe(idOf(other));
    const session = server.hub.book.find(client.session);
    if (session === undefined) throw new Error('the session is not known');
    server.hub.message(session, { ...text('by the program'), event: 'note' });
    const path = `/sessions/${client.session}/message`;
    expect((await post(server, `${path}?event=note`, '{"by":"POST"}')).status).toBe(204);
    expect((await post(server, path, 'plain', { 'content-type': 'text/plain' })).status).toBe(204);
    await events.received(3, 0);
    expect(events.texts(0, 'note')).toEqual(['by the program', '{"by":"POST"}']);
    expect(events.texts(0)).toEqual(['plain']);
    await operate(other, { op: 'ping' });
    await events.received(1, 1);
    expect(events.of(1).map(({ event }) => event)).toEqual(['pong']);
  });

  test('rooms are gone when nobody is in them any more', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'room=a&room=b' });
    await server.connect('lean', events, 1, { query: 'room=b&room=c' });
    expect(server.hub.rooms.size).toBe(3);
    client.close();
    await server.connected(1);
    expect(server.hub.rooms.size).toBe(2);
    expect(server.hub.rooms.find('a')).toBeUndefined();
    server.connections[1]?.destroy();
    await server.connected(0);
    expect(server.hub.rooms.size).toBe(0);
  });

  test('a session joins rooms while it is away, and hears them when it is back', async () => {
    const server = await openWatched(transport, { lingerMs: 60_000 });
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new&room=a' });
    client.close();
    await server.connected(0);
    const join = JSON.stringify({ op: 'join', room: 'b' });
    expect((await post(server, `/sessions/${client.session}/send`, join)).status).toBe(204);
    server.hub.publish({ ...text('into the void'), room: 'b' });
    expect(server.hub.rooms.find('b')?.sessions.size ?? 0).toBe(0);
    expect(server.hub.dropped).toBe(0);
    await server.connect('lean', events, 0, { query: `session=${client.session}` });
    for (const room of ['a', 'b']) server.hub.publish({ ...text(`in ${room}`), room });
    await events.received(2);
    expect(events.texts()).toEqual(['in a', 'in b']);
  });

  describe('with a fixed list of rooms', () => {
    const limits = {
      maxSessions: 10,
      maxPerAddress: 10,
      maxRooms: 10,
      rooms: ['a', 'b'],
    };

    test('others are refused with 404, and the main room is always there', async () => {
      const server = await openWatched(transport, { limits });
      const events = createEventRecorder();
      const attempt = server.connect('lean', events, 0, { query: 'room=a&room=c' });
      await expect(attempt).rejects.toThrow(/^the server answered 404 /);
      const client = await server.connect('lean', events, 0, { query: 'session=new&room=a' });
      await carryOut(client, events, { op: 'join', room: 'main' });
      expect(await refusalOf(server, client, events, { op: 'join', room: 'c' })).toBe(404);
      const publish = { op: 'publish', room: 'c', data: 1 };
      expect(await refusalOf(server, client, events, publish)).toBe(404);
      expect((await post(server, '/publish?room=c', '1')).status).toBe(404);
      expect((await post(server, '/publish?room=main', '"to main"')).status).toBe(204);
      expect((await post(server, '/publish?room=b', '"to b"')).status).toBe(204);
      await carryOut(client, events, { op: 'publish', data: 'to main' });
      expect(events.values(0, '')).toEqual(['to main', 'to main']);
    });
  });

  test('no more rooms are made than there may be', async () => {
    const limits = { maxSessions: 10, maxPerAddress: 10, maxRooms: 2, rooms: undefined };
    const server = await openWatched(transport, { limits });
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new&room=a' });
    const attempt = server.connect('lean', events, 1, { query: 'room=b&room=c' });
    await expect(attempt).rejects.toThrow(/^the server answered 400 /);
    await server.connect('lean', events, 1, { query: 'room=b&room=a' });
    expect(await refusalOf(server, client, events, { op: 'join', room: 'c' })).toBe(400);
    expect(server.hub.rooms.size).toBe(2);
  });
});
