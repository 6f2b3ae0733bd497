/** What an event is on the wire and to a client: its name, its id, its data, whatever the transport. */
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import { clientKinds } from '../../core/transport.ts';
import { reservedEvents } from '../../servers/names.ts';
import { defaults } from '../../servers/push-server.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { encodeClientFrame } from '../../transports/ws/client-frame.ts';
import { opcodes } from '../../transports/ws/parser.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { operate, post } from './requests.ts';
import { openWatched } from './watched-server.ts';
import { openWireTo } from './wire.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const replay = { ...defaults.replay, count: 100 };
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/** Texts that a careless reader would take for an event, or for a part of one. */
const lookalikes = [
  '{"event":"gap","data":1}',
  '{"event":"answer","id":"7","data":"x"}',
  '{"id":"k-1","data":1}',
  '{"data":1}',
  '{"event":',
  '{"id":"',
  '{"data":{"event":"gap"}}',
  '{"event":"żółw","data":"\\"}',
  'id: 7\ndata: x',
  'event: gap\n\ndata: y',
];

describe.each(all)('%s', (name, transport) => {
  const protocol = protocolOf[name];
  const arrivalOf = (text: string): string =>
    protocol.arrivesAs.reduce((sent, { from, to }) => sent.replaceAll(from, to), text);

  test('names an event, and has no id where nothing is kept', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    await server.connect('lean', events);
    server.hub.publish({ event: 'quote', data: Buffer.from('{"price":1.5}'), kind: 'json' });
    server.hub.publish({ data: Buffer.from('{"price":2}'), kind: 'json' });
    expect(await events.received(2)).toEqual([
      { event: 'quote', id: '', data: Buffer.from('{"price":1.5}') },
      { event: '', id: '', data: Buffer.from('{"price":2}') },
    ]);
  });

  test('numbers what is kept, under a prefix that is another one for each server', async () => {
    const server = await openWatched(transport, { replay });
    const events = createEventRecorder();
    await server.connect('lean', events);
    for (let i = 0; i < 37; i += 1) server.hub.broadcast(Buffer.from(`${i}`));
    const ids = (await events.received(37)).map(({ id }) => id);
    const { instance } = server.hub.book;
    expect(instance).toMatch(/^[0-9a-f]{10}$/);
    expect(ids.slice(0, 3)).toEqual([`${instance}-1`, `${instance}-2`, `${instance}-3`]);
    // In base 36.
    expect(ids.slice(-3)).toEqual([`${instance}-z`, `${instance}-10`, `${instance}-11`]);
    expect(events.texts()).toEqual(Array.from({ length: 37 }, (_, i) => `${i}`));
    const other = await openWatched(transport, { replay });
    expect(other.hub.book.instance).not.toBe(instance);
  });

  test('writes a named event with an id in exactly these bytes', async () => {
    const server = await openWatched(transport, { replay });
    const wire = await openWireTo(server, protocol);
    server.hub.publish({ event: 'quote', data: Buffer.from('{"price":1.5}'), kind: 'json' });
    const id = `${server.hub.book.instance}-1`;
    const expected =
      protocol.start + protocol.named('quote', id, '{"price":1.5}').toString('latin1');
    expect((await wire.bodyOf(expected.length)).toString('latin1')).toBe(expected);
  });

  test('writes binary data in exactly these bytes', async () => {
    const server = await openWatched(transport, { replay });
    const wire = await openWireTo(server, protocol);
    const data = Buffer.from([0, 10, 13, 34, 0x7b, 128, 255]);
    server.hub.publish({ event: 'binary', data, kind: 'binary' });
    const id = `${server.hub.book.instance}-1`;
    const expected = Buffer.concat([Buffer.from(protocol.start), protocol.binary(id, data)]);
    expect((await wire.bodyOf(expected.length)).toString('hex')).toBe(expected.toString('hex'));
  });

  test('says welcome before anything else', async () => {
    const server = await openWatched(transport, { replay });
    server.hub.broadcast(Buffer.from('{"seen":1}'), 'json');
    const request = () => protocol.request(server.endpoint, 'session=new&history=all');
    const wire = await openWireTo(server, { ...protocol, request });
    const [session] = server.hub.sessions;
    const welcome = `{"session":"${session?.id}","resumed":false,"replay":1}`;
    const expected = protocol.start + protocol.named('welcome', '', welcome).toString('latin1');
    const body = await wire.bodyOf(expected.length);
    expect(body.toString('latin1', 0, expected.length)).toBe(expected);
  });

  describe.each([
    ['', '', {}],
    ['of an event with a name', 'note', {}],
    ['of an event with an id', '', { replay }],
  ])('data %s', (_, event, options) => {
    test('may have several lines', async () => {
      const server = await openWatched(transport, options);
      const events = createEventRecorder();
      await server.connect('lean', events);
      const texts = ['a\nb\r\nc\rd', '\n', 'a\n\n', '', '"quoted"', 'back\\slash "\n'];
      for (const text of texts) {
        server.hub.publish({ event, data: Buffer.from(text), kind: 'text' });
      }
      await events.received(texts.length);
      expect(events.texts(0, event)).toEqual(texts.map(arrivalOf));
    });

    test('may look like an event', async () => {
      const server = await openWatched(transport, options);
      const events = createEventRecorder();
      await server.connect('lean', events);
      for (const text of lookalikes) {
        server.hub.publish({ event, data: Buffer.from(text), kind: 'text' });
      }
      await events.received(lookalikes.length);
      expect(events.texts(0, event)).toEqual(lookalikes);
    });

    test('may be JSON that looks like an event, or has line breaks', async () => {
      const server = await openWatched(transport, options);
      const events = createEventRecorder();
      await server.connect('lean', events);
      const values = [{ event: 'gap', data: 1 }, { data: [{ id: 'x' }] }, { text: 'a\nb "}' }, 7];
      for (const value of values) {
        for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
          server.hub.publish({ event, data: Buffer.from(text), kind: 'json' });
        }
      }
      await events.received(2 * values.length);
      expect(events.values(0, event)).toEqual(values.flatMap((value) => [value, value]));
    });

    test('may be any bytes', async () => {
      const server = await openWatched(transport, options);
      const events = createEventRecorder();
      await server.connect('lean', events);
      for (const data of [everyByte, Buffer.alloc(0)]) {
        server.hub.publish({ event: 'binary', data, kind: 'binary' });
      }
      const heard = await events.received(2);
      expect(heard.map(({ event, data }) => [event, data])).toEqual([
        ['binary', everyByte],
        ['binary', Buffer.alloc(0)],
      ]);
    });
  });

  test('brings a POST of any kind of data to everybody, as what it says it is', async () => {
    const server = await openWatched(transport, { replay });
    const events = createEventRecorder();
    await server.connect('lean', events);
    const sent: [path: string, body: string | Buffer, type: string][] = [
      ['/publish?event=note', '{"a":\n1}', 'application/json; charset=utf-8'],
      ['/publish?event=note', 'two\nlines', 'text/plain'],
      ['/publish?event=message', '{"b":2}', 'application/vnd.api+json'],
      ['/publish', everyByte, 'application/octet-stream'],
    ];
    for (const [path, body, type] of sent) {
      expect((await post(server, path, body, { 'content-type': type })).status).toBe(204);
    }
    await events.received(4);
    const [json = '', text] = events.texts(0, 'note');
    expect(JSON.parse(json)).toEqual({ a: 1 });
    expect(text).toBe('two\nlines');
    expect(events.values(0, '')).toEqual([{ b: 2 }]);
    expect(events.of().at(-1)).toMatchObject({ event: 'binary', data: everyByte });
  });

  test('lets nobody use a name of the server, or one that would break out of its field', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new' });
    const names = [...reservedEvents, 'a\nid: 7', 'a\rb', 'a\0b', '', 'x'.repeat(129)];
    for (const event of names) {
      const path = `/publish?event=${encodeURIComponent(event)}`;
      expect((await post(server, path, '1')).status).toBe(400);
      const sending = operate(client, { op: 'publish', event, data: 1 });
      if (server.endpoint.sessionsPath !== undefined) {
        await expect(sending).rejects.toThrow(/answered 400 /);
      } else {
        const { data } = await events.next('refused');
        expect(JSON.parse(data.toString())).toMatchObject({ status: 400 });
      }
    }
    await operate(client, { op: 'publish', event: 'message', data: 1 });
    expect(await events.next('')).toMatchObject({ event: '', id: '' });
    expect(server.hub.counters.published).toBe(1);
  });

  for (const kind of clientKinds) {
    test(`answers a ping of the ${kind} client`, async ({ skip }) => {
      const connect = transport.clients[kind];
      if (typeof connect !== 'function') return skip(connect.unavailable);
      const server = await openWatched(transport);
      const events = createEventRecorder();
      const client = await server.connect(kind, events, 0, { query: 'session=new' });
      await operate(client, { op: 'ping' });
      expect(await events.received(1)).toMatchObject([{ event: 'pong', data: Buffer.from('{}') }]);
    });
  }
});

