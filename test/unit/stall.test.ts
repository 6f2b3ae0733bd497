import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NS_PER_MS } from '../../core/clock.ts';
import type { Stall } from '../../core/scenario.ts';
import type { Client } from '../../core/transport.ts';
import { StallRun } from '../../loadgen/stall.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const clock = (): number => Date.now() * NS_PER_MS;

/** Clients that remember whether they are paused. */
function crowd(count: number) {
  const paused = new Array<boolean>(count).fill(false);
  const clients = paused.map(
    (_, index): Client => ({
      bytesRead: 0,
      session: undefined,
      send: () => undefined,
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

const stall: Stall & { readonly totalClients: number } = {
  kind: 'stall',
  share: 0.3,
  stalls: true,
  atMs: 100,
  forMs: 500,
  readBytesPerS: 0,
  totalClients: 10,
};

function run(of: Partial<typeof stall> = {}, count = 10, firstClient = 0) {
  const { clients, state } = crowd(count);
  return { stalling: new StallRun({ ...stall, ...of }, { clients, firstClient }, clock), state };
}

describe('a stall', () => {
  test('takes the last clients, from its time on and for as long as it is to last', () => {
    const { stalling, state } = run();
    stalling.starts(50 * NS_PER_MS);
    vi.advanceTimersByTime(149);
    expect(state()).toBe('----------');
    vi.advanceTimersByTime(1);
    expect(state()).toBe('-------xxx');
    vi.advanceTimersByTime(499);
    expect(state()).toBe('-------xxx');
    vi.advanceTimersByTime(1);
    expect(state()).toBe('----------');
    expect(stalling.report()).toEqual({
      firstClient: 7,
      stopped: 3,
      from: 150 * NS_PER_MS,
      until: 650 * NS_PER_MS,
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    { firstClient: 0, state: '-----', first: 5, stopped: 0 },
    { firstClient: 5, state: '--xxx', first: 2, stopped: 3 },
    { firstClient: 8, state: 'xxxxx', first: 0, stopped: 5 },
  ])('takes the last of all workers: from client $firstClient on $state', (one) => {
    const { stalling, state } = run({}, 5, one.firstClient);
    stalling.starts(0);
    vi.advanceTimersByTime(100);
    expect(state()).toBe(one.state);
    expect(stalling.report()).toMatchObject({ firstClient: one.first, stopped: one.stopped });
    stalling.end();
  });

  test('that nobody carries out sets the same clients apart and stops none', () => {
    const { stalling, state } = run({ stalls: false });
    stalling.starts(0);
    vi.advanceTimersByTime(1_000);
    expect(state()).toBe('----------');
    expect(stalling.report()).toMatchObject({ firstClient: 7, stopped: 0, from: Number.NaN });
  });

  test('ends with the load, whatever time is left of it', () => {
    const { stalling, state } = run();
    stalling.starts(0);
    vi.advanceTimersByTime(200);
    stalling.end();
    expect(state()).toBe('----------');
    expect(stalling.report().until).toBe(200 * NS_PER_MS);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a stall with a trickle', () => {
  test('lets each of them read so much in a second and no more', () => {
    const { stalling, state } = run({ readBytesPerS: 1_000 });
    expect(stalling.isPaced).toBe(true);
    stalling.starts(0);
    vi.advanceTimersByTime(100);
    expect(state()).toBe('----------');
    // 200 bytes are a fifth of a second's; those of a client that keeps up count for nothing.
    stalling.took(0, 200);
    stalling.took(9, 200);
    expect(state()).toBe('---------x');
    vi.advanceTimersByTime(199);
    expect(state()).toBe('---------x');
    vi.advanceTimersByTime(1);
    expect(state()).toBe('----------');
    stalling.end();
  });

  test('holds nobody back before it has begun or after it is over', () => {
    const { stalling, state } = run({ readBytesPerS: 1_000 });
    stalling.starts(0);
    stalling.took(9, 1_000_000);
    expect(state()).toBe('----------');
    vi.advanceTimersByTime(100);
    stalling.took(9, 1_000_000);
    expect(state()).toBe('---------x');
    vi.advanceTimersByTime(500);
    expect(state()).toBe('----------');
    stalling.took(9, 1_000_000);
    expect(state()).toBe('----------');
    expect(vi.getTimerCount()).toBe(0);
  });
});
