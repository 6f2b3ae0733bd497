/** A session outlives its connection, where it has an identity: coming back, being replaced, not coming back. */
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import { createPushServer } from '../../servers/push-server.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createSignal } from '../recorder.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { carryOut, idOf, operate, post } from './requests.ts';
import { sessionAt } from './stalled.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const lingerMs = 60_000;

function publish({ hub }: WatchedServer, data: string, room = 'main', key = ''): void {
  hub.publish({ data: Buffer.from(data), kind: 'text', room, key });
}

function message({ hub }: WatchedServer, id: string | undefined, data: string): void {
  const session = hub.book.find(id);
  if (session === undefined) throw new Error('there is no such session');
  hub.message(session, { data: Buffer.from(data), kind: 'text' });
}

describe.each(all)('%s', (name, transport) => {
  test('gives an identity to those only who ask for one, to each another', async () => {
    const server = await openWatched(transport, { lingerMs });
    const events = createEventRecorder();
    const [first, second, third] = [
      await server.connect('lean', events, 0, { query: 'session=new' }),
      await server.connect('lean', events, 1, { query: 'session=new' }),
      await server.connect('lean', events, 2),
    ];
    expect(idOf(first)).toMatch(/^[\w-]{22}$/);
    expect(idOf(second)).toMatch(/^[\w-]{22}$/);
    expect(idOf(first)).not.toBe(idOf(second));
    expect(third.session).toBeUndefined();
    expect(server.hub.book.size).toBe(2);
    third.close();
    await server.connected(2);
    // Nothing is kept of one that nobody could come back as.
    expect(server.hub.book.size).toBe(2);
    first.close();
    await server.connected(1);
    expect(server.hub.book.size).toBe(2);
  });

  test('a client that comes back finds its rooms and its keys', async () => {
    const server = await openWatched(transport, { lingerMs });
    const events = createEventRecorder();
    const query = 'session=new&room=a&key=k';
    const first = await server.connect('lean', events, 0, { query });
    await carryOut(first, events, { op: 'join', room: 'b' });
    first.close();
    await server.connected(0);
    expect(server.hub.rooms.size).toBe(0);
    const back = { query: `session=${first.session}` };
    const second = await server.connect('lean', events, 1, back);
    expect(second.session).toBe(first.session);
    publish(server, 'main');
    for (const room of ['a', 'b']) {
      publish(server, `${room} k`, room, 'k');
      publish(server, `${room} l`, room, 'l');
    }
    await events.received(2, 1);
    second.close();
    await server.connected(0);
    // Rooms and keys in the query take the place of those it had.
    const other = { query: `session=${first.session}&room=c&key=l` };
    await server.connect('lean', events, 2, other);
    for (const room of ['a', 'c']) {
      for (const key of ['k', 'l']) publish(server, `${room} ${key}`, room, key);
    }
    await events.received(1, 2);
    expect(events.texts(1)).toEqual(['a k', 'b k']);
    expect(events.texts(2)).toEqual(['c l']);
    const { opened, resumed, closed } = server.hub.counters;
    expect({ opened, resumed, closed }).toEqual({ opened: 1, resumed: 2, closed: 2 });
  });

  test('direct messages wait for a client that is away', async () => {
    const server = await openWatched(transport, { lingerMs });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0, { query: 'session=new' });
    message(server, first.session, 'here');
    await events.received(1, 0);
    first.close();
    await server.connected(0);
    message(server, first.session, 'away 1');
    publish(server, 'not for those who are away');
    const path = `/sessions/${first.session}/message?event=note`;
    expect((await post(server, path, '[2]')).status).toBe(204);
    const second = await server.connect('lean', events, 1, { query: `session=${first.session}` });
    message(server, second.session, 'back');
    await events.received(3, 1);
    expect(events.of(1).map(({ event, data }) => [event, data.toString()])).toEqual([
      ['', 'away 1'],
      ['note', '[2]'],
      ['', 'back'],
    ]);
    second.close();
    await server.connected(0);
    await server.connect('lean', events, 2, { query: `session=${first.session}` });
    message(server, second.session, 'not again');
    await events.received(1, 2);
    expect(events.texts(2)).toEqual(['not again']);
    expect(server.hub.counters.gaps).toBe(0);
  });

  test.each([
    ['count', { count: 3, bytes: 1_000, ageMs: 60_000 }, ['3', '4', '5']],
    ['bytes', { count: 100, bytes: 2, ageMs: 60_000 }, ['4', '5']],
    ['age', { count: 100, bytes: 1_000, ageMs: 1 }, []],
  ])('no more waits than may, by %s, and the rest is a gap', async (_, away, kept) => {
    const server = await openWatched(transport, { lingerMs, away });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0, { query: 'session=new' });
    first.close();
    await server.connected(0);
    const session = server.hub.book.find(first.session);
    if (session === undefined) throw new Error('the session is not known');
    for (const data of ['1', '2', '3', '4', '5']) message(server, first.session, data);
    const { ring } = server.hub.rooms.own(session);
    await expect.poll(() => ring?.length).toBe(kept.length);
    await server.connect('lean', events, 1, { query: `session=${first.session}` });
    await events.received(1 + kept.length, 1);
    const after = server.hub.book.eventId(0);
    expect(events.of(1)[0]?.event).toBe('gap');
    expect(events.values(1, 'gap')).toEqual([{ room: '', after }]);
    expect(events.texts(1)).toEqual(kept);
  });

  test('what is sent while a session is being ended waits for it too', async () => {
    const server = await openWatched(transport, { lingerMs });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0, { query: 'session=new' });
    const { session } = sessionAt(server, 0);
    server.hub.expel(session, 'restart');
    expect(session.state).toBe('closing');
    message(server, first.session, 'in between');
    await events.ended(0);
    await server.connected(0);
    await server.connect('lean', events, 1, { query: `session=${first.session}` });
    await events.received(1, 1);
    expect(events.texts(1)).toEqual(['in between']);
  });

  test('an answer that comes when its client is away is there when it is back', async () => {
    const asked = createSignal();
    let answer: ((value: string) => void) | undefined;
    const onRequest = () =>
      new Promise<string>((resolve) => {
        answer = resolve;
        asked.raise();
      });
    const server = await openWatched(transport, { lingerMs, onRequest });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0, { query: 'session=new' });
    await operate(first, { op: 'request', id: '7', data: null });
    const give = await asked.until(() => answer);
    first.close();
    await server.connected(0);
    give('at last');
    await server.connect('lean', events, 1, { query: `session=${first.session}` });
    await events.next('answer', 1);
    expect(events.values(1, 'answer')).toEqual([{ id: '7', data: 'at last' }]);
  });

  test('who comes with the id of a session takes it over, and the old connection is ended', async () => {
    const server = await openWatched(transport, { lingerMs });
    const events = createEventRecorder();
    const query = 'session=new&room=a';
    const first = await server.connect('lean', events, 0, { query });
    const session = sessionAt(server, 0).session;
    const asked = server.ask(session, 'are you there?');
    await events.next('ask', 0);
    const second = await server.connect('lean', events, 1, { query: `session=${first.session}` });
    expect(second.session).toBe(first.session);
    expect(await asked).toEqual({ kind: 'left' });
    expect(await events.ended(0)).toBe(protocolOf[name].cause.lean('going-away'));
    await expect.poll(() => server.hub.counters.closedBytes).toBeGreaterThan(0);
    expect(sessionAt(server, 1).session).toBe(session);
    expect(server.hub.sessions.size).toBe(1);
    publish(server, 'to the new one', 'a');
    message(server, first.session, 'to it alone');
    await events.received(2, 1);
    expect(events.texts(1)).toEqual(['to the new one', 'to it alone']);
    expect(events.texts(0)).toEqual([]);
    const { opened, resumed, closed } = server.hub.counters;
    expect({ opened, resumed, closed }).toEqual({ opened: 1, resumed: 1, closed: 1 });
    expect(server.hub.dropped).toBe(0);
  });

  test('a session that has not come back in time is gone for good, and nothing is left of it', async () => {
    const server = await openWatched(transport, { lingerMs: 1 });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0, { query: 'session=new&room=a' });
    message(server, first.session, 'hello');
    await events.received(1);
    first.close();
    await server.connected(0);
    await expect.poll(() => server.hub.book.size).toBe(0);
    expect(server.hub.rooms.size).toBe(0);
    for (const what of ['send', 'message', 'ask']) {
      const { status, text } = await post(server, `/sessions/${first.session}/${what}`, '1');
      expect([status, text]).toEqual([410, 'this session has ended\n']);
    }
    const unknown = await post(server, '/sessions/nobody/send', '{"op":"ping"}');
    expect([unknown.status, unknown.text]).toEqual([404, 'there is no such session\n']);
    const second = await server.connect('lean', events, 1, { query: `session=${first.session}` });
    expect(idOf(second)).not.toBe(idOf(first));
    expect(server.hub.counters).toMatchObject({ opened: 2, resumed: 0 });
  });
});

test('a session comes back over another transport than it came by', async ({ onTestFinished }) => {
  const { sse, ws, raw } = transports;
  const server = await createPushServer({ transports: { sse, ws, raw }, lingerMs, heartbeatMs: 0 });
  onTestFinished(() => server.close(0));
  const events = createEventRecorder();
  let id = 'new';
  for (const [client, [name, transport]] of Object.entries({
    sse,
    ws,
    raw,
    again: sse,
  }).entries()) {
    const endpoint = server.endpoints[name] ?? server.endpoints['sse'];
    const { lean } = transport.clients;
    if (endpoint === undefined || typeof lean !== 'function') throw new Error('no endpoint');
    const query = `session=${id}&room=a`;
    const options = { endpoint, client, sink: events, clock: () => 0, timeoutMs: 10_000, query };
    id = idOf(await lean(options));
    server.hub.publish({ room: 'a', data: Buffer.from(`over ${name}`), kind: 'text' });
    await events.received(1, client);
  }
  const heard = [0, 1, 2, 3].map((client) => events.texts(client));
  expect(heard).toEqual([['over sse'], ['over ws'], ['over raw'], ['over again']]);
  expect(server.hub.counters).toMatchObject({ opened: 1, resumed: 3, delivered: 8 });
});
