/** How many clients fit, and what a person is told when more were asked for. */
import { describe, expect, test } from 'vitest';
import { mostLoopbackAddresses } from '../../core/loopback.ts';
import { reachOf } from '../../loadgen/connect-query.ts';
import type { Spread } from '../../loadgen/limits.ts';
import {
  addressesFor,
  checkClients,
  chooseWorkers,
  narrow,
  possibleClients,
  readLimits,
} from '../../loadgen/limits.ts';
import { refusalOf } from '../refusal.ts';

const GIB = 2 ** 30;
const limits = {
  descriptors: 20_000,
  hardDescriptors: 20_000,
  ports: 28_232,
  memoryBytes: 22 * GIB,
};
const wide: Spread = { processes: 4, addresses: mostLoopbackAddresses('linux') };

const refusal = (asked: number, of: typeof limits, spread?: Spread) =>
  refusalOf(() => checkClients(asked, of, spread));

describe('limits', () => {
  test('the smaller of descriptors and ports decides', () => {
    expect(possibleClients(limits)).toEqual({ clients: 19_900, by: 'descriptors' });
    expect(possibleClients({ ...limits, descriptors: 1_000_000 })).toEqual({
      clients: 28_032,
      by: 'ports',
    });
  });

  test('one client too many is refused with the number that fits', () => {
    expect(() => checkClients(19_900, limits)).not.toThrow();
    const { message, hint, exitCode } = refusal(19_901, limits);
    expect(message).toBe(
      '19,901 clients do not fit on this machine: 20,000 open files per process allow 19,900.',
    );
    expect(hint).toContain('Use --clients 19900 or fewer');
    expect(exitCode).toBe(3);
  });

  test('the way to raise the limit is the one that works here', () => {
    expect(refusal(50_000, { ...limits, hardDescriptors: 65_536 }).hint).toContain(
      'ulimit -n 65536',
    );
    expect(refusal(50_000, limits).hint).toContain('LimitNOFILE');
    expect(refusal(50_000, { ...limits, descriptors: 1_000_000 }).hint).toContain(
      'ip_local_port_range',
    );
  });

  test('several server processes have descriptors each, less what is not shared out evenly', () => {
    expect(possibleClients(limits, { ...wide, processes: 2 })).toEqual({
      clients: Math.floor(19_900 * 2 * 0.9),
      by: 'descriptors',
    });
    expect(() => checkClients(50_000, limits, wide)).not.toThrow();
    const { message, hint } = refusal(50_000, limits, { ...wide, processes: 2 });
    expect(message).toBe(
      '50,000 clients do not fit on this machine: 20,000 open files per process in 2 server processes allow 35,820.',
    );
    expect(hint).toContain('--processes 3');
  });

  test('with more descriptors than ports, one address is not enough', () => {
    const many = { ...limits, descriptors: 1_000_000 };
    expect(possibleClients(many, narrow).by).toBe('ports');
    expect(possibleClients(many, { ...wide, processes: 1 }).by).toBe('memory');
    expect(mostLoopbackAddresses('darwin')).toBe(1);
  });

  test('memory is counted for both ends of a connection', () => {
    const little = { ...limits, memoryBytes: 2 * GIB };
    const { clients, by } = possibleClients(little, wide);
    expect([clients, by]).toEqual([Math.floor(GIB / 67_000), 'memory']);
    expect(refusal(50_000, little, wide).message).toBe(
      '50,000 clients do not fit on this machine: 2.0 GiB of memory allow 16,025.',
    );
  });

  test('a server has more addresses as soon as ports towards one have to be searched for', () => {
    expect(addressesFor(14_016, limits, wide)).toBe(1);
    expect(addressesFor(14_017, limits, wide)).toBe(2);
    expect(addressesFor(50_000, limits, wide)).toBe(4);
    expect(addressesFor(28_032, limits, narrow)).toBe(1);
  });

  test('clients take its addresses in turn, and its host where it has no others', () => {
    const endpoint = { host: '127.0.0.1', port: 80, path: '/' };
    expect(reachOf(5, endpoint)).toEqual({});
    const reached = [0, 1, 3, 4].map((client) => reachOf(client, { ...endpoint, addresses: 4 }));
    expect(reached.map(({ reachedAt }) => reachedAt)).toEqual([
      '127.0.0.1',
      '127.0.0.2',
      '127.0.0.4',
      '127.0.0.1',
    ]);
  });

  test('a network of our own has ports of its own, of one address, and no more can be had', () => {
    const many = { ...limits, descriptors: 1_000_000 };
    const own: Spread = { processes: 4, addresses: 1, isOwnNetwork: true };
    expect(possibleClients(many, own)).toEqual({ clients: 64_512, by: 'ports' });
    expect(() => checkClients(64_512, many, own)).not.toThrow();
    const { message, hint } = refusal(64_513, many, own);
    expect(message).toBe(
      '64,513 clients do not fit on this machine: 64,512 ports of the one address that clients have in a network with a black hole allow 64,512.',
    );
    expect(hint).toBe('Use --clients 64512 or fewer.');
  });

  test.each([
    ['a small load needs one worker', 500, 25_000, 1, 1],
    ['a large load takes what cores there are', 2_000, 100_000, 4, 3],
    ['no more workers than cores for load alone', 10_000, 500_000, 2, 2],
    ['descriptors may demand more workers than cores', 30_000, 3_000, 1, 2],
  ])('%s', (_, clients, eventsPerS, cores, workers) => {
    expect(chooseWorkers(clients, eventsPerS, cores, limits)).toBe(workers);
  });

  test('this machine has limits at all', () => {
    const { descriptors, ports, memoryBytes } = readLimits();
    expect(memoryBytes).toBeGreaterThan(2 ** 20);
    expect(descriptors).toBeGreaterThan(100);
    expect(ports).toBeGreaterThan(1_000);
  });
});
