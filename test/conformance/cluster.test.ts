/**
 * Several servers that are the processes of one: what is said in one is heard in all, once and under one
 * id, and who comes back to another than before is given what it missed. The processes themselves are
 * started in test/e2e/stress-restart.test.ts; here they share one, and an exchange between them.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createClock, newEpoch } from '../../core/clock.ts';
import type { Transport } from '../../core/transport.ts';
import { Exchange } from '../../servers/exchange.ts';
import { ServerMember } from '../../servers/member.ts';
import { defaults } from '../../servers/push-server.ts';
import type { RingLimits } from '../../servers/replay-ring.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { operate } from './requests.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';

const replay: RingLimits = { ...defaults.replay, count: 1_000 };
const both = Object.entries({ sse: transports.sse, ws: transports.ws });

interface Processes {
  readonly exchange: Exchange;
  readonly servers: readonly WatchedServer[];
  /** One more, which knows nothing of what was before. */
  add(): Promise<WatchedServer>;
  /** It hears nothing more, as after its end. */
  end(server: number): Promise<void>;
}

async function openProcesses(
  transport: Transport,
  count: number,
  limits: RingLimits = replay,
): Promise<Processes> {
  const exchange = new Exchange(limits, createClock(newEpoch()));
  onTestFinished(() => exchange.close());
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  const servers: WatchedServer[] = [];
  const members: { gone(): void }[] = [];
  const add = async (): Promise<WatchedServer> => {
    const rank = servers.length + 1;
    // As between processes: nothing is shared, and nothing arrives in the turn in which it was sent.
    const later = <Item>(take: (items: Item) => void) => {
      return (items: Item): void => void setImmediate(take, structuredClone(items));
    };
    const membership: ServerMember = new ServerMember(
      { rank, instance: 'together', folder },
      later((items) => joined.take(asBuffers(items))),
    );
    const joined = exchange.join(later((items) => membership.receive(asBuffers(items))));
    const server = await openWatched(transport, { replay: limits, membership });
    await membership.openDoor((request, response) => {
      server.listener.http.emit('request', request, response);
    });
    onTestFinished(() => membership.closeDoor());
    servers.push(server);
    members.push(joined);
    return server;
  };
  for (let index = 0; index < count; index += 1) await add();
  return {
    exchange,
    servers,
    add,
    async end(index) {
      members[index]?.gone();
      await servers[index]?.close(0);
    },
  };
}

/** A clone of a Buffer is a plain array of bytes; the channel between processes makes it one again. */
function asBuffers<Value>(value: Value): Value {
  if (value instanceof Uint8Array) return Buffer.from(value) as Value;
  if (Array.isArray(value)) return value.map(asBuffers) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, asBuffers(one)]),
  ) as Value;
}

const say = ({ hub }: WatchedServer, data: string, room = 'main'): void =>
  hub.publish({ data: Buffer.from(data), kind: 'text', room });

