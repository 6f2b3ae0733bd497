/** What becomes of a client that does not read, and of the others: each policy on every transport. */
import { describe, expect, test } from 'vitest';
import type { SlowPolicy } from '../../core/scenario.ts';
import type { Transport } from '../../core/transport.ts';
import { countsOf } from '../../servers/counts.ts';
import type { PushServerOptions } from '../../servers/push-server.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { fillUp, sessionAt, withoutDestruction } from './stalled.ts';
import { openWatched } from './watched-server.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const LIMIT = 256 * 1_024;
const none = { newest: 0, oldest: 0, coalesced: 0, disconnected: 0, blocked: 0, gone: 0 };
const padding = 'x'.repeat(8 * 1_024);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Client 0 has stopped reading; 1 and 2 read. All are in the main room, and 0 alone in another. */
async function openStalled(
  transport: Transport,
  policy: SlowPolicy,
  { fill = 0, ...options }: Partial<PushServerOptions> & { readonly fill?: number } = {},
) {
  const server = await openWatched(transport, { policy, bufferLimitBytes: LIMIT, ...options });
  const events = createEventRecorder();
  const slow = await server.connect('lean', events, 0, { query: 'room=main&room=fill' });
  await server.connect('lean', events, 1);
  await server.connect('lean', events, 2);
  slow.pause();
  const { session, connection } = sessionAt(server, 0);
  const filled = await fillUp(server, connection, 'fill', fill);
  let last = 0;
  const publish = (count: number, keyOf: (number: number) => string = () => ''): void => {
    for (let i = 0; i < count; i += 1) {
      last += 1;
      const data = Buffer.from(`${last} ${padding}`);
      server.hub.publish({ data, kind: 'text', key: keyOf(last) });
    }
  };
  return {
    server,
    events,
    slow,
    session,
    connection,
    filled,
    /** Publishes messages that begin with a number that rises. */
    publish,
    /** The same, each when those who read have heard the one before: a burst makes anybody slow. */
    async publishInTurn(count: number, keyOf?: (number: number) => string): Promise<void> {
      for (let i = 0; i < count; i += 1) {
        publish(1, keyOf);
        await Promise.all([events.received(last, 1), events.received(last, 2)]);
      }
    },
    /** Numbers that one client has heard. */
    numbers: (client: number): number[] =>
      events
        .texts(client)
        .filter((text) => !text.startsWith('x'))
        .map((text) => Number.parseInt(text, 10)),
    /** Resolves when the slow client has heard a number. */
    async hears(number: number): Promise<void> {
      const isHeard = () => events.texts(0).at(-1)?.startsWith(`${number} `) === true;
      for (let count = 1; !isHeard(); count = events.of(0).length + 1) {
        await events.received(count, 0);
      }
    },
    /** What was to be written, what was, and what was left out for whatever reason. */
    balance() {
      const { delivered } = server.hub.counters;
      return { due: filled + 3 * last, written: delivered, leftOut: server.hub.dropped };
    },
  };
}

