/** Measures of load in a study: the arithmetic of a window, configurations that are changed for them, and their words. */
import { describe, expect, test } from 'vitest';
import type { Sample } from '../../core/records/study.ts';
import { ProbeFailure } from '../../loadgen/probing/probe-failure.ts';
import { judgeCell } from '../../loadgen/study/agreement.ts';
import { refusalOf } from '../../loadgen/study/climb.ts';
import { holdsMore } from '../../loadgen/study/compression-words.ts';
import { between } from '../../loadgen/study/flood.ts';
import type { Measure } from '../../loadgen/study/measure.ts';
import { ceiling } from '../../loadgen/study/measures/ceiling.ts';
import { behindOf, compression, tick } from '../../loadgen/study/measures/compression.ts';
import { memory } from '../../loadgen/study/measures/memory.ts';
import { throughput } from '../../loadgen/study/measures/throughput.ts';
import { limitsIn, withOwnLimits } from '../../loadgen/study/own-limits.ts';
import { withCompression } from '../../loadgen/study/switch-compression.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { proxies } from '../../proxies/registry.ts';

const about = { route: 'nginx', transport: 'sse', maxMs: 6_000 } as const;
const sample = (figures: Record<string, number>, facts: Record<string, string> = {}): Sample => ({
  repeat: 0,
  figures,
  facts,
});
const judged = (measure: Measure, one: Sample, more = {}) =>
  judgeCell(measure, { samples: [one] }, { ...about, ...more });
const stock = (name: ProxyName, values = {}): string =>
  proxies[name].config({ ...proxies[name].presets.stock, ...values }, false);

describe('the window of a flood', () => {
  const from = { at: 1_000, arrived: 500, proxyNs: 1e9, endsNs: 2e9 };

  test('is deliveries a second, CPU per delivery and the share of a core', () => {
    const to = { at: 1_500, arrived: 10_500, proxyNs: 1.02e9, endsNs: 2.45e9 };
    expect(between(from, to)).toEqual({ perSecond: 20_000, cpuNs: 2_000, endsShare: 0.9 });
  });

  test.each([
    ['nothing arrived', { at: 2_000, arrived: 500, proxyNs: 2e9, endsNs: 2e9 }],
    ['there is no proxy', { at: 2_000, arrived: 900, proxyNs: undefined, endsNs: 2e9 }],
  ])('has no CPU per delivery where %s', (_, to) => {
    expect(between(from, to).cpuNs).toBeUndefined();
  });
});

describe('limits that were raised to fit a load', () => {
  test.each<[ProxyName, string]>([
    ['nginx', 'worker_processes auto, worker_connections 512 by default'],
    ['haproxy', 'maxconn from the limit of open files by default'],
    ['caddy', 'it has no limit of its own'],
    [
      'apache',
      'MaxRequestWorkers 400 (Debian 150) by default, ServerLimit 16 by default, ThreadsPerChild 25 by default',
    ],
  ])('are those of %s itself again', (name, limits) => {
    const before = stock(name);
    const after = withOwnLimits(before);
    expect(limitsIn(proxies[name], after)).toBe(limits);
    // Only limits, and nothing else: what is left is there in the same order.
    const changed = before.split('\n').filter((line) => !after.split('\n').includes(line));
    for (const line of changed) expect(line).toMatch(/\{(connections|sockets|processes)\}/);
    expect(after).not.toMatch(/\{(connections|sockets|processes)\}/);
  });

  test.each<[ProxyName, Record<string, string>, string]>([
    ['nginx', { worker_connections: '40' }, 'worker_processes auto, worker_connections 40'],
    ['haproxy', { maxconn: '7' }, 'maxconn 7'],
  ])('stay where somebody has set them: %s', (name, values, limits) => {
    const after = withOwnLimits(stock(name, values));
    expect(limitsIn(proxies[name], after)).toBe(limits);
  });

  test('are found in one line with others, too', () => {
    const text = 'events { worker_connections {sockets}; multi_accept on; }';
    expect(withOwnLimits(text)).toBe('events {  multi_accept on; }');
  });
});

