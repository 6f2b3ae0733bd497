/** The server asks, a client answers: who is told what, and that no answer satisfies another question. */
import { describe, expect, test } from 'vitest';
import type { Client, Transport } from '../../core/transport.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import type { EventRecorder } from './event-recorder.ts';
import { createEventRecorder } from './event-recorder.ts';
import { carryOut, operate, post, refusalOf } from './requests.ts';
import { sessionAt } from './stalled.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const none = {
  opened: 0,
  answered: 0,
  failed: 0,
  timedOut: 0,
  left: 0,
  late: 0,
  duplicate: 0,
  unknown: 0,
};

interface Asked {
  readonly id: string;
  readonly data: unknown;
}

/** The next question that a client hears. */
async function nextAsk(events: EventRecorder, client = 0): Promise<Asked> {
  const { data } = await events.next('ask', client);
  return JSON.parse(data.toString()) as Asked;
}

async function ask(
  server: WatchedServer,
  { session }: Client,
  body: string,
  query = '',
): Promise<[status: number, answer: unknown]> {
  const { status, text } = await post(server, `/sessions/${session}/ask${query}`, body);
  return [status, text.startsWith('{') ? JSON.parse(text) : text];
}

describe.each(all)('%s', (_, transport) => {
  async function open(options: Parameters<typeof openWatched>[1] = {}) {
    const server = await openWatched(transport, options);
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new' });
    return { server, events, client };
  }

  test('who asks a client over HTTP gets its answer', async () => {
    const { server, events, client } = await open();
    const asked = ask(server, client, '{"what":["time",null]}');
    const { id, data } = await nextAsk(events);
    expect(data).toEqual({ what: ['time', null] });
    await operate(client, { op: 'answer', id, data: { time: 'noon' } });
    expect(await asked).toEqual([200, { outcome: 'answered', data: { time: 'noon' } }]);
    expect(server.asks.counters).toEqual({ ...none, opened: 1, answered: 1 });
  });

  test('two questions get each its own answer, in whatever order', async () => {
    const { server, events, client } = await open();
    const asked = [ask(server, client, '1'), ask(server, client, '2')];
    const heard = [await nextAsk(events), await nextAsk(events)];
    for (const { id, data } of heard.reverse()) {
      await operate(client, { op: 'answer', id, data: `to ${data}` });
    }
    expect(await Promise.all(asked)).toEqual([
      [200, { outcome: 'answered', data: 'to 1' }],
      [200, { outcome: 'answered', data: 'to 2' }],
    ]);
  });

  test('an error of the client is 502 to who asked', async () => {
    const { server, events, client } = await open();
    const asked = ask(server, client, 'null');
    const { id } = await nextAsk(events);
    await operate(client, { op: 'answer', id, error: 'I cannot' });
    expect(await asked).toEqual([502, { outcome: 'failed', error: 'I cannot' }]);
    expect(server.asks.counters).toEqual({ ...none, opened: 1, failed: 1 });
  });

  test('no answer in time is 408, and one that comes too late satisfies nothing', async () => {
    const { server, events, client } = await open();
    expect(await ask(server, client, '1', '?timeout=1')).toEqual([408, { outcome: 'timeout' }]);
    const late = await nextAsk(events);
    const asked = ask(server, client, '2');
    const { id } = await nextAsk(events);
    const answer = { op: 'answer', id: late.id, data: 'late' };
    expect(await refusalOf(server, client, events, answer)).toBe(410);
    expect(server.asks.pending).toBe(1);
    await operate(client, { op: 'answer', id, data: 'in time' });
    expect(await asked).toEqual([200, { outcome: 'answered', data: 'in time' }]);
    expect(server.asks.counters).toEqual({ ...none, opened: 2, answered: 1, timedOut: 1, late: 1 });
  });

  test('a second answer is refused with 409, and the first one counts', async () => {
    const { server, events, client } = await open();
    const asked = ask(server, client, '1');
    const { id } = await nextAsk(events);
    await operate(client, { op: 'answer', id, data: 'first' });
    const again = { op: 'answer', id, data: 'second' };
    expect(await refusalOf(server, client, events, again)).toBe(409);
    expect(await asked).toEqual([200, { outcome: 'answered', data: 'first' }]);
    expect(server.asks.counters).toEqual({ ...none, opened: 1, answered: 1, duplicate: 1 });
  });

  test('an answer to what was not asked is refused with 404, and so is that of another client', async () => {
    const { server, events, client } = await open();
    const other = await server.connect('lean', events, 1, { query: 'session=new' });
    const asked = ask(server, client, '1');
    const { id } = await nextAsk(events);
    const made = { op: 'answer', id: 'made-up', data: 1 };
    expect(await refusalOf(server, client, events, made)).toBe(404);
    const others: EventRecorder = { ...events, next: (event) => events.next(event, 1) };
    const stolen = { op: 'answer', id, data: 'stolen' };
    expect(await refusalOf(server, other, others, stolen)).toBe(404);
    expect(await refusalOf(server, other, others, { op: 'part', id, data: 1 })).toBe(404);
    await operate(client, { op: 'answer', id, data: 'mine' });
    expect(await asked).toEqual([200, { outcome: 'answered', data: 'mine' }]);
    expect(server.asks.counters).toEqual({ ...none, opened: 1, answered: 1, unknown: 3 });
  });

  test('when a client leaves, its questions end at once, and those of others go on', async () => {
    const { server, events, client } = await open();
    const other = await server.connect('lean', events, 1, { query: 'session=new' });
    const asked = [1, 2, 3].map((body) => ask(server, client, `${body}`));
    const stays = ask(server, other, '4');
    for (const _ of asked) await nextAsk(events, 0);
    const { id } = await nextAsk(events, 1);
    client.close();
    const left = [410, { outcome: 'left' }];
    expect(await Promise.all(asked)).toEqual([left, left, left]);
    expect(server.asks.pending).toBe(1);
    await operate(other, { op: 'answer', id, data: 'still here' });
    expect(await stays).toEqual([200, { outcome: 'answered', data: 'still here' }]);
  });

  test('a client that is away is not asked, and one that nobody knows is 404', async () => {
    const { server, client } = await open({ lingerMs: 60_000 });
    client.close();
    await server.connected(0);
    const away = 'the client of this session is away\n';
    expect(await ask(server, client, '1')).toEqual([410, away]);
    const missing = await post(server, '/sessions/nobody/ask', '1');
    expect([missing.status, missing.text]).toEqual([404, 'there is no such session\n']);
    expect(server.asks.counters).toEqual(none);
  });

  test('what is asked of a client while it is away ends when it does not come back', async () => {
    const { server, client } = await open({ lingerMs: 1_000 });
    const { session } = sessionAt(server, 0);
    client.close();
    await server.connected(0);
    expect(await server.ask(session, 'are you coming back?')).toEqual({ kind: 'left' });
    expect(server.hub.book.size).toBe(0);
  });

  test('what is asked of a client while it is away is there when it is back', async () => {
    const { server, events, client } = await open({ lingerMs: 60_000 });
    const { session } = sessionAt(server, 0);
    client.close();
    await server.connected(0);
    const asked = server.ask(session, 'are you back?');
    const query = `session=${client.session}`;
    const again = await server.connect('lean', events, 1, { query });
    const { id, data } = await nextAsk(events, 1);
    expect(data).toBe('are you back?');
    await operate(again, { op: 'answer', id, data: 'yes' });
    expect(await asked).toEqual({ kind: 'answered', data: 'yes' });
  });

  test('an answer may come in parts, which are over when it has ended', async () => {
    const { server, events, client } = await open();
    const { session } = sessionAt(server, 0);
    const parts: unknown[] = [];
    const { id, outcome } = server.asks.open(session, 60_000, (data) => parts.push(data));
    server.hub.tell(session, 'ask', JSON.stringify({ id, data: 'tell me more' }));
    expect((await nextAsk(events)).id).toBe(id);
    for (const data of [1, [2], null]) await carryOut(client, events, { op: 'part', id, data });
    expect(parts).toEqual([1, [2], null]);
    await operate(client, { op: 'answer', id, data: 'the end' });
    expect(await outcome).toEqual({ kind: 'answered', data: 'the end' });
    expect(await refusalOf(server, client, events, { op: 'part', id, data: 4 })).toBe(409);
    expect(parts).toEqual([1, [2], null]);
  });

  test('when the server closes, who asked is told', async () => {
    const { server, events } = await open();
    const asked = server.ask(sessionAt(server, 0).session, 1);
    await nextAsk(events);
    await server.close(0);
    expect(await asked).toEqual({ kind: 'left' });
    expect(server.asks.pending).toBe(0);
  });
});

test('no two of 10,000 questions have the same id, nor one of another server', async () => {
  const ids = new Set<string>();
  for (const server of [await openWatched(transports.ws), await openWatched(transports.ws)]) {
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new' });
    const { session } = sessionAt(server, 0);
    const asked = Array.from({ length: 5_000 }, (_, i) => server.ask(session, i));
    for (let i = 0; i < 5_000; i += 1) {
      const { id, data } = await nextAsk(events);
      ids.add(id);
      await operate(client, { op: 'answer', id, data });
    }
    const outcomes = await Promise.all(asked);
    expect(outcomes.every((one, i) => one.kind === 'answered' && one.data === i)).toBe(true);
  }
  expect(ids.size).toBe(10_000);
});
