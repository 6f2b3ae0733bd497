import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Client } from '../../core/transport.ts';
import { slowCount, startSlowReaders } from '../../loadgen/slow-readers.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Clients that remember whether they are paused. */
function crowd(count: number) {
  const paused = new Array<boolean>(count).fill(false);
  const clients = paused.map(
    (_, index): Client => ({
      bytesRead: 0,
      session: undefined,
      send: async () => undefined,
      pause: () => {
        paused[index] = true;
      },
      resume: () => {
        paused[index] = false;
      },
      close: () => undefined,
    }),
  );
  return { clients, state: () => paused.map((one) => (one ? 'x' : '-')).join('') };
}

const slow = { share: 0.3, pauseMs: 50, readMs: 10, totalClients: 10 };

test.each([
  { share: 0, clients: 10, count: 0 },
  { share: 0.01, clients: 10, count: 1 },
  { share: 0.3, clients: 10, count: 3 },
  { share: 0.07, clients: 100, count: 7 },
  { share: 1, clients: 10, count: 10 },
])('$share of $clients clients is $count', ({ share, clients, count }) => {
  expect(slowCount({ share }, clients)).toBe(count);
});

test('the last clients pause and read in turn, until it is over', () => {
  const { clients, state } = crowd(10);
  const stop = startSlowReaders(slow, clients, 0);
  expect(state()).toBe('-------xxx');
  vi.advanceTimersByTime(50);
  expect(state()).toBe('----------');
  vi.advanceTimersByTime(10);
  expect(state()).toBe('-------xxx');
  stop();
  expect(state()).toBe('----------');
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  { firstClient: 0, state: '-----' },
  { firstClient: 5, state: '--xxx' },
  { firstClient: 8, state: 'xxxxx' },
])('they are the last of all workers: from client $firstClient on $state', (one) => {
  const { clients, state } = crowd(5);
  const stop = startSlowReaders(slow, clients, one.firstClient);
  expect(state()).toBe(one.state);
  stop();
});
