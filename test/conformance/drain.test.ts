/** A server that stops on purpose: everybody is sent away, told when to come back, and gone in time. */
import { describe, expect, test, vi } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { get } from './requests.ts';
import { fillUp, withoutDestruction } from './stalled.ts';
import { openWatched } from './watched-server.ts';
import { openWire } from './wire.ts';

const all = Object.entries(transports) as [TransportName, Transport][];

describe.each(all)('%s', (name, transport) => {
  test('all are told to come back, in batches, each at a time of its own', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const clients = Array.from({ length: 25 }, (_, client) => client);
    for (const client of clients) await server.connect('lean', events, client);
    const closed: [reason: string, retryMs: number | undefined][] = [];
    for (const connection of server.connections) {
      const close = connection.close.bind(connection);
      vi.spyOn(connection, 'close').mockImplementation((reason, retryMs) => {
        closed.push([reason, retryMs]);
        close(reason, retryMs);
      });
    }
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const drained = server.drain(4_000);
    // Three batches, a tenth of a second apart, and the deadline.
    expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([0, 100, 200, 4_000]);
    timers.mockRestore();
    const causes = await Promise.all(clients.map((client) => events.ended(client)));
    await drained;
    expect(server.hub.sessions.size).toBe(0);
    expect(new Set(closed.map(([reason]) => reason))).toEqual(new Set(['restart']));
    const retries = closed.map(([, retryMs = 0]) => retryMs);
    expect(retries.length).toBe(25);
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(500);
    expect(Math.max(...retries)).toBeLessThanOrEqual(4_000);
    expect(new Set(retries).size).toBeGreaterThan(20);
    const expected = protocolOf[name].cause.lean('restart');
    const saysRetry = name.startsWith('ws');
    for (const [client, cause] of causes.entries()) {
      expect(cause).toBe(saysRetry ? `${expected} (retry=${retries[client]})` : expected);
    }
  });

  test('nobody is let in any more, and the health says why', async () => {
    const server = await openWatched(transport);
    const protocol = protocolOf[name];
    const events = createEventRecorder();
    const slow = await server.connect('lean', events, 0);
    slow.pause();
    const [connection] = server.connections;
    if (connection === undefined) throw new Error('there is no connection');
    await fillUp(server, connection, 'main');
    withoutDestruction(connection);
    const drained = server.drain(60_000);
    const asked = protocol.request(server.endpoint);
    const wire = await openWire(server.endpoint.port, asked, protocol.headEnd);
    const refused = name === 'raw' ? '!503 ' : 'HTTP/1.1 503 Service Unavailable\r\n';
    expect(wire.head().startsWith(refused)).toBe(true);
    if (name !== 'raw') expect(wire.head()).toContain('\r\nRetry-After: 5\r\n');
    const health = await get(server, '/healthz', { connection: 'close' });
    expect(health.status).toBe(503);
    expect(JSON.parse(health.text)).toEqual({ status: 'draining', sessions: 1 });
    slow.resume();
    await events.ended(0);
    await drained;
    expect(server.hub.counters.opened).toBe(1);
  });

  test('who does not read is ended at the deadline', async () => {
    const server = await openWatched(transport);
    const events = createEventRecorder();
    const slow = await server.connect('lean', events, 0);
    await server.connect('lean', events, 1);
    slow.pause();
    const [connection] = server.connections;
    if (connection === undefined) throw new Error('there is no connection');
    await fillUp(server, connection, 'main');
    await server.drain(100);
    await server.connected(0);
    expect(events.texts(0)).toEqual([]);
    await events.ended(1);
  });
});
