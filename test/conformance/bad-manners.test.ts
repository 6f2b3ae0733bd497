/** Clients whose every message is right, and what they do with them is not. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { RequestHandler } from '../../servers/application.ts';
import { openMemoryServer } from './memory-transport.ts';
import { get } from './requests.ts';
import { besiege, expectNothingLeft } from './siege.ts';
import { closeCodeOf, httpRequest, masked, openPeer, openWebSocket } from './stubborn-peer.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a client that numbers two requests alike', () => {
  const waits: RequestHandler = ({ signal }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve('given up'));
    });

  test('is refused the second with 409 while the first is under way', async () => {
    const { server, connect } = await openMemoryServer({ onRequest: waits });
    const client = connect('');
    client.say({ op: 'request', id: '1', data: 'first' });
    client.say({ op: 'request', id: '1', data: 'second' });
    expect(
      client.heard.map(({ event, data }) => [
        event,
        (JSON.parse(data) as { status: number }).status,
      ]),
    ).toEqual([['refused', 409]]);
    expect(server.operator.counters).toMatchObject({ requests: 1, refused: 1 });
  });

  test('may use the number again once it has given the first up', async () => {
    const { connect } = await openMemoryServer({ onRequest: waits });
    const client = connect('');
    client.say({ op: 'request', id: '1', data: 'first' });
    client.say({ op: 'cancel', id: '1' });
    client.say({ op: 'request', id: '1', data: 'second' });
    await turn();
    expect(client.heard.map(({ event }) => event)).toEqual(['answer']);
  });

  test('leaves none of them running when it goes', async () => {
    let running = 0;
    async function* endless({
      signal,
    }: Parameters<RequestHandler>[0]): AsyncGenerator<number, void> {
      running += 1;
      signal.addEventListener('abort', () => {
        running -= 1;
      });
      for (let part = 0; ; part += 1) {
        await turn();
        yield part;
      }
    }
    const { server, connect } = await openMemoryServer({ onRequest: endless });
    const client = connect('session=new');
    for (const id of ['1', '1', '2', '1']) client.say({ op: 'request', id, data: null });
    expect(running).toBe(2);
    client.end();
    expect(running).toBe(0);
    await expect.poll(() => server.operator['open'].size).toBe(0);
    expectNothingLeft(server);
  });
});

test('a client that asks for the past again and again, and reads nothing, is not buffered for without end', async () => {
  const limit = 10_000;
  const { server, connect } = await openMemoryServer({
    bufferLimitBytes: limit,
    replay: { count: 10, bytes: 2 ** 20, ageMs: 60_000 },
  });
  const rooms = Array.from({ length: 50 }, (_, i) => `room=r${i}`).join('&');
  const client = connect(rooms);
  client.stall();
  let most = 0;
  for (let i = 0; i < 2_000; i += 1) {
    client.say({ op: 'resume', last: 'of-another' });
    most = Math.max(most, client.bufferedBytes);
  }
  const gapsOfOne = 50 * 100;
  expect(most).toBeLessThan(limit + gapsOfOne);
  expect(server.operator.counters.refused).toBeGreaterThan(1_900);
});

test('a client that was cut with megabytes unread does not break the metrics', async () => {
  await besiege({ 'dropped newest': 1 }, async (server) => {
    const peer = await openWebSocket(server.httpPort);
    peer.socket.pause();
    await server.guests(1);
    while (server.hub.counters.drops.newest === 0) {
      server.hub.broadcast(Buffer.alloc(256 * 1_024, 'x'));
      await server.serves();
    }
    const before = await get(server, '/metrics', { connection: 'close' });
    peer.socket.destroy();
    await server.guests(0);
    const after = await get(server, '/metrics', { connection: 'close' });
    expect([before.status, after.status]).toEqual([200, 200]);
    const written = ({ text }: typeof after): number =>
      Number(/^pushbench_bytes_written_total (\d+)$/m.exec(text)?.[1]);
    // Bytes that were counted and never left are not taken back: a counter must not fall.
    expect(written(after)).toBe(written(before));
    await server.alone();
  });
});

test('megabytes of brackets are refused before they are parsed', async () => {
  const deep = '['.repeat(8 * 2 ** 20);
  await besiege(
    { 'refused 400': 1, 'expelled malformed': 1, 'operations refused': 1 },
    async (server) => {
      const parse = vi.spyOn(JSON, 'parse');
      onTestFinished(() => parse.mockRestore());
      const poster = await openPeer(server.httpPort, httpRequest('POST', '/publish', [], deep));
      await poster.hears(/^HTTP\/1\.1 400 /);
      const client = await openWebSocket(server.httpPort);
      client.say(masked(`{"op":"publish","data":${deep}`));
      await client.hears((heard) => closeCodeOf(heard) === 1007);
      // Parsing them would take seconds.
      expect(Math.max(0, ...parse.mock.calls.map(([text]) => text.length))).toBeLessThan(1_000);
      poster.socket.destroy();
      client.socket.destroy();
      await server.alone();
    },
    { messageLimitBytes: 16 * 2 ** 20 },
  );
});
