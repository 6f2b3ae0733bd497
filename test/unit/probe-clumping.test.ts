/** Clumps, send times and heartbeats, from lists of times: what is seen, and what is left unsaid. */
import { describe, expect, test } from 'vitest';
import { measureClumping } from '../../loadgen/probing/clumping.ts';
import { createCommentFinder } from '../../loadgen/probing/comment-finder.ts';
import type { Arrival } from '../../loadgen/probing/connection.ts';
import { heartbeatsOf } from '../../loadgen/probing/heartbeats.ts';
import { sendTimesOf } from '../../loadgen/probing/time-stamps.ts';

const evenly = (count: number, everyMs: number, from = 0): number[] =>
  Array.from({ length: count }, (_, n) => from + n * everyMs);
/** Each event waits for the last of its group. */
const inGroups = (times: readonly number[], size: number): number[] =>
  times.map((_, n) => times[Math.min(times.length - 1, n - (n % size) + size - 1)] ?? 0);

describe('clumping', () => {
  const sent = evenly(30, 100);

  test('events that arrive as they were sent are apart, and a constant delay is named', () => {
    const arrivals = sent.map((at) => at + 40);
    expect(measureClumping(arrivals, sent, { sameClock: true })).toEqual({
      events: 30,
      verdict: 'apart',
      evidence: 'send-times',
      clumped: 0,
      groupSize: 1,
      largest: 1,
      everyMs: 100,
      heldMs: undefined,
      delayMs: { p50: 40, min: 40, max: 40 },
    });
  });

  test('between two clocks there is no delay', () => {
    expect(measureClumping(sent, sent).delayMs).toBeUndefined();
  });

  test.each([2, 3, 5])('groups of %d are clumps when their times differ', (size) => {
    expect(measureClumping(inGroups(sent, size), sent)).toMatchObject({
      verdict: 'clumped',
      evidence: 'send-times',
      groupSize: size,
      clumped: 30,
      heldMs: (size - 1) * 100,
      everyMs: size * 100,
    });
  });

  test('a burst that was sent as one is no clump', () => {
    const bursts = inGroups(sent, 3);
    expect(measureClumping(bursts, bursts)).toMatchObject({ verdict: 'apart', groupSize: 3 });
  });

  test('one pause of a machine among many events is no clumping', () => {
    const arrivals = sent.map((at, n) => (n === 10 ? (sent[11] ?? 0) : at));
    expect(measureClumping(arrivals, sent)).toMatchObject({
      verdict: 'apart',
      clumped: 2,
      largest: 2,
    });
  });

  test('times that are whole seconds do not show what happens within one', () => {
    const coarse = evenly(30, 300).map((at) => at - (at % 1_000));
    const arrivals = inGroups(evenly(30, 300), 3);
    expect(measureClumping(arrivals, coarse, { resolutionMs: 1_000 }).verdict).toBe('apart');
  });

  test('groups without times are not judged', () => {
    expect(measureClumping(inGroups(sent, 3))).toMatchObject({
      verdict: 'unknown',
      evidence: 'none',
      groupSize: 3,
    });
  });

  test('a regular pace with a clump after every pause shows that it was held', () => {
    // Ten singles, then a pause in which three gather.
    const arrivals = sent.map((at, n) => (n % 13 >= 10 ? 100 * (n - (n % 13) + 12) : at));
    expect(measureClumping(arrivals)).toMatchObject({
      verdict: 'clumped',
      evidence: 'pace',
      heldMs: 200,
    });
  });

  test('a regular pace without clumps is apart', () => {
    expect(measureClumping(sent)).toMatchObject({ verdict: 'apart', evidence: 'pace' });
  });

  test.each([[[]], [[5]]])('%j shows nothing', (arrivals) => {
    expect(measureClumping(arrivals, arrivals)).toMatchObject({
      verdict: 'unknown',
      evidence: 'none',
    });
  });

  test('an arrival without its time is a mistake of the caller', () => {
    expect(() => measureClumping([1, 2], [1])).toThrow(RangeError);
  });
});

