/** Ports that nobody takes by connecting somewhere, so that who lets go of one can have it again. */
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort, lastingPorts, onFreePort, outgoingPorts } from '../../core/free-port.ts';

const HOST = '127.0.0.1';

/** @throws the `listen` error of Node */
const listen = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: HOST }, () => {
      onTestFinished(() => void server.close());
      resolve(port);
    });
  });

describe('a port that lasts', () => {
  test.each([
    ['as Linux has it', { first: 32_768, last: 60_999 }, { first: 10_000, last: 32_767 }],
    ['as IANA has it', { first: 49_152, last: 65_535 }, { first: 10_000, last: 49_151 }],
    ['low', { first: 1_024, last: 30_000 }, { first: 30_001, last: 65_535 }],
    ['nearly everything', { first: 1_024, last: 65_000 }, undefined],
    ['everything', { first: 1, last: 65_535 }, undefined],
  ])('is none that outgoing connections get, whose range is %s', (_, outgoing, lasting) => {
    expect(lastingPorts(outgoing)).toEqual(lasting);
  });

  test('is found, and is another one the next time', async () => {
    const found = new Set<number>();
    for (let time = 0; time < 10; time += 1) found.add(await freePort([HOST]));
    expect(found.size).toBeGreaterThan(5);
    const lasting = lastingPorts(outgoingPorts());
    for (const port of lasting === undefined ? [] : found) {
      expect(port).toBeGreaterThanOrEqual(lasting?.first ?? 0);
      expect(port).toBeLessThanOrEqual(lasting?.last ?? 0);
    }
  });

  test('that was asked for is taken or refused, and no other', async () => {
    const port = await freePort([HOST]);
    expect(await freePort([HOST], port)).toBe(port);
    await listen(port);
    await expect(freePort([HOST], port)).rejects.toThrow('EADDRINUSE');
  });
});

describe('opening something on a free port', () => {
  test('is tried on another one where somebody was faster, unless it was to be this one', async () => {
    const tried: number[] = [];
    const open = async (port: number): Promise<number> => {
      tried.push(port);
      // The first is taken between the look and the use.
      if (tried.length === 1) await listen(port);
      return listen(port);
    };
    const got = await onFreePort([HOST], 0, open);
    expect(tried).toHaveLength(2);
    expect(got).toBe(tried[1]);
    await expect(onFreePort([HOST], got, listen)).rejects.toThrow('EADDRINUSE');
  });

  test('is not tried again for any other reason', async () => {
    let tries = 0;
    const open = (): Promise<never> => {
      tries += 1;
      return Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
    };
    await expect(onFreePort([HOST], 0, open)).rejects.toThrow('no');
    expect(tries).toBe(1);
  });
});