describe.each(both)('%s', (_, transport) => {
  test('what is published in one process is heard in all, in one order and under one id', async () => {
    const { servers, exchange } = await openProcesses(transport, 3);
    const events = createEventRecorder();
    for (const [index, server] of servers.entries()) await server.connect('lean', events, index);
    for (let turn = 0; turn < 30; turn += 1) {
      const server = servers[turn % 3];
      if (server !== undefined) say(server, `${turn}`);
    }
    const heard = await Promise.all(servers.map((_, index) => events.received(30, index)));
    const texts = heard.map((all) => all.map(({ id, data }) => `${id} ${data}`));
    expect(texts[1]).toEqual(texts[0]);
    expect(texts[2]).toEqual(texts[0]);
    expect(new Set(texts[0]).size).toBe(30);
    expect(heard[0]?.[0]?.id).toBe('together-1');
    expect(exchange.published).toBe(30);
    // Once per process and transport, whatever the number of sessions.
    expect(servers.map(({ encoded }) => encoded())).toEqual([30, 30, 30]);
  });

  test('who comes back to another process is given what it missed, once and in order', async () => {
    const { servers, add } = await openProcesses(transport, 2);
    const [first, second] = servers as [WatchedServer, WatchedServer];
    const events = createEventRecorder();
    const client = await first.connect('lean', events);
    for (const data of ['1', '2']) say(second, data);
    const last = (await events.received(2))[1]?.id;
    client.close();
    await first.connected(0);
    for (const data of ['3', '4', '5']) say(first, data);
    // A process that was not there when any of it was published.
    const third = await add();
    const query = `last_event_id=${last}`;
    await third.connect('lean', events, 0, { query });
    say(second, '6');
    await events.received(6);
    expect(events.texts()).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(third.hub.counters.gaps).toBe(0);
  });

  test('what is published while a room is being filled is neither lost nor told twice', async () => {
    const { servers } = await openProcesses(transport, 2);
    const [first, second] = servers as [WatchedServer, WatchedServer];
    const events = createEventRecorder();
    for (let number = 0; number < 100; number += 1) say(first, `${number}`, 'news');
    const arrived = second.connect('lean', events, 0, { query: 'room=news&history=all' });
    for (let number = 100; number < 200; number += 1) say(first, `${number}`, 'news');
    await arrived;
    for (let number = 200; number < 300; number += 1) say(second, `${number}`, 'news');
    await events.received(300);
    expect(events.texts()).toEqual(Array.from({ length: 300 }, (_, number) => `${number}`));
  });

  test('who comes for the first time hears nothing of before, also where the room comes from elsewhere', async () => {
    const { servers } = await openProcesses(transport, 2);
    const [first, second] = servers as [WatchedServer, WatchedServer];
    for (const data of ['1', '2']) say(first, data, 'news');
    const events = createEventRecorder();
    // With an identity: its welcome is told when the room is there, and a client waits for that.
    await second.connect('lean', events, 0, { query: 'room=news&session=new' });
    say(first, '3', 'news');
    await events.next('');
    expect(events.texts()).toEqual(['3']);
  });

  test('only what somebody in a process hears comes to it', async () => {
    const { servers } = await openProcesses(transport, 2);
    const [first, second] = servers as [WatchedServer, WatchedServer];
    const events = createEventRecorder();
    await second.connect('lean', events, 0, { query: 'room=a&session=new' });
    say(first, 'for a', 'a');
    say(first, 'for b', 'b');
    say(first, 'also for a', 'a');
    await events.received(2);
    expect(events.texts()).toEqual(['for a', 'also for a']);
    expect(second.hub.counters.published).toBe(2);
  });

  test('a gap is told when what was missed is kept nowhere any more', async () => {
    const { servers } = await openProcesses(transport, 2, { ...replay, count: 3 });
    const [first, second] = servers as [WatchedServer, WatchedServer];
    for (const data of ['1', '2', '3', '4', '5']) say(first, data);
    const events = createEventRecorder();
    await second.connect('lean', events, 0, { query: 'last_event_id=together-1' });
    await events.received(4);
    expect(events.of().map(({ event }) => event)).toEqual(['gap', '', '', '']);
    expect(events.texts()).toEqual(['3', '4', '5']);
  });

  test('an operation finds its session, whichever process it is sent to', async () => {
    const { servers } = await openProcesses(transport, 2);
    const [first, second] = servers as [WatchedServer, WatchedServer];
    const events = createEventRecorder();
    const client = await first.connect('lean', events, 0, { query: 'session=new' });
    const post = (path: string, body: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${second.httpPort}/sessions/${client.session}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      });
    const asked = await post('/send', '{"op":"request","id":"1","data":{"n":1}}');
    expect(asked.status).toBe(202);
    expect((await events.next('answer')).data.toString()).toBe('{"id":"1","data":{"n":1}}');
    expect((await post('/message', '"for you"')).status).toBe(204);
    await events.next('');
    expect(events.texts()).toEqual(['"for you"']);
    await operate(client, { op: 'join', room: 'b' });
    expect((await post('/cut', '')).status).toBe(204);
    await events.ended();
    const gone = await post('/message', '"too late"');
    expect([404, 410]).toContain(gone.status);
  });
});

test('a session of a process that has ended is gone, and nobody waits for it', async () => {
  const { servers, end } = await openProcesses(transports.ws, 1);
  const [server] = servers as [WatchedServer];
  const answer = await fetch(`http://127.0.0.1:${server.httpPort}/sessions/7.abc/send`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"op":"ping"}',
  });
  expect(answer.status).toBe(410);
  await end(0);
});

test('health and metrics are those of all processes, whichever is asked', async () => {
  const { servers } = await openProcesses(transports.ws, 2);
  const [first, second] = servers as [WatchedServer, WatchedServer];
  const events = createEventRecorder();
  await first.connect('lean', events, 0);
  await first.connect('lean', events, 1);
  await second.connect('lean', events, 2);
  const at = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${second.httpPort}${path}`);
  expect(await (await at('/healthz')).json()).toEqual({ status: 'ok', sessions: 3, processes: 2 });
  const text = await (await at('/metrics')).text();
  expect(text).toMatch(/^pushbench_sessions 3$/m);
  expect(text).toMatch(/^pushbench_sessions_opened_total 3$/m);
});