test.each(['ws', 'ws-prepared'] as const)(
  'a binary frame of a %s client reaches everybody as it was',
  async (name) => {
    const server = await openWatched(transports[name]);
    const events = createEventRecorder();
    await server.connect('lean', events);
    const wire = await openWireTo(server, protocolOf[name]);
    wire.socket.write(encodeClientFrame(opcodes.binary, everyByte));
    expect(await events.received(1)).toEqual([{ event: 'binary', id: '', data: everyByte }]);
  },
);

test.each([
  ['JSON that is none', '{"a":', 'application/json', 400],
  ['nothing where JSON is said', '', 'application/json', 400],
  ['JSON that nests 20,000 deep', '['.repeat(20_000) + ']'.repeat(20_000), 'application/json', 400],
  ['text that is not UTF-8', Buffer.from([0x61, 0xff]), 'text/plain', 400],
  ['a form', 'a=1', 'application/x-www-form-urlencoded', 415],
])('a POST of %s is refused', async (_, body, type, status) => {
  const server = await openWatched(transports.sse);
  const events = createEventRecorder();
  const client = await server.connect('lean', events, 0, { query: 'session=new' });
  for (const path of [
    'publish',
    `sessions/${client.session}/message`,
    `sessions/${client.session}/ask`,
  ]) {
    const answer = await post(server, `/${path}`, body, { 'content-type': type });
    expect(answer.status).toBe(status);
  }
  expect(server.hub.counters.published).toBe(0);
  expect(server.asks.counters.opened).toBe(0);
});
