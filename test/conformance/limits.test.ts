/** How much anybody may have of the server: sessions, time, bytes, messages a second. */
import { Readable } from 'node:stream';
import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import { defaults } from '../../servers/push-server.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { operate, post } from './requests.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';
import { openWire } from './wire.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const { limits } = defaults;

/** What a client is answered that is not let in. */
async function refusalOf(
  { endpoint }: WatchedServer,
  name: TransportName,
  query = '',
): Promise<string> {
  const protocol = protocolOf[name];
  const wire = await openWire(
    endpoint.port,
    protocol.request(endpoint, query, { Connection: name.startsWith('ws') ? 'Upgrade' : 'close' }),
    protocol.headEnd,
  );
  await wire.ended();
  return wire.received().toString();
}

describe.each(all)('%s', (name, transport) => {
  const protocol = protocolOf[name];

  test('a full server refuses one more with 503 and when to try again, and takes who comes back', async () => {
    const server = await openWatched(transport, { limits: { ...limits, maxSessions: 1 } });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0, { query: 'session=new' });
    const refusal = await refusalOf(server, name);
    if (name === 'raw') expect(refusal).toBe('!503 the server is full\n');
    else {
      expect(refusal).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
      expect(refusal).toContain('\r\nRetry-After: 5\r\n');
      expect(refusal).toContain('the server is full\n');
    }
    await server.connect('lean', events, 1, { query: `session=${first.session}` });
    await events.ended(0);
    server.connections[1]?.destroy();
    await server.connected(0);
    await server.connect('lean', events, 2);
    expect(server.hub.sessions.size).toBe(1);
    expect([...server.gatekeeper.counters.refused]).toEqual([[503, 1]]);
  });

  test('one address has so many connections at most, which is told with 429', async () => {
    const server = await openWatched(transport, { limits: { ...limits, maxPerAddress: 2 } });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0);
    await server.connect('lean', events, 1);
    const refusal = await refusalOf(server, name);
    const says = 'too many connections from this address';
    if (name === 'raw') expect(refusal).toBe(`!429 ${says}\n`);
    else {
      expect(refusal).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
      expect(refusal).toContain('\r\nRetry-After: 5\r\n');
      expect(refusal).toContain(`${says}\n`);
    }
    const asked = protocol.request(server.endpoint);
    await openWire(server.endpoint.port, asked, protocol.headEnd, '127.0.0.2');
    await server.connected(3);
    first.close();
    await server.connected(2);
    await server.connect('lean', events, 2);
    expect(server.hub.sessions.size).toBe(3);
  });

  test('a connection that has had its time is told to come back, and when', async () => {
    const server = await openWatched(transport, { lifetimeMs: 1, lingerMs: 60_000 });
    const asked = protocol.request(server.endpoint, 'session=new');
    const wire = await openWire(server.endpoint.port, asked, protocol.headEnd);
    await server.connected(1);
    await wire.bodyOf(1);
    if (name.startsWith('ws')) {
      while (!wire.body().includes('retry=')) await wire.bodyOf(wire.body().length + 1);
      wire.socket.end();
    }
    await wire.ended();
    await server.connected(0);
    const end = wire.body().toString('latin1').slice(-40);
    const retry = Number(/retry(?:: |=)(\d+)/.exec(end)?.[1] ?? 500);
    expect(retry).toBeGreaterThanOrEqual(500);
    expect(retry).toBeLessThanOrEqual(2_500);
    if (name.startsWith('sse')) expect(end).toMatch(/\n\n\r\n[cd]\r\nretry: \d+\n\n\r\n0\r\n\r\n$/);
    if (name.startsWith('ws')) expect(end).toContain(`\x03\xf4retry=${retry}`);
    expect(server.hub.book.size).toBe(1);
  });

  test('a message over the limit is refused, to the byte, in one piece or in several', async () => {
    const server = await openWatched(transport, { messageLimitBytes: 100_000 });
    const events = createEventRecorder();
    const sender = await server.connect('lean', events, 0);
    await server.connect('lean', events, 1);
    await sender.send(Buffer.alloc(100_000, 'x'));
    await events.received(1, 1);
    const sending = sender.send(Buffer.alloc(100_001, 'x'));
    if (name.startsWith('sse')) {
      await expect(sending).rejects.toThrow(
        'POST /publish answered 413 instead of 2xx a message has at most 100000 bytes',
      );
    } else {
      await sending;
      const cause = await events.ended(0);
      if (name === 'raw')
        expect(cause).toMatch(/^(the server ended the connection|.* ECONNRESET)$/);
      else expect(cause).toBe('closed by the server with 1009');
      await server.connected(1);
    }
    expect(server.hub.counters.published).toBe(1);
  });

  test('a short message over a shorter limit is refused too', async () => {
    const server = await openWatched(transport, { messageLimitBytes: 100 });
    const events = createEventRecorder();
    const sender = await server.connect('lean', events, 0);
    await sender.send(Buffer.alloc(100, 'x'));
    await events.received(1, 0);
    await sender.send(Buffer.alloc(101, 'x'))?.catch(() => 'refused');
    if (!name.startsWith('sse')) await events.ended(0);
    expect(server.hub.counters.published).toBe(1);
  });

  test('who sends more than its rate allows is told so, and nobody else is', async () => {
    const server = await openWatched(transport, { rates: { perSession: 0.1, burst: 3 } });
    const events = createEventRecorder();
    const sender = await server.connect('lean', events, 0, { query: 'session=new' });
    const other = await server.connect('lean', events, 1, { query: 'session=new' });
    for (const data of [1, 2, 3]) await operate(sender, { op: 'publish', data });
    await events.received(3, 1);
    const sending = operate(sender, { op: 'publish', data: 4 });
    if (name.startsWith('sse')) {
      await expect(sending).rejects.toThrow(
        /answered 429 instead of 2xx \(Retry-After: 10\) more than this session may send$/,
      );
      const again = await post(server, `/sessions/${sender.session}/send`, '{"op":"ping"}');
      expect(again.status).toBe(429);
      // One message comes back in ten seconds.
      expect(again.headers['retry-after']).toBe('10');
    } else {
      await sending;
      expect(await events.ended(0)).toBe(protocol.cause.lean('policy'));
      await server.connected(1);
    }
    await operate(other, { op: 'publish', data: 5 });
    await events.received(4, 1);
    expect(events.texts(1)).toEqual(['1', '2', '3', '5']);
  });

  test('half a request is not waited for', async () => {
    const server = await openWatched(transport, { headersTimeoutMs: 20 });
    const wire = await openWire(server.endpoint.port, undefined);
    wire.socket.write(protocol.request(server.endpoint, 'room=a').slice(0, -1));
    await wire.ended();
    const answer = wire.received().toString();
    if (name === 'raw') expect(answer).toBe('!408 there was no first line in time\n');
    else expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(server.hub.counters.opened).toBe(0);
  });
});

test('a raw client that says more than its first line is told why it is refused', async () => {
  const server = await openWatched(transports.raw, { token: 'secret' });
  const wire = await openWire(server.endpoint.port, undefined);
  wire.socket.write('?room=a\n{"op":"ping"}\nmore\n');
  await wire.ended();
  expect(wire.received().toString()).toBe('!401 a token is needed\n');
});

test.each([
  ['announced', Buffer.alloc(101, 'x')],
  ['not announced', () => Readable.from([Buffer.alloc(60, 'x'), Buffer.alloc(60, 'x')])],
])('a body over the limit is refused with 413, when its length was %s', async (_, body) => {
  const server = await openWatched(transports.sse, { messageLimitBytes: 100 });
  const answer = await request(`http://127.0.0.1:${server.httpPort}/publish`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: typeof body === 'function' ? body() : body,
  });
  expect(answer.statusCode).toBe(413);
  expect(answer.headers['connection']).toBe('close');
  expect(await answer.body.text()).toBe('a message has at most 100 bytes\n');
  expect(server.hub.counters.published).toBe(0);
});
