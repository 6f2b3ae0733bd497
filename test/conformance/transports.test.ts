/** What every transport must do, whichever it is and whichever client receives it. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import type { CloseReason, Transport } from '../../core/transport.ts';
import { clientKinds } from '../../core/transport.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createRecorder } from '../recorder.ts';
import type { Protocol } from './protocols.ts';
import { protocolOf } from './protocols.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';
import type { Wire } from './wire.ts';
import { openWireTo } from './wire.ts';

const payloads: Readonly<Record<string, string>> = {
  'of JSON': '{"price": 1.5, "symbols": ["a", "b"]}',
  'with LF': 'a\nb',
  'with CR': 'a\rb',
  'with CRLF': 'a\r\nb',
  'with line ends of all kinds': 'a\r\n\rb\n\nc\n\r',
  'that starts with LF': '\na',
  'that ends in LF': 'a\n',
  'that ends in CR': 'a\r',
  'that is one LF': '\n',
  'with emoji': 'żółw 🐢 👨‍👩‍👧',
  'with NUL': 'a\u0000b',
  'with a byte order mark': '\ufeffa',
  'that looks like an id': 'id: 1',
  'that looks like data': 'data: x',
  'that looks like the name of an event': 'event: y',
  'that looks like a comment': ': comment',
  'with lines that look like fields': 'a\nid: 1\ndata: x\nevent: y\n: comment\n\nretry: 1\n',
  'with a leading space': ' a',
  'of two spaces': '  ',
  'that is empty': '',
  ...Object.fromEntries(
    [1, 125, 126, 127, 65_535, 65_536, 1_048_576].map((bytes) => [
      `of ${bytes} bytes`,
      'x'.repeat(bytes),
    ]),
  ),
};

const reasons: readonly CloseReason[] = [
  'going-away',
  'restart',
  'policy',
  'malformed',
  'too-big',
  'slow',
  'error',
];
const all = Object.entries(transports) as [TransportName, Transport][];
const text = (buffers: readonly Buffer[]): string[] => buffers.map(String);

function arrivalOf(protocol: Protocol, payload: string): string {
  return protocol.arrivesAs.reduce((sent, { from, to }) => sent.replaceAll(from, to), payload);
}

for (const [name, transport] of all) {
  const protocol = protocolOf[name];

  for (const kind of clientKinds) {
    describe(`${name} to the ${kind} client`, () => {
      const connect = transport.clients[kind];
      if (typeof connect !== 'function') {
        test('is not tested', ({ skip }) => skip(connect.unavailable));
        return;
      }

      for (const [title, payload] of Object.entries(payloads)) {
        test(`delivers a payload ${title}`, async ({ skip }) => {
          const obstacle = protocol.cannotCarry.find(({ what }) => what.test(payload));
          if (obstacle !== undefined) skip(obstacle.why);
          const server = await openWatched(transport);
          const recorder = createRecorder();
          await server.connect(kind, recorder);
          server.hub.broadcast(Buffer.from(payload));
          server.hub.broadcast(Buffer.from('next'));
          const [first, second] = await recorder.received(0, 2);
          // Not `toEqual` on the texts: a failed comparison of a megabyte takes minutes to print.
          expect(
            first?.equals(Buffer.from(arrivalOf(protocol, payload))),
            `got ${String(first).slice(0, 60)}`,
          ).toBe(true);
          expect(String(second)).toBe('next');
        });
      }

      test('delivers messages in the order in which they were sent', async () => {
        const server = await openWatched(transport);
        const recorder = createRecorder();
        await server.connect(kind, recorder);
        const sent = Array.from(
          { length: 500 },
          (_, i) => `message ${i} ${'x'.repeat((i * 37) % 400)}`,
        );
        for (const message of sent) server.hub.broadcast(Buffer.from(message));
        expect(text(await recorder.received(0, sent.length))).toEqual(sent);
      });

      test('brings what one client sends to every client, the sender too', async () => {
        const server = await openWatched(transport);
        const recorder = createRecorder();
        const sender = await server.connect(kind, recorder, 0);
        await server.connect(kind, recorder, 1);
        const sent = ['{"from": "żółw 🐢"}', 'x'.repeat(70_000)];
        for (const message of sent) await sender.send(Buffer.from(message));
        expect(text(await recorder.received(0, 2))).toEqual(sent);
        expect(text(await recorder.received(1, 2))).toEqual(sent);
        expect(server.hub.counters.upstream).toBe(2);
      });

      test('does not show heartbeats as messages', async () => {
        const server = await openWatched(transport, { heartbeatMs: 64 });
        const recorder = createRecorder();
        await server.connect(kind, recorder);
        await server.beaten(3);
        server.hub.broadcast(Buffer.from('after'));
        expect(text(await recorder.received(0, 1))).toEqual(['after']);
      });

      test.each(reasons)(
        'tells the cause when the server ends a session for the reason %s',
        async (reason) => {
          const server = await openWatched(transport);
          const recorder = createRecorder();
          await server.connect(kind, recorder);
          server.hub.broadcast(Buffer.from('last'));
          server.connections[0]?.close(reason);
          expect(await recorder.ended(0)).toBe(protocol.cause[kind](reason));
          expect(text(recorder.messagesOf(0))).toEqual(['last']);
          await server.connected(0);
        },
      );

      test('forgets a client as soon as it leaves, and tells the sink of nobody who left by itself', async () => {
        const server = await openWatched(transport, { heartbeatMs: 60_000 });
        const recorder = createRecorder();
        const clients = [
          await server.connect(kind, recorder, 0),
          await server.connect(kind, recorder, 1),
          await server.connect(kind, recorder, 2),
        ];
        clients[1]?.close();
        await server.connected(2);
        server.hub.broadcast(Buffer.from('x'));
        await recorder.received(0, 1);
        await recorder.received(2, 1);
        expect(recorder.messagesOf(1)).toEqual([]);
        clients[0]?.close();
        clients[2]?.close();
        await server.connected(0);
        expectNothingLeft(server);
        expect(recorder.causes.size).toBe(0);
      });
    });
  }

  describe(name, () => {
    test('encodes a message once, however many sessions get it, and gives all of them the same bytes', async () => {
      const server = await openWatched(transport);
      const wires: Wire[] = [];
      for (let i = 0; i < 5; i += 1) wires.push(await openWireTo(server, protocol));
      const bytes = protocol.start.length + protocol.bytesOf(300);
      server.hub.broadcast(Buffer.alloc(300, 'x'));
      const [first, ...others] = await Promise.all(wires.map((wire) => wire.bodyOf(bytes)));
      expect(server.encoded()).toBe(1);
      expect(first?.length).toBe(bytes);
      for (const other of others) expect(first?.equals(other)).toBe(true);
      expect(server.hub.counters).toMatchObject({
        opened: 5,
        published: 1,
        delivered: 5,
      });
      expect(server.hub.dropped).toBe(0);
    });

    test('writes as many bytes as the arithmetic says, and counts them', async () => {
      const sizes = [
        0, 1, 16, 118, 119, 125, 126, 247, 248, 1_000, 65_527, 65_528, 65_535, 65_536, 100_000,
      ];
      const possible = sizes.filter(
        (size) => !protocol.cannotCarry.some(({ what }) => what.test('x'.repeat(size))),
      );
      const server = await openWatched(transport);
      const recorder = createRecorder();
      const client = await server.connect('lean', recorder);
      const wire = await openWireTo(server, protocol);
      for (const size of possible) server.hub.broadcast(Buffer.alloc(size, 'x'));
      for (const connection of server.connections) connection.close('going-away');
      await wire.bodyOf(1);
      // A WebSocket is ended by both sides.
      wire.socket.end();
      await wire.ended();
      await recorder.ended(0);
      await server.connected(0);
      const arithmetic = possible.reduce((sum, size) => sum + protocol.bytesOf(size), 0);
      const around = protocol.start.length + protocol.farewell('going-away').length;
      expect(wire.body().length - around).toBe(arithmetic);
      expect((client.bytesRead ?? 0) - around).toBe(arithmetic);
      expect(server.connections.map(({ bytesWritten }) => bytesWritten)).toEqual([
        wire.received().length,
        wire.received().length,
      ]);
      expect(server.hub.bytesWritten).toBe(2 * wire.received().length);
    });

    test('sends heartbeats as its protocol has them, and nothing else', async () => {
      const server = await openWatched(transport, { heartbeatMs: 64 });
      const wire = await openWireTo(server, protocol);
      await server.beaten(2);
      const expected = protocol.start + protocol.heartbeat.repeat(2);
      const body = await wire.bodyOf(expected.length);
      expect(body.toString('latin1').startsWith(expected)).toBe(true);
    });

    test('sends no heartbeat when the interval is 0', async () => {
      const server = await openWatched(transport, { heartbeatMs: 0 });
      expect(server.hub['heartbeats']['timer']).toBeUndefined();
    });

    test.each(reasons)('ends a session in good order for the reason %s', async (reason) => {
      const server = await openWatched(transport);
      const wire = await openWireTo(server, protocol);
      server.connections[0]?.close(reason);
      const expected = protocol.start + protocol.farewell(reason);
      await wire.bodyOf(expected.length);
      wire.socket.end();
      await wire.ended();
      expect(wire.body().toString('latin1')).toBe(expected);
    });

    test('forgets a client that resets its connection', async () => {
      const server = await openWatched(transport, { heartbeatMs: 60_000 });
      const wire = await openWireTo(server, protocol);
      await openWireTo(server, protocol);
      wire.socket.resetAndDestroy();
      await server.connected(1);
      server.hub.broadcast(Buffer.from('x'));
      expect(server.hub.counters).toMatchObject({ opened: 2, closed: 1, delivered: 1 });
      server.connections[1]?.destroy();
      await server.connected(0);
      expectNothingLeft(server);
    });

    test('leaves messages out for a stalled client only, counts them, and drains when it resumes', async () => {
      const limit = 128 * 1024;
      const server = await openWatched(transport, { bufferLimitBytes: limit });
      const recorder = createRecorder();
      const stalled = await server.connect('lean', recorder, 0);
      await server.connect('lean', recorder, 1);
      const [connection] = server.connections;
      if (connection === undefined) throw new Error('there is no connection');
      const write = vi.spyOn(connection, 'write');
      const { hub } = server;
      stalled.pause();
      let sent = 0;
      const broadcast = async () => {
        // Below the mark of 16 KiB above which every write to a socket answers false.
        hub.broadcast(Buffer.from(`${sent} ${'x'.repeat(8 * 1024)}`));
        sent += 1;
        await recorder.received(1, sent);
      };
      // The kernel takes some megabytes before anything has to wait.
      while (hub.dropped < 3 && sent < 10_000) await broadcast();

      expect(hub.dropped).toBe(3);
      expect(write).toHaveNthReturnedWith(1, true);
      expect(write).toHaveLastReturnedWith(false);
      expect(connection.bufferedBytes).toBeGreaterThan(limit);
      expect(hub.bufferedBytes).toBe(connection.bufferedBytes);
      expect(server.connections[1]?.bufferedBytes).toBe(0);

      stalled.resume();
      await recorder.received(0, sent - 3);
      await expect.poll(() => connection.bufferedBytes).toBe(0);
      await broadcast();
      const seen = await recorder.received(0, sent - 3);
      const numbers = seen.map((message) => Number.parseInt(String(message), 10));
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(numbers.at(-1)).toBe(sent - 1);
      expect(numbers.length).toBe(sent - 3);
      expect(hub['slow']['congested'].size).toBe(0);
      expect(hub.dropped).toBe(3);
      expect(hub.counters.delivered).toBe(2 * sent - 3);
    });

    test('ends all sessions when the server closes, and leaves the port free', async () => {
      const server = await openWatched(transport);
      const recorder = createRecorder();
      await server.connect('lean', recorder, 0);
      await server.connect('lean', recorder, 1);
      // Far off: whoever has to be destroyed would make this test time out.
      await server.close(60_000);
      const cause = protocol.cause.lean('going-away');
      expect(await Promise.all([recorder.ended(0), recorder.ended(1)])).toEqual([cause, cause]);
      expect(server.hub.sessions.size).toBe(0);
      for (const port of new Set([server.endpoint.port, server.httpPort])) {
        const next = createServer().listen(port, '127.0.0.1');
        await once(next, 'listening');
        next.close();
        await once(next, 'close');
      }
    });

    test('lets a slow client read to the end when the server closes, whatever is published meanwhile', async () => {
      const server = await openWatched(transport);
      const recorder = createRecorder();
      const slow = await server.connect('lean', recorder);
      slow.pause();
      const sent = await broadcastUntilBuffered(server);
      const closed = server.close(60_000);
      server.hub.broadcast(Buffer.from('too late'));
      slow.resume();
      expect(await recorder.ended(0)).toBe(protocol.cause.lean('going-away'));
      expect(recorder.messagesOf(0).length).toBe(sent);
      await closed;
    });

    test('does not wait for a stalled client longer than the deadline', async () => {
      const server = await openWatched(transport, { heartbeatMs: 60_000 });
      const stalled = await server.connect('lean', createRecorder());
      stalled.pause();
      await broadcastUntilBuffered(server);
      await server.close(20);
      await server.connected(0);
      expectNothingLeft(server);
    });

    if (transport.lightest !== undefined) {
      test(`puts the same bytes on the wire as ${transport.lightest}`, async () => {
        const lightest = transports[transport.lightest as TransportName];
        const [ours, theirs] = [
          await capture(transport, protocol),
          await capture(lightest, protocol),
        ];
        expect(ours.equals(theirs)).toBe(true);
        expect(ours.length).toBeGreaterThan(1_000_000);
      });
    }
  });
}

/** Everything behind the handshake of a session that saw all there is. */
async function capture(transport: Transport, protocol: Protocol): Promise<Buffer> {
  const server = await openWatched(transport);
  const wire = await openWireTo(server, protocol);
  const [connection] = server.connections;
  for (const payload of Object.values(payloads)) {
    server.hub.broadcast(Buffer.from(payload));
    connection?.heartbeat();
  }
  connection?.close('going-away');
  await wire.bodyOf(1);
  wire.socket.end();
  await wire.ended();
  return wire.body();
}

/** Publishes to a client that does not read until the kernel takes no more; returns how many it took. */
async function broadcastUntilBuffered({ hub, connections }: WatchedServer): Promise<number> {
  let sent = 0;
  do {
    hub.broadcast(Buffer.alloc(256 * 1024, 'x'));
    sent += 1;
    // What is written is handed to the kernel within one turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  } while (connections[0]?.bufferedBytes === 0);
  return sent;
}

function expectNothingLeft({ hub }: WatchedServer): void {
  expect(hub.sessions.size).toBe(0);
  expect(hub['heartbeats']['slots'].reduce((sum, slot) => sum + slot.size, 0)).toBe(0);
  expect(hub['heartbeats']['slotOf'].size).toBe(0);
  expect(hub['slow']['congested'].size).toBe(0);
  expect(hub.rooms.size).toBe(0);
}
