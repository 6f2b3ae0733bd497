/** Faults that show in the bytes of a stream, or in how connections are kept and ended. */
import { createParser } from 'eventsource-parser';
import { EventSource, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Publication } from '../../servers/hub-options.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { post } from './requests.ts';
import { httpRequest, openPeer, openWebSocket } from './stubborn-peer.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';
import { openWire, openWireTo } from './wire.ts';

const { ws, sse, raw } = transports;
const replay = { count: 100, bytes: 2 ** 20, ageMs: 60_000 };

/** What does harm where it is written as it is. */
const nasty = [
  'plain',
  '',
  ' ',
  'a\nb',
  'a\rb',
  'a\r\nb',
  '\n\n',
  '\r',
  'x\rid: 1\revent: y',
  'x\n\ndata: second\n\n',
  ': comment',
  'id: 7',
  'data: x',
  'retry: 1',
  '\ufeffmark',
  'NUL \0',
  'żółw 🐢',
  '\u2028',
];
/** The receiver joins lines with LF, whatever ended them. */
const received = nasty.map((text) => text.replaceAll(/\r\n|\r/g, '\n'));

interface Parsed {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** Reads a stream with a parser that is not ours, up to `count` events. */
async function parse(
  server: WatchedServer,
  query: string,
  count: number,
  act: () => void,
): Promise<Parsed[]> {
  const { statusCode, headers, body } = await request(
    `http://127.0.0.1:${server.httpPort}/events?${query}`,
  );
  expect([statusCode, headers['content-type']]).toEqual([200, 'text/event-stream']);
  const events: Parsed[] = [];
  const parser = createParser({
    onEvent: ({ event = '', id = '', data }) => void events.push({ event, id, data }),
    onError: (error) => {
      throw error;
    },
  });
  act();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes as Buffer, { stream: true }));
    if (events.length >= count) break;
  }
  return events;
}

describe.each(['sse', 'sse-prepared'] as const)('%s', (name) => {
  test('fault: the framing is no valid event stream (eventsource-parser)', async () => {
    const server = await openWatched(transports[name], { replay });
    const events = await parse(server, 'room=a', nasty.length, () => {
      for (const text of nasty) {
        server.hub.publish({ room: 'a', event: 'e', data: Buffer.from(text), kind: 'text' });
      }
    });
    expect(events.map(({ data }) => data)).toEqual(received);
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(['e']));
    expect(new Set(events.map(({ id }) => id)).size).toBe(nasty.length);
  });

  test('fault: the framing is no valid event stream (EventSource of undici)', async () => {
    const server = await openWatched(transports[name], { replay });
    const source = new EventSource(`http://127.0.0.1:${server.httpPort}/events`);
    onTestFinished(() => source.close());
    const heard: string[] = [];
    const all = new Promise<void>((resolve) => {
      source.onmessage = ({ data }) => {
        heard.push(String(data));
        if (heard.length === nasty.length) resolve();
      };
    });
    await server.connected(1);
    for (const text of nasty) server.hub.broadcast(Buffer.from(text));
    await all;
    expect(heard).toEqual(received);
  });

  test('fault: a CR in the data is not seen as the end of a line, and injects fields', async () => {
    const server = await openWatched(transports[name]);
    const events = await parse(server, '', 1, () => {
      server.hub.broadcast(Buffer.from('x\rid: 1\revent: y\r\rdata: z'));
    });
    expect(events).toEqual([{ event: '', id: '', data: 'x\nid: 1\nevent: y\n\ndata: z' }]);
  });

  test('fault: all are told to come back at the same time when the server restarts', async () => {
    const server = await openWatched(transports[name]);
    const peers = await Promise.all(
      Array.from({ length: 40 }, () => openPeer(server.httpPort, httpRequest('GET', '/events'))),
    );
    await server.connected(40);
    await server.drain(1_000);
    const waits = await Promise.all(
      peers.map(async (peer) =>
        Number(/retry: (\d+)\n\n\r\n0\r\n\r\n$/.exec(await peer.over())?.[1]),
      ),
    );
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_000);
    expect(new Set(waits).size).toBeGreaterThan(30);
  });
});

describe.each(Object.entries({ sse, ws, raw }))('%s', (name, transport) => {
  const protocol = protocolOf[name as 'sse' | 'ws' | 'raw'];

  test('fault: what is sent is not flushed, and comes only when more follows', async () => {
    const server = await openWatched(transport);
    const wire = await openWireTo(server, protocol);
    server.hub.broadcast(Buffer.from('alone'));
    await wire.bodyOf(protocol.start.length + protocol.bytesOf('alone'.length));
    expect(wire.body().includes('alone')).toBe(true);
  });

  test('fault: events have no id, so that nobody can say what was seen last', async () => {
    const server = await openWatched(transport, { replay });
    const events = createEventRecorder();
    await server.connect('lean', events, 0);
    for (const text of ['1', '2', '3']) server.hub.broadcast(Buffer.from(text));
    const ids = (await events.received(3)).map(({ id }) => id);
    expect(ids).toEqual(['1', '2', '3'].map((number) => `${server.hub.book.instance}-${number}`));
  });

  test('fault: a client waits on when the server has ended its stream in good order', async () => {
    const server = await openWatched(transport);
    for (const kind of ['lean', 'library'] as const) {
      if (typeof transport.clients[kind] !== 'function') continue;
      const events = createEventRecorder();
      await server.connect(kind, events);
      for (const { connection } of server.hub.sessions) connection?.close('going-away');
      expect(await events.ended()).toBe(protocol.cause[kind]('going-away'));
      await server.connected(0);
    }
  });

  test('fault: a server that closes waits for its streams for ever', async () => {
    const server = await openWatched(transport);
    const opened = {
      sse: () => openPeer(server.httpPort, httpRequest('GET', '/events')),
      ws: () => openWebSocket(server.httpPort),
      raw: () => openPeer(server.endpoint.port, '?\n'),
    };
    const peer = await opened[name as 'sse' | 'ws' | 'raw']();
    await server.connected(1);
    await server.close(50);
    await peer.over();
    await server.connected(0);
    expect(server.listener.http.listening).toBe(false);
  });
});

describe.each(['a\nb', 'a\rb', 'a\0b', 'x\n\ndata: injected'])(
  'fault: %j as a name injects fields',
  (name) => {
    test('from a client', async () => {
      const server = await openWatched(sse);
      const query = new URLSearchParams({ event: name });
      expect((await post(server, `/publish?${query}`, '1')).status).toBe(400);
      expect(server.hub.counters.published).toBe(0);
    });

    test('from the application', async () => {
      const { hub } = await openWatched(sse);
      const publication: Publication = { event: name, data: Buffer.from('1'), kind: 'json' };
      expect(() => hub.publish(publication)).toThrow(RangeError);
      expect(hub.counters.published).toBe(0);
    });
  },
);

test('fault: connections for POSTs are kept for less time than proxies keep theirs', async () => {
  const server = await openWatched(sse);
  const wire = await openWire(server.httpPort, httpRequest('POST', '/publish', [], '1').toString());
  expect(wire.head()).toMatch(/\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n/);
  expect(server.listener.http.keepAliveTimeout).toBe(75_000);
});