describe('send times', () => {
  const now = Date.UTC(2026, 0, 1);
  const events = (textOf: (ms: number, n: number) => { text?: string; id?: string }) =>
    evenly(10, 250).map((at, n) => ({ text: '', id: '', ...textOf(now + at, n), at }));

  test.each([
    ['epoch in ms', (ms: number) => ({ text: `{"t":${ms}}` }), 10],
    ['epoch in s, with a fraction', (ms: number) => ({ text: `{"t":${ms / 1_000}}` }), 10],
    ['epoch in µs', (ms: number) => ({ text: `${ms}000` }), 10],
    ['epoch in ns', (ms: number) => ({ text: `[${ms}000000]` }), 10],
    ['ISO date', (ms: number) => ({ text: JSON.stringify({ at: new Date(ms) }) }), 10],
    ['id that holds a time', (ms: number) => ({ id: `${ms}-0`, text: 'x' }), 10],
  ])('are found as %s', (_, textOf, resolutionMs) => {
    const found = sendTimesOf(events(textOf), now);
    expect(found?.resolutionMs).toBe(resolutionMs);
    expect(found?.at.map((at) => Math.round(at - now))).toEqual(evenly(10, 250));
  });

  test('the finer of two is taken, and its fineness is known', () => {
    const found = sendTimesOf(
      events((ms) => ({ text: `{"s":${Math.floor(ms / 1_000)},"t":${ms + 7}}` })),
      now,
    );
    expect(found).toMatchObject({ resolutionMs: 1, at: expect.arrayContaining([now + 7]) });
  });

  test.each([
    ['numbers that are no times', () => ({ text: '{"price":1234567890123}' })],
    ['a time that never changes', () => ({ text: `{"since":${now}}` })],
    ['times that go back', (ms: number) => ({ text: String(2 * now - ms) })],
    [
      'a count that happens to be large',
      (_: number, n: number) => ({ text: String(now + n * 60_000) }),
    ],
    [
      'events some of which have none',
      (ms: number, n: number) => ({ text: n === 4 ? '' : String(ms) }),
    ],
  ])('are not made of %s', (_, textOf) => {
    expect(sendTimesOf(events(textOf), now)).toBeUndefined();
  });
});

describe('heartbeats', () => {
  const arrival = (kind: Arrival['kind'], at: number, text: string, event = ''): Arrival => ({
    kind,
    at,
    text,
    id: '',
    event,
  });

  test('are comments and pings, with their median interval', () => {
    const found = heartbeatsOf([
      arrival('comment', 0, 'keep-alive'),
      arrival('ping', 50, ''),
      arrival('comment', 1_000, 'keep-alive'),
      arrival('comment', 2_100, 'keep-alive'),
    ]);
    expect(found).toEqual([
      { kind: 'comment', count: 3, everyMs: 1_050, sample: 'keep-alive' },
      { kind: 'ping', count: 1, everyMs: undefined, sample: '' },
    ]);
  });

  test.each([
    [
      'an event that is called one, though it numbers itself',
      evenly(2, 500).map((at, n) => arrival('event', at, `{"type":"ping","n":${n}}`)),
    ],
    ['the same text at an even pace', evenly(3, 500).map((at) => arrival('event', at, '2'))],
  ])('are %s', (_, arrivals) => {
    expect(heartbeatsOf(arrivals)).toMatchObject([{ kind: 'repeat', everyMs: 500 }]);
  });

  test.each([
    ['texts that differ', evenly(5, 500).map((at, n) => arrival('event', at, `price ${n}`))],
    ['the same text at no pace', [0, 10, 900, 1_000].map((at) => arrival('event', at, 'bid'))],
    ['the same text twice', evenly(2, 500).map((at) => arrival('event', at, 'bid'))],
    ['what is long', evenly(5, 500).map((at) => arrival('event', at, 'x'.repeat(100)))],
  ])('are not %s', (_, arrivals) => {
    expect(heartbeatsOf(arrivals)).toEqual([]);
  });

  test.each([1, 2, 1_000])('comments are found in pieces of %d bytes', (size) => {
    const found: string[] = [];
    const finder = createCommentFinder((text) => found.push(text));
    const bytes = Buffer.from(': one\r\n\r\ndata: a:b\n:\ndata\n:two\r\rid: 1\n');
    for (let at = 0; at < bytes.length; at += size) finder.feed(bytes.subarray(at, at + size));
    expect(found).toEqual(['one', '', 'two']);
  });
});
