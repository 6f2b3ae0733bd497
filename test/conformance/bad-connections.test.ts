/** Connections that are not what they seem: half open, silent, slow, cut, or never read. Nobody else waits. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { BesiegedServer } from './siege.ts';
import { besiege } from './siege.ts';
import type { StubbornPeer } from './stubborn-peer.ts';
import { httpRequest, openPeer, openWebSocket, statusOf, upgradeHeaders } from './stubborn-peer.ts';

const json = 'Content-Type: application/json';
const upgrade = httpRequest('GET', '/ws', upgradeHeaders);
/** The server looks for those who are late once a second. */
const hasty = { headersTimeoutMs: 300, requestTimeoutMs: 600 };

describe('the header time-out', () => {
  test('ends a thousand half-open upgrades, and nothing of them is kept', async () => {
    await besiege(
      { 'refused 408': 1_000 },
      async (server) => {
        const kept: WeakRef<object>[] = [];
        server.listener.http.on('connection', (socket: object) => kept.push(new WeakRef(socket)));
        const half = upgrade.subarray(0, upgrade.length / 2);
        const peers = await Promise.all(
          Array.from({ length: 1_000 }, () => openPeer(server.httpPort, half)),
        );
        await server.serves();
        for (const peer of peers) expect(statusOf(await peer.over())).toBe(408);
        await server.serves();
        await server.alone();
        expect(kept.length).toBe(1_000);
        await expect.poll(() => aliveOf(kept)).toBe(0);
      },
      hasty,
    );
  });

  test.each([
    { what: 'says nothing', first: '', on: 'http', answer: /^HTTP\/1\.1 408 / },
    {
      what: 'stops in a header',
      first: 'GET /events HTTP/1.1\r\nHos',
      on: 'http',
      answer: /^HTTP\/1\.1 408 /,
    },
    { what: 'says nothing', first: '', on: 'raw', answer: /^!408 / },
    { what: 'stops in the first line', first: '?room=he', on: 'raw', answer: /^!408 / },
  ])('ends a client of $on that $what', async ({ first, on, answer }) => {
    await besiege(
      { 'refused 408': 1 },
      async (server) => {
        const peer = await openPeer(on === 'raw' ? server.rawPort : server.httpPort, first);
        await server.serves();
        expect(await peer.over()).toMatch(answer);
        await server.serves();
        await server.alone();
      },
      hasty,
    );
  });
});

describe('a POST', () => {
  test('whose sender disappears half-way publishes nothing', async () => {
    await besiege({}, async (server) => {
      const head = httpRequest('POST', '/publish', [json, 'Content-Length: 100']);
      const peer = await openPeer(server.httpPort, Buffer.concat([head, Buffer.from('{"half":')]));
      await server.serves();
      peer.socket.resetAndDestroy();
      await server.alone();
      expect(server.hub.counters).toMatchObject({ upstream: 0, published: 2 });
    });
  });

  test('whose sender ends its side half-way is answered with 400', async () => {
    await besiege({ 'refused 400': 1 }, async (server) => {
      const head = httpRequest('POST', '/publish', [json, 'Content-Length: 100']);
      const peer = await openPeer(server.httpPort, Buffer.concat([head, Buffer.from('{"half":')]));
      peer.socket.end();
      expect(statusOf(await peer.over())).toBe(400);
      await server.alone();
      expect(server.hub.counters.upstream).toBe(0);
    });
  });

  test('whose body trickles in is ended with 408', async () => {
    await besiege(
      { 'refused 408': 1 },
      async (server) => {
        const head = httpRequest('POST', '/publish', [json, 'Content-Length: 1000']);
        const peer = await openPeer(server.httpPort, head);
        const timer = setInterval(() => peer.say('x'), 20);
        const heard = await peer.over().finally(() => clearInterval(timer));
        expect(statusOf(heard)).toBe(408);
        await server.serves();
        await server.alone();
        expect(server.hub.counters.upstream).toBe(0);
      },
      hasty,
    );
  });

  test('over the limit that goes on for ever is ended', async () => {
    await besiege({ 'refused 413': 1 }, async (server) => {
      const head = httpRequest('POST', '/publish', [json, 'Transfer-Encoding: chunked']);
      const peer = await openPeer(server.httpPort, head);
      const chunk = Buffer.concat([
        Buffer.from('4000\r\n'),
        Buffer.alloc(0x4000),
        Buffer.from('\r\n'),
      ]);
      const timer = setInterval(() => peer.say(chunk), 1);
      expect(statusOf(await peer.hears(/\r\n\r\n/))).toBe(413);
      await peer.over().finally(() => clearInterval(timer));
      await server.alone();
    });
  });
});

