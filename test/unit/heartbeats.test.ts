/** Who is beaten when, and who is taken for dead, under a clock that moves when the test says so. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NS_PER_MS } from '../../core/clock.ts';
import { createRandom } from '../../core/random.ts';
import type { Connection } from '../../core/transport.ts';
import { ClosureLog } from '../../servers/closure-log.ts';
import { checkLiveness, Heartbeats } from '../../servers/heartbeats.ts';
import { Session } from '../../servers/session.ts';

// A whole number of ns is exact near 0, and is not near today.
beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const encoder = { encode: () => ({ bytes: Buffer.alloc(0), binary: false }) };
const clock = (): number => Date.now() * NS_PER_MS;

/** A peer that answers as long as it is told to. */
function peer(number: number, answers: boolean) {
  const state = { answers, beats: 0, answer: () => undefined as unknown };
  const session = new Session(number, undefined, '', encoder);
  session.connection = {
    heartbeat() {
      state.beats += 1;
      if (state.answers) state.answer();
    },
    onAnswer(callback: () => void) {
      state.answer = callback;
    },
  } as unknown as Connection;
  return { session, state };
}

function start(heartbeatMs: number, pongTimeoutMs: number) {
  const found: { number: number; atMs: number }[] = [];
  const startMs = Date.now();
  const heartbeats = new Heartbeats(
    { heartbeatMs, pongTimeoutMs, clock, random: createRandom(1) },
    (session) => {
      found.push({ number: session.number, atMs: Date.now() - startMs });
      heartbeats.remove(session);
    },
  );
  return { heartbeats, found };
}

describe('heartbeats with a time for the answer', () => {
  test('find every dead peer between the deadline and the interval and the deadline', () => {
    const { heartbeats, found } = start(2_000, 2_000);
    const peers = Array.from({ length: 200 }, (_, number) => peer(number, number < 100));
    for (const { session } of peers) heartbeats.add(session);
    vi.advanceTimersByTime(10_000);
    expect(found.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, index) => 100 + index),
    );
    const times = found.map(({ atMs }) => atMs);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(2_000);
    // Whole milliseconds of a timer, 64 times an interval.
    expect(Math.max(...times)).toBeLessThanOrEqual(4_100);
    expect(Math.max(...times)).toBeGreaterThan(3_500);
    heartbeats.close();
  });

  test('find one that stops to answer after that, and not before', () => {
    const { heartbeats, found } = start(640, 300);
    const { session, state } = peer(7, true);
    heartbeats.add(session);
    vi.advanceTimersByTime(5_000);
    expect(found).toEqual([]);
    state.answers = false;
    vi.advanceTimersByTime(1_000);
    expect(found).toHaveLength(1);
    expect(found[0]?.atMs).toBeGreaterThanOrEqual(5_300);
    expect(found[0]?.atMs).toBeLessThanOrEqual(5_950);
    expect(vi.getTimerCount()).toBe(1);
    heartbeats.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('count from the first beat that was not answered, where the time is longer than the interval', () => {
    const { heartbeats, found } = start(640, 2_000);
    const { session, state } = peer(1, false);
    heartbeats.add(session);
    vi.advanceTimersByTime(2_700);
    expect(state.beats).toBeGreaterThanOrEqual(3);
    expect(found).toHaveLength(1);
    heartbeats.close();
  });

  test('leave alone those who have no way to answer, and everybody without a deadline', () => {
    const { heartbeats, found } = start(640, 300);
    const mute = peer(1, false);
    delete (mute.session.connection as { onAnswer?: unknown }).onAnswer;
    heartbeats.add(mute.session);
    const patient = start(640, 0);
    const silent = peer(2, false);
    patient.heartbeats.add(silent.session);
    vi.advanceTimersByTime(5_000);
    expect([found, patient.found]).toEqual([[], []]);
    expect(heartbeats.sent).toBe(mute.state.beats);
    expect(mute.state.beats).toBeGreaterThanOrEqual(7);
    heartbeats.close();
    patient.heartbeats.close();
  });

  test('change their interval while they run', () => {
    const { heartbeats } = start(0, 0);
    const { session, state } = peer(1, true);
    heartbeats.add(session);
    vi.advanceTimersByTime(2_000);
    expect(state.beats).toBe(0);
    heartbeats.beat(640);
    vi.advanceTimersByTime(6_400);
    expect(state.beats).toBe(10);
    heartbeats.beat(0);
    vi.advanceTimersByTime(2_000);
    expect(state.beats).toBe(10);
  });
});

test('times that would not do what they say are refused, with the reason', () => {
  const fine = { heartbeatMs: 2_000, pongTimeoutMs: 1_000, keepAliveMs: 0 };
  expect(() => checkLiveness(fine)).not.toThrow();
  expect(() => checkLiveness({ ...fine, keepAliveMs: 500 })).toThrow('whole seconds');
  expect(() => checkLiveness({ ...fine, pongTimeoutMs: -1 })).toThrow('pongTimeoutMs is -1');
  expect(() => checkLiveness({ ...fine, heartbeatMs: Number.NaN })).toThrow('heartbeatMs is NaN');
});

describe('the log of closures', () => {
  test('has each end once: when the server decided it, or when the socket was gone', () => {
    const log = new ClosureLog(clock);
    const [expelled, left] = [peer(1, true).session, peer(2, true).session];
    log.take({ kind: 'opened', session: expelled });
    log.take({ kind: 'expelled', session: expelled, why: 'silent' });
    const at = clock();
    vi.advanceTimersByTime(5);
    log.take({ kind: 'closed', session: expelled });
    log.take({ kind: 'closed', session: left });
    expect(log.read()).toEqual([
      { at, why: 'silent' },
      { at: at + 5 * NS_PER_MS, why: undefined },
    ]);
    expect(log.read()).toEqual([]);
  });

  test('keeps the latest, and no more than it may', () => {
    const log = new ClosureLog(clock, 10);
    for (let number = 0; number < 25; number += 1) {
      log.take({ kind: 'expelled', session: peer(number, true).session, why: String(number) });
    }
    const kept = log.read();
    expect(kept.length).toBeLessThanOrEqual(10);
    expect(kept.at(-1)?.why).toBe('24');
  });
});
