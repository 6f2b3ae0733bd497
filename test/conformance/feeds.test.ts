/** The rooms that the server publishes to by itself: the time, and simulated quotes. */
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import type { Quote } from '../../servers/quotes.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const SYMBOLS = ['ALFA', 'BRAV', 'CHAR', 'DELT', 'ECHO', 'FOXT', 'GOLF', 'HOTE'];

/** How a client asks for a feed: by its room anywhere, and by its own path over HTTP. */
function waysTo({ endpoint }: WatchedServer, name: TransportName, feed: string) {
  const byRoom = { query: `room=${feed}` };
  if (name === 'raw') return [byRoom];
  const path = name.startsWith('ws') ? `/ws/${feed}` : `/${feed}`;
  return [byRoom, { endpoint: { ...endpoint, path } }];
}

describe.each(all)('%s', (name, transport) => {
  test('brings the time, by the path of the clock or as its room', async () => {
    const server = await openWatched(transport, { feeds: true });
    const events = createEventRecorder();
    const ways = waysTo(server, name, 'clock');
    const before = Date.now();
    for (const [client, way] of ways.entries()) await server.connect('lean', events, client, way);
    for (const client of ways.keys()) {
      const [first] = await events.received(1, client);
      expect(first?.event).toBe('time');
      const { now } = JSON.parse(String(first?.data)) as { now: string };
      expect(new Date(now).toISOString()).toBe(now);
      expect(Date.parse(now)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(now)).toBeLessThanOrEqual(Date.now());
    }
  });

  test('brings quotes of all symbols in turn', async () => {
    const server = await openWatched(transport, { feeds: true, seed: 7 });
    const events = createEventRecorder();
    const ways = waysTo(server, name, 'ticker');
    for (const [client, way] of ways.entries()) await server.connect('lean', events, client, way);
    for (const client of ways.keys()) {
      const heard = await events.received(3, client);
      expect(heard.slice(0, 3).map(({ event }) => event)).toEqual(['quote', 'quote', 'quote']);
      const quotes = events.values(client, 'quote').slice(0, 3) as Quote[];
      // The first one is whose turn it was when the client came.
      const first = SYMBOLS.indexOf(quotes[0]?.symbol ?? '');
      const inTurn = [0, 1, 2].map((i) => SYMBOLS[(first + i) % SYMBOLS.length]);
      expect(quotes.map(({ symbol }) => symbol)).toEqual(inTurn);
      for (const { price } of quotes) expect(price).toBeGreaterThan(0);
    }
  });

  test('has no such paths where there are no feeds', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    for (const way of waysTo(server, name, 'clock').slice(1)) {
      await expect(server.connect('lean', events, 0, way)).rejects.toThrow(
        'the server answered 404 Not Found',
      );
    }
    expect(server.hub.counters.opened).toBe(0);
  });
});

test('nothing is published while nobody listens', async () => {
  const server = await openWatched(transports.ws, { feeds: true });
  const events = createEventRecorder();
  const client = await server.connect('lean', events, 0, { query: 'room=ticker' });
  await events.received(1);
  client.close();
  await server.connected(0);
  const { published } = server.hub.counters;
  // A second client hears the quote that follows the last one that was heard.
  await server.connect('lean', events, 1, { query: 'room=ticker' });
  await events.received(1, 1);
  expect(server.hub.counters.published).toBe(published + 1);
});

test('a symbol is the key of its quotes', async () => {
  const server = await openWatched(transports.sse, { feeds: true });
  const events = createEventRecorder();
  await server.connect('lean', events, 0, { query: 'room=ticker&key=CHAR&key=BRAV' });
  await events.received(2);
  const symbols = (events.values(0, 'quote') as Quote[]).map(({ symbol }) => symbol);
  expect(new Set(symbols)).toEqual(new Set(['BRAV', 'CHAR']));
});