describe('compression of event streams', () => {
  test.each<[ProxyName, readonly string[]]>([
    ['nginx', ['gzip on;', 'gzip_types text/event-stream;']],
    ['haproxy', ['compression algo gzip', 'compression type text/event-stream']],
    ['caddy', ['encode {', 'minimum_length 1', 'match header Content-Type text/event-stream*']],
    ['apache', ['AddOutputFilterByType DEFLATE text/event-stream']],
  ])('is switched on in %s', (name, lines) => {
    const text = withCompression(proxies[name], stock(name));
    for (const line of lines) expect(text).toContain(line);
  });

  test('takes the place of what is there', () => {
    const text = withCompression(proxies.nginx, stock('nginx', { gzip: 'off' }));
    expect(text.match(/gzip \w+;/g)).toEqual(['gzip on;']);
  });

  test.each<[ProxyName, string]>([
    ['nginx', 'events {}'],
    ['caddy', 'localhost {\n\trespond hello\n}'],
  ])('is refused by a configuration of %s without a place for it', (name, text) => {
    expect(() => withCompression(proxies[name], text)).toThrow(/has no place/);
  });

  test('has messages that differ and are about as long', () => {
    const lengths = [1, 2, 3, 16].map((n) => JSON.stringify(tick(n)).length);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThan(15);
    expect(JSON.stringify(tick(1))).not.toBe(JSON.stringify(tick(5)));
  });
});

const come = (more: object) => ({ missing: 0, clumpedShare: 0, behindShare: 0, ...more });

test.each([
  [{ missing: 1 }, {}, true],
  [{ missing: 1 }, { missing: 1 }, false],
  [{ missing: 9 }, { missing: 1 }, true],
  [{ clumpedShare: 0.9 }, { clumpedShare: 0.05 }, true],
  [{ clumpedShare: 0.9 }, { clumpedShare: 0.9 }, false],
  [{ clumpedShare: 0.1 }, {}, false],
  [{ behindShare: 0.5 }, {}, true],
])('%o holds more than %o: %s', (one, other, holds) => {
  expect(holdsMore(come(one), come(other))).toBe(holds);
});

test('an event that comes when the next one is sent is behind, and the last one cannot be', () => {
  const said = [1, 2, 3, 4, 5].map((n) => ({ n, at: 20 * n }));
  const at = (times: readonly number[]) => times.map((time, index) => ({ n: index + 1, at: time }));
  expect(behindOf(at([21, 41, 61, 81, 200]), said)).toBe(0);
  expect(behindOf(at([40.1, 60.1, 61, 81, 101]), said)).toBe(0.5);
  expect(behindOf([], said)).toBe(0);
});

test.each([
  [new ProbeFailure('refused', 'x', 'ECONNREFUSED'), 'refused'],
  [new ProbeFailure('hung-up', 'read ECONNRESET', 'ECONNRESET'), 'reset'],
  [new ProbeFailure('hung-up', 'socket hang up', 'ECONNRESET'), 'hung up on'],
  [new ProbeFailure('silent', 'no answer'), 'waits'],
  [
    new ProbeFailure('answer', 'it answers 503', undefined, {
      status: 503,
      contentType: undefined,
      location: undefined,
    }),
    'answered 503',
  ],
])('%s is a client that is %s', (failure, how) => {
  expect(refusalOf(failure)).toBe(how);
});

const flooded = {
  onePerSecond: 40_000,
  perSecond: 51_234,
  directOnePerSecond: 90_000,
  directPerSecond: 100_000,
  cpuNs: 2_000,
  endsShare: 0.5,
  missing: 0,
};
const packed = {
  textBytes: 150,
  plainBytes: 164,
  codedBytes: 41,
  addedMs: 0.12,
  sent: 51,
  missing: 0,
  clumpedShare: 0,
  plainMissing: 0,
  plainClumpedShare: 0,
};
const gzip = { encoding: 'gzip', noTransform: 'none' };
const full = { held: 398, tried: 418, refused: 20, cut: 0, full: 1 };