describe.each(all)('%s', (name, transport) => {
  test.each(['drop-newest', 'drop-oldest', 'keep-latest', 'disconnect'] as const)(
    'with %s, others get every message at once',
    async (policy) => {
      const { events, publish, numbers, server } = await openStalled(transport, policy);
      for (let i = 1; i <= 50; i += 1) {
        publish(1, (number) => `k${number % 3}`);
        await Promise.all([events.received(i, 1), events.received(i, 2)]);
      }
      expect([numbers(1), numbers(2)]).toEqual([range(1, 50), range(1, 50)]);
      expect(numbers(0)).toEqual([]);
      expect(server.hub.blockedNs).toBe(0);
    },
  );

  test('drop-newest leaves out what comes above the limit, and goes on when it has drained', async () => {
    const fill = LIMIT;
    const stalled = await openStalled(transport, 'drop-newest', { fill });
    const { server, slow, connection, filled, events } = stalled;
    stalled.publish(20);
    expect(server.hub.counters.drops).toEqual({ ...none, newest: 20 });
    slow.resume();
    await events.received(filled, 0);
    await expect.poll(() => connection.bufferedBytes).toBe(0);
    stalled.publish(5);
    await stalled.hears(25);
    expect(stalled.numbers(0)).toEqual(range(21, 25));
    await events.received(25, 1);
    expect(stalled.balance()).toEqual({ due: filled + 75, written: filled + 55, leftOut: 20 });
  });

  test('drop-oldest keeps the newest up to the limit, in order', async () => {
    const stalled = await openStalled(transport, 'drop-oldest');
    const { server, slow, session, filled } = stalled;
    await stalled.publishInTurn(100);
    const { outbox } = session;
    expect(outbox?.bytes).toBeLessThanOrEqual(LIMIT);
    expect(outbox?.bytes).toBeGreaterThan(LIMIT - 9 * 1_024);
    const waiting = outbox?.length ?? 0;
    expect(server.hub.counters.drops).toEqual({ ...none, oldest: 100 - waiting });
    slow.resume();
    await stalled.hears(100);
    expect(stalled.numbers(0)).toEqual(range(101 - waiting, 100));
    stalled.publish(1);
    await stalled.hears(101);
    expect(stalled.balance()).toEqual({
      due: filled + 303,
      written: filled + 202 + waiting + 1,
      leftOut: 100 - waiting,
    });
  });

  test('keep-latest brings the last value of every key, and counts the ones before it', async () => {
    const stalled = await openStalled(transport, 'keep-latest');
    const { server, slow, session, filled } = stalled;
    await stalled.publishInTurn(300, (number) => (number % 10 === 0 ? '' : `k${number % 10}`));
    expect(session.outbox?.length).toBe(10);
    expect(server.hub.counters.drops).toEqual({ ...none, coalesced: 290 });
    slow.resume();
    await stalled.hears(300);
    expect(stalled.numbers(0)).toEqual(range(291, 300));
    await stalled.events.received(300, 1);
    expect(stalled.balance()).toEqual({
      due: filled + 900,
      written: filled + 610,
      leftOut: 290,
    });
  });

  test.each(['drop-oldest', 'keep-latest'] as const)(
    'with %s, what waits for a client that leaves is counted as left out',
    async (policy) => {
      const stalled = await openStalled(transport, policy);
      const { server, session, connection, filled } = stalled;
      await stalled.publishInTurn(8, (number) => `k${number % 4}`);
      const { length = 0 } = session.outbox ?? {};
      expect(length).toBe(policy === 'keep-latest' ? 4 : 8);
      connection.destroy();
      await server.connected(2);
      expect(server.hub.counters.drops).toEqual({ ...none, coalesced: 8 - length, gone: length });
      expect(stalled.balance()).toEqual({ due: filled + 24, written: filled + 16, leftOut: 8 });
      expect(server.hub.bufferedBytes).toBe(0);
    },
  );

  test('disconnect ends who is over the limit, and says so where that is possible', async () => {
    const stalled = await openStalled(transport, 'disconnect', { fill: LIMIT });
    const { server, slow, connection, events, filled } = stalled;
    withoutDestruction(connection);
    stalled.publish(10);
    expect(server.hub.counters.drops).toEqual({ ...none, disconnected: 1, gone: 9 });
    const counts = countsOf(server);
    expect(counts).toMatchObject({ expelled: 1, slowAt: [expect.any(Number)] });
    slow.resume();
    expect(await events.ended(0)).toBe(protocolOf[name].cause.lean('slow'));
    await server.connected(2);
    expect(events.of(0).length).toBe(filled);
    stalled.publish(10);
    await Promise.all([events.received(20, 1), events.received(20, 2)]);
    expect(server.hub.counters.drops).toEqual({ ...none, disconnected: 1, gone: 9 });
  });

  test('disconnect ends who does not read even that', async () => {
    const stalled = await openStalled(transport, 'disconnect', { fill: LIMIT });
    stalled.publish(1);
    await stalled.server.connected(2);
    expect(stalled.events.of(0)).toEqual([]);
    expect(stalled.server.hub.counters).toMatchObject({ closed: 1 });
  });

  test('disconnect ends who has held back for too long, below the limit too', async () => {
    const limits = { slowMs: 1, bufferLimitBytes: 1_000 * LIMIT };
    const stalled = await openStalled(transport, 'disconnect', limits);
    const { server, slow, session, connection, events } = stalled;
    withoutDestruction(connection);
    await expect.poll(() => session.state).toBe('closing');
    slow.resume();
    expect(await events.ended(0)).toBe(protocolOf[name].cause.lean('slow'));
    await server.connected(2);
    expect(server.hub.dropped).toBe(0);
  });

  test('block makes all wait for so long, and then the slow one alone misses what comes', async () => {
    const options = { fill: LIMIT, blockMs: 40 };
    const stalled = await openStalled(transport, 'block', options);
    const { server, slow, connection, events, filled } = stalled;
    stalled.publish(20);
    expect(server.hub.counters.published).toBe(filled);
    await Promise.all([events.received(20, 1), events.received(20, 2)]);
    const { blockedNs } = server.hub;
    // A timer may fire up to a millisecond early by this clock.
    expect(blockedNs).toBeGreaterThan(39e6);
    expect(server.hub.counters.drops).toEqual({ ...none, blocked: 20 });
    stalled.publish(20);
    await Promise.all([events.received(40, 1), events.received(40, 2)]);
    // Nobody waits for it again.
    expect(server.hub.blockedNs).toBe(blockedNs);
    expect([stalled.numbers(1), stalled.numbers(2)]).toEqual([range(1, 40), range(1, 40)]);
    slow.resume();
    await events.received(filled, 0);
    await expect.poll(() => connection.bufferedBytes).toBe(0);
    stalled.publish(1);
    await stalled.hears(41);
    expect(stalled.numbers(0)).toEqual([41]);
    expect(stalled.balance()).toEqual({ due: filled + 123, written: filled + 83, leftOut: 40 });
  });

  test('block lets nobody miss anything where the slow one drains in time', async () => {
    const stalled = await openStalled(transport, 'block', { fill: LIMIT, blockMs: 60_000 });
    const { server, slow, events } = stalled;
    stalled.publish(20);
    expect(server.hub.blockedNs).toBe(0);
    slow.resume();
    await stalled.hears(20);
    await Promise.all([events.received(20, 1), events.received(20, 2)]);
    for (const client of [0, 1, 2]) expect(stalled.numbers(client)).toEqual(range(1, 20));
    expect(server.hub.blockedNs).toBeGreaterThan(0);
    expect(server.hub.dropped).toBe(0);
  });
});
