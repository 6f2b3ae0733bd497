/** A server at several addresses: what is refused leaves nothing open, and however one came in, it is the server's. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../core/free-port.ts';
import { addressesFrom, checkAddresses, mostLoopbackAddresses } from '../../core/loopback.ts';
import { openListener } from '../../servers/listener.ts';
import { placeRefused } from '../../servers/place-refused.ts';
import { createPushServer } from '../../servers/push-server.ts';

const HOST = '127.0.0.1';
const SECOND = '127.0.0.2';
const isPossible = mostLoopbackAddresses(process.platform) > 1;
const why = isPossible ? '' : ' (skipped: only Linux has all of 127.0.0.0/8)';

/** Somebody else's, until the test is over. */
async function take(host: string, port: number): Promise<void> {
  const server = createServer().listen({ host, port });
  onTestFinished(() => void server.close());
  await once(server, 'listening');
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('addresses', () => {
  test('are those of loopback, from the first on', () => {
    expect(addressesFrom(HOST)).toEqual([HOST]);
    expect(addressesFrom('0.0.0.0')).toEqual(['0.0.0.0']);
    expect(addressesFrom(HOST, 3)).toEqual([HOST, SECOND, '127.0.0.3']);
  });

  test.each([
    [{ host: HOST, addresses: 0 }, 'addresses is 0; it has to be from 1 to 200'],
    [{ host: HOST, addresses: 201 }, 'addresses is 201'],
    [{ host: HOST, addresses: 1.5 }, 'addresses is 1.5'],
    [{ host: '0.0.0.0', addresses: 2 }, 'only 127.0.0.1 has addresses behind it, not 0.0.0.0'],
  ])('%o are refused', (options, says) => {
    expect(() => checkAddresses(options)).toThrow(says);
  });
});

describe.skipIf(!isPossible)(`several doors${why}`, () => {
  test('a port is free when it is free at all the addresses', async () => {
    const port = await freePort([HOST, SECOND]);
    await take(SECOND, port);
    expect(await freePort([HOST], port)).toBe(port);
    await expect(freePort([HOST, SECOND], port)).rejects.toThrow('EADDRINUSE');
  });

  test('one that is taken leaves the others closed, and is the one that is named', async () => {
    const port = await freePort([HOST, SECOND]);
    await take(SECOND, port);
    const error = await rejection(createPushServer({ host: HOST, port, addresses: 2 }));
    expect(placeRefused(error)).toEqual({ code: 'EADDRINUSE', host: SECOND, port });
    await take(HOST, port);
  });

  test('its own connections or not, they are counted, half-closed and ended alike', async () => {
    const listener = await openListener({ host: HOST, port: 0, addresses: 2 });
    onTestFinished(() => listener.close());
    listener.route('GET', '/long', (_request, response) => void response.write('there'));
    await listener.openFurther();
    for (const host of [HOST, SECOND]) {
      const before = listener.traffic();
      const socket = connect({ host, port: listener.port, allowHalfOpen: true });
      const request = 'GET /long HTTP/1.1\r\nHost: it\r\n\r\n';
      // Its own side is at its end, and it goes on reading.
      socket.end(request);
      const [head] = (await once(socket, 'data')) as [Buffer];
      expect(head.toString()).toContain('200 OK');
      expect(listener.traffic().bytesIn - before.bytesIn).toBe(request.length);
      const closed = once(socket, 'close');
      listener.destroyRest();
      await closed;
    }
    listener.close();
    for (const host of [HOST, SECOND]) {
      const refused = connect({ host, port: listener.port });
      const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNREFUSED');
    }
  });
});

describe('where a server could not listen', () => {
  test('is known of a port, and of nothing else', () => {
    const refused = { code: 'EACCES', syscall: 'listen', address: HOST, port: 80 };
    expect(placeRefused(refused)).toEqual({ code: 'EACCES', host: HOST, port: 80 });
    expect(placeRefused({ ...refused, syscall: 'bind' })).toBeDefined();
    expect(placeRefused({ ...refused, syscall: 'connect' })).toBeUndefined();
    // A socket between processes, whose name was too long.
    const path = { code: 'EINVAL', syscall: 'listen', address: '/tmp/a/1.sock' };
    expect(placeRefused(path)).toBeUndefined();
    expect(placeRefused(new Error('anything'))).toBeUndefined();
  });
});