test.each<[string, Measure, Sample, object, object?]>([
  [
    'a route that carries less than both ends can do',
    throughput,
    sample(flooded),
    {
      text: '51,200/s',
      grade: 'plain',
      says: 'Delivers 51,200/s over 20 streams, 40,000/s over one (directly 100,000/s and 90,000/s). A delivery takes 2.00 µs of the proxy’s CPU, 500,000/s per core.',
    },
  ],
  [
    'a route that carries as much as both ends can do',
    throughput,
    sample({ ...flooded, perSecond: 90_000 }),
    { says: expect.stringMatching(/what both ends can do, so the proxy may carry more\.$/) },
  ],
  [
    'a route that carries little',
    throughput,
    sample({ ...flooded, perSecond: 9_000 }),
    { grade: 'fair' },
  ],
  [
    'messages that never came',
    throughput,
    sample({ ...flooded, missing: 12 }),
    { text: '12 lost', grade: 'bad' },
  ],
  [
    'the direct path',
    throughput,
    sample(flooded),
    { says: expect.stringContaining('as much as both ends, in one process, can do') },
    { route: 'direct' },
  ],
  [
    'memory with its interval',
    memory,
    sample({ bytesEach: 20_480, lowBytes: 19_456, highBytes: 21_504, restBytes: 2 ** 23 }),
    {
      text: '20.0 KiB',
      says: 'An open connection costs 20.0 KiB (19.0 KiB to 21.0 KiB); without any the proxy holds 8.00 MiB.',
    },
  ],
  [
    'memory that cannot be told from none',
    memory,
    sample({ bytesEach: 100, lowBytes: -400, highBytes: 600, restBytes: 2 ** 23 }),
    {
      says: expect.stringContaining(
        'cannot be told from none over 200 connections (at most 600 B)',
      ),
    },
  ],
  [
    'no memory without a proxy',
    memory,
    sample({}),
    { text: '–', says: 'There is no proxy.' },
    { route: 'direct' },
  ],
  [
    'connections that wait',
    ceiling,
    sample(full, { limits: 'MaxRequestWorkers 400', beyond: 'waits' }),
    {
      text: '398',
      grade: 'bad',
      says: 'It takes 398 connections (MaxRequestWorkers 400). The next one is connected by the kernel and waits, and nobody is told.',
    },
  ],
  [
    'connections that are refused in two ways',
    ceiling,
    sample(full, { beyond: 'hung up on or answered 500' }),
    {
      grade: 'fair',
      says: 'It takes 398 connections. The next one is hung up on or is answered 500.',
    },
  ],
  [
    'no ceiling',
    ceiling,
    sample({ held: 1_200, tried: 1_200, refused: 0, cut: 0, full: 0 }),
    { text: '≥ 1,200', grade: 'good' },
  ],
  [
    'a few that failed in between, which are no ceiling',
    ceiling,
    sample({ held: 1_199, tried: 1_200, refused: 1, cut: 0, full: 0 }, { beyond: 'answered 502' }),
    {
      text: '≥ 1,199',
      grade: 'fair',
      says: expect.stringContaining('1 in between did not come about (answered 502)'),
    },
  ],
  [
    'compression that saves and holds nothing',
    compression,
    sample(packed, gzip),
    {
      text: '75.0 % less',
      grade: 'good',
      says: 'A message of 150 B takes 164 B on the wire, and 41 B with gzip (75.0 % less). Packing and unpacking add 120 µs to an event; none are held back. With Cache-Control: no-transform from the server it is not compressed.',
    },
  ],
  [
    'compression that holds everything',
    compression,
    sample(
      {
        ...packed,
        missing: 51,
        advisedMissing: 0,
        advisedClumpedShare: 0,
        advisedBehindShare: 0,
        advisedBytes: 49,
      },
      { ...gzip, noTransform: 'gzip' },
    ),
    {
      text: '51 of 51 held',
      grade: 'bad',
      says: expect.stringContaining(
        'With X-Accel-Buffering: no from the server they come at once, in 49 B each. Cache-Control: no-transform from the server does not stop it.',
      ),
    },
  ],
  [
    'compression that keeps the last event',
    compression,
    sample({ ...packed, missing: 1 }, gzip),
    { text: 'last held', grade: 'bad' },
  ],
  [
    'compression that keeps the end of each event until the next one',
    compression,
    sample({ ...packed, missing: 1, behindShare: 0.9 }, gzip),
    {
      text: '90.0 % behind',
      grade: 'bad',
      says: expect.stringContaining('only when the next one is sent'),
    },
  ],
  [
    'events in clumps that are not the compressor’s',
    compression,
    sample({ ...packed, missing: 1, clumpedShare: 1, plainClumpedShare: 1 }, gzip),
    {
      grade: 'good',
      says: expect.stringContaining('With it or without, events do not come at once'),
    },
  ],
  [
    'a proxy that does not compress',
    compression,
    sample({ ...packed, codedBytes: 164 }, { noTransform: 'none' }),
    { text: 'does not', grade: 'fair' },
  ],
  [
    'a WebSocket that is left alone',
    compression,
    sample({ plainBytes: 154, codedBytes: 154 }),
    { text: 'untouched', grade: 'plain' },
    { transport: 'ws' },
  ],
  [
    'a WebSocket that is changed',
    compression,
    sample({ plainBytes: 154, codedBytes: 77 }),
    { text: '50.0 % less', grade: 'fair' },
    { transport: 'ws' },
  ],
])('judges %s', (_, measure, one, expected, more = {}) => {
  expect(judged(measure, one, more)).toMatchObject(expected);
});