describe('a peer that keeps its side open', () => {
  test.each([
    { what: 'garbage', request: 'garbage\r\n\r\n', status: 400 },
    {
      what: 'headers of a megabyte',
      request: `GET / HTTP/1.1\r\nX: ${'x'.repeat(2 ** 20)}\r\n\r\n`,
      status: 431,
    },
    {
      what: 'an upgrade to nowhere',
      request: httpRequest('GET', '/nowhere', upgradeHeaders),
      status: 404,
    },
    {
      what: 'an upgrade of a bad room',
      request: httpRequest('GET', '/ws?room=%00', upgradeHeaders),
      status: 400,
    },
    {
      what: 'an upgrade without a key',
      request: httpRequest('GET', '/ws', upgradeHeaders.slice(0, 3)),
      status: 400,
    },
    {
      what: 'a body of a kind that is not taken',
      request: httpRequest('POST', '/publish', ['Content-Type: a/b'], 'x'),
      status: 415,
    },
  ])('after $what is let go of by the server', async ({ request, status }) => {
    await besiege({ [`refused ${status}`]: 1 }, async (server) => {
      const peer = await openPeer(server.httpPort, request);
      expect(statusOf(await peer.over())).toBe(status);
      await server.alone();
    });
  });
});

describe('a stream', () => {
  test('that is asked for behind another one on the same connection is refused, and leaves nothing', async () => {
    await besiege({ 'refused 400': 2 }, async (server) => {
      const request = httpRequest('GET', '/events');
      const peer = await openPeer(server.httpPort, Buffer.concat([request, request, request]));
      await peer.hears(/: stream open/);
      await server.serves();
      expect(server.hub.counters.opened).toBe(4);
      peer.socket.destroy();
      await server.alone();
    });
  });

  test('of HTTP/1.0 is served without chunks until the client goes', async () => {
    await besiege({}, async (server) => {
      const peer = await openPeer(server.httpPort, 'GET /events HTTP/1.0\r\n\r\n');
      await server.guests(1);
      server.hub.broadcast(Buffer.from('x'));
      const heard = await peer.hears(/data: x\n\n$/);
      expect(heard.slice(heard.indexOf('\r\n\r\n') + 4)).toBe(
        ': stream open\nretry: 3000\n\ndata: x\n\n',
      );
      peer.socket.destroy();
      await server.alone();
    });
  });
});

const openers: Readonly<
  Record<string, (server: BesiegedServer, query: string) => Promise<StubbornPeer>>
> = {
  sse: (server, query) => openPeer(server.httpPort, httpRequest('GET', `/events?${query}`)),
  ws: (server, query) => openWebSocket(server.httpPort, query),
  raw: (server, query) => openPeer(server.rawPort, `?${query}\n`),
};

describe.each(Object.entries(openers))('a client of %s', (_name, open) => {
  test('that keeps its side open when another connection has taken its session over is cut', async () => {
    await besiege({}, async (server) => {
      const first = await open(server, 'session=new');
      const id = /"session":"([^"]+)"/.exec(await first.hears(/"session":"[^"]+"/))?.[1];
      const second = await openPeer(server.httpPort, httpRequest('GET', `/events?session=${id}`));
      await second.hears(/"resumed":true/);
      await first.over();
      // The three healthy ones and the second.
      await expect.poll(() => server.sockets.size, { timeout: 5_000 }).toBe(4);
      second.socket.destroy();
      await server.alone();
    });
  });

  test('that never reads is buffered for up to the limit, and nobody waits for it', async () => {
    await besiege(
      { 'dropped newest': 5 },
      async (server) => {
        const peer = await open(server, '');
        peer.socket.pause();
        await server.guests(1);
        const { hub } = server;
        const message = Buffer.alloc(64 * 1_024, 'x');
        while (hub.counters.drops.newest < 5) {
          hub.broadcast(message);
          await server.serves();
        }
        expect(hub.bufferedBytes).toBeGreaterThan(256 * 1_024);
        expect(hub.bufferedBytes).toBeLessThan(256 * 1_024 + 2 * message.length);
        peer.socket.destroy();
        await server.alone();
        expect(hub.bufferedBytes).toBe(0);
      },
      { bufferLimitBytes: 256 * 1_024 },
    );
  });
});

/** How many of the objects are still there after a full collection of garbage. */
function aliveOf(kept: readonly WeakRef<object>[]): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return kept.filter((one) => one.deref() !== undefined).length;
}
