/** Clients whose connection ends, and their way back, in a time that passes when the test says so. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NS_PER_MS } from '../../core/clock.ts';
import { createRandom } from '../../core/random.ts';
import type { Comeback } from '../../core/scenario.ts';
import type { Client } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';
import { Comebacks, waitBefore } from '../../loadgen/comebacks.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const COMEBACK: Comeback = {
  strategy: 'fixed',
  baseMs: 100,
  capMs: 1_000,
  resume: true,
  silenceMs: 0,
};

interface FakeClient extends Client {
  closed: boolean;
  bytesRead: number;
}

function fakeClient(): FakeClient {
  return {
    closed: false,
    bytesRead: 0,
    session: undefined,
    send: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    close() {
      this.closed = true;
    },
  };
}

function group(comeback: Partial<Comeback> = {}, size = 2) {
  const clients: (FakeClient | undefined)[] = Array.from({ length: size }, fakeClient);
  const calls: { client: number; lastEventId: string; atMs: number }[] = [];
  const refusals: Error[] = [];
  const told = new Map<number, number>();
  const said: string[] = [];
  const startedAt = Date.now();
  const passed = (): number => Date.now() - startedAt;
  const comebacks = new Comebacks(
    { ...COMEBACK, ...comeback },
    {
      clients,
      clock: () => passed() * NS_PER_MS,
      random: createRandom(1),
      told,
      async connect(client, lastEventId) {
        calls.push({ client, lastEventId, atMs: passed() });
        const refusal = refusals.shift();
        if (refusal !== undefined) throw refusal;
        return fakeClient();
      },
      onLost: () => said.push('lost'),
      onSilent: (cause) => said.push(cause),
      onAway: (client) => said.push(`${client} stays away`),
      onSettled: () => said.push('settled'),
    },
  );
  return { comebacks, clients, calls, refusals, told, said };
}

describe('how long a client waits', () => {
  const random = (value: number) => ({ next: () => value });
  const plan = (strategy: Comeback['strategy']) => ({ strategy, baseMs: 100, capMs: 1_000 });
  test.each([
    ['fixed', 0, undefined, 100],
    ['fixed', 9, undefined, 100],
    ['fixed', 0, 500, 100],
    ['server', 0, undefined, 100],
    ['server', 3, 500, 500],
    ['server', 0, 5_000, 1_000],
    ['full-jitter', 0, undefined, 50],
    ['full-jitter', 2, undefined, 200],
    ['full-jitter', 4, undefined, 500],
    ['full-jitter', 400, undefined, 500],
  ] as const)('%s, after %i failures, told %s ms: %i ms', (strategy, failures, told, ms) => {
    expect(waitBefore(failures, plan(strategy), told, random(0.5))).toBe(ms);
  });
});

describe('the way back', () => {
  test('a server that says when to come again is not asked before', async () => {
    const { comebacks, calls, refusals } = group();
    refusals.push(new HandshakeError('503', { retryMs: 3_000 }));
    comebacks.lost(0, 'reset');
    await vi.advanceTimersByTimeAsync(3_099);
    expect(calls.map(({ atMs }) => atMs)).toEqual([100]);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls.map(({ atMs }) => atMs)).toEqual([100, 3_100]);
    comebacks.stop();
  });

  test('a client that is refused tries again, and says what it saw last', async () => {
    const { comebacks, clients, calls, refusals, said } = group();
    refusals.push(new Error('ECONNREFUSED'));
    comebacks.heard(1, 0, '', '41');
    comebacks.heard(1, 0, '', '42');
    comebacks.lost(1, 'reset');
    expect([comebacks.settled, clients[1]]).toEqual([false, undefined]);
    await vi.advanceTimersByTimeAsync(100);
    expect(comebacks.settled).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(calls).toEqual([
      { client: 1, lastEventId: '42', atMs: 100 },
      { client: 1, lastEventId: '42', atMs: 200 },
    ]);
    expect([comebacks.settled, clients[1] !== undefined]).toEqual([true, true]);
    expect(said).toEqual(['lost', 'settled']);
    comebacks.heard(1, 250 * NS_PER_MS, '', '43');
    const report = comebacks.report();
    expect(report.refusals).toEqual([{ cause: 'ECONNREFUSED', count: 1 }]);
    expect([...report.attemptedAt]).toEqual([100 * NS_PER_MS, 200 * NS_PER_MS]);
    expect([...report.backAt]).toEqual([Number.NaN, 200 * NS_PER_MS]);
    expect([...report.firstMessageAt]).toEqual([Number.NaN, 250 * NS_PER_MS]);
    expect([...report.outages]).toEqual([200 * NS_PER_MS]);
    expect(report.cut).toBe(1);
  });

  test('without resume nothing is said of what was seen', async () => {
    const { comebacks, calls } = group({ resume: false });
    comebacks.heard(0, 0, '', '7');
    comebacks.lost(0, 'reset');
    await vi.advanceTimersByTimeAsync(100);
    expect(calls).toEqual([{ client: 0, lastEventId: '', atMs: 100 }]);
  });

  test('a wait that the reason of the end tells is kept to', async () => {
    const { comebacks, calls } = group({ strategy: 'server' });
    comebacks.lost(0, 'closed: 1012 retry=250');
    await vi.advanceTimersByTimeAsync(249);
    expect(calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(1);
  });

  test('who stays away is not waited for', () => {
    const { comebacks, said } = group({ strategy: 'none' });
    comebacks.lost(0, 'reset');
    expect(comebacks.settled).toBe(true);
    expect(said).toEqual(['lost', '0 stays away']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('two reports of the same end are one', () => {
    const { comebacks } = group();
    comebacks.lost(0, 'reset');
    comebacks.lost(0, 'and closed');
    expect(comebacks.report().cut).toBe(1);
  });

  test('when it is stopped, nobody tries any more and no timer is left', async () => {
    const { comebacks, calls } = group({ silenceMs: 1_000 });
    comebacks.lost(0, 'reset');
    comebacks.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('silence', () => {
  test('ends the connection of whoever hears nothing, and of nobody else', async () => {
    const { comebacks, clients, said } = group({ silenceMs: 400 }, 3);
    const [silent, talking, beating] = clients;
    for (let ms = 100; ms <= 500; ms += 100) {
      await vi.advanceTimersByTimeAsync(100);
      comebacks.heard(1, ms * NS_PER_MS, '', '');
      // Heartbeats are not messages, but they are bytes.
      if (beating !== undefined) beating.bytesRead += 3;
    }
    expect([silent?.closed, talking?.closed, beating?.closed]).toEqual([true, false, false]);
    expect(said).toContain('nothing heard for 400 ms');
    const noticedMs = (comebacks.report().lostAt[0] ?? 0) / NS_PER_MS;
    // Looked for 20 times in that time, so it is found at most one look too late.
    expect(noticedMs).toBeGreaterThanOrEqual(400);
    expect(noticedMs).toBeLessThanOrEqual(440);
    comebacks.stop();
  });
});
