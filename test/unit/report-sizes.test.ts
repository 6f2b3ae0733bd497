/** What a report says of sizes: what a message costs, what framing adds, and where the arms change places. */
import { describe, expect, test } from 'vitest';
import type { RunResult, Trial } from '../../core/result.ts';
import { waitBeyondHelpers } from '../../loadgen/phases/flood.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { metrics } from '../../reports/metrics/registry.ts';
import { armOf, histogramOf, NO_HISTOGRAMS, NO_LEDGER, runOf, trialOf } from '../trip-run.ts';

const SIZES = [16, 256, 4_096, 65_536];
const ROUNDS = 6;
/** Of one arm from round to round; that of the other goes the other way. */
const NOISE = 0.002;

/** @param cpu ns per delivery by size */
function trials(arm: string, framing: number, cpu: readonly number[], rounds = ROUNDS): Trial[] {
  return SIZES.flatMap((payload, index) =>
    Array.from({ length: rounds }, (_, round) =>
      trialOf({
        arm,
        round,
        flow: 'delivery',
        point: { payload },
        ledger: { ...NO_LEDGER, expected: 100, received: 100 },
        histograms: { ...NO_HISTOGRAMS, due: histogramOf(new Array(100).fill(300)) },
        probes: {
          sent: 5,
          payloadBytes: payload,
          wireBytes: (payload + framing) * 100,
          wireMessages: 100,
          serverCpuNs:
            100 * (cpu[index] ?? 0) * (1 + (arm === 'sse' ? NOISE : -NOISE) * (round - 2.5)),
          // As fast as its CPU goes, up to where the receivers take no more.
          floodDeliveries: 1_000,
          floodNs: 1_000 * (cpu[index] ?? 0),
          floodHeldShare: payload > 4_096 ? 0.4 : 0.01,
          floodServerCpuNs: 900 * (cpu[index] ?? 0),
        },
      }),
    ),
  );
}

function sizesRun(sse: readonly number[], ws: readonly number[], rounds = ROUNDS): RunResult {
  return runOf([...trials('sse', 14, sse, rounds), ...trials('ws', 4, ws, rounds)], {
    points: SIZES.map((payload) => ({ payload })),
    scenario: {
      name: 'sizes',
      question: 'What does it cost?',
      headline: ['server.cpu', 'wire.bytes'],
      explore: '--vary payload=16B,1KiB',
    },
    params: { clients: 20, payload: 1_024, volume: 2 ** 26 },
  });
}

describe('the answer', () => {
  test('gives the cost of the smallest and largest, and where they cross', () => {
    const [cpu, wire] = answersOf(
      sizesRun([9_000, 10_000, 20_000, 90_000], [9_900, 11_000, 16_000, 60_000]),
    );
    expect(cpu).toBe(
      'A delivery takes the server 9.00 µs of CPU at 16 B and 90.0 µs at 64 KiB over SSE, 9.90 µs of CPU at 16 B and 60.0 µs at 64 KiB over WebSocket; they cross at about 587 B (interpolated between 256 B and 4 KiB), below which SSE takes less.',
    );
    expect(wire).toBe(
      'On the wire framing adds to a message of 16 B and to one of 64 KiB: SSE 14 B and 14 B, WebSocket 4 B and 4 B; they do not cross between 16 B and 64 KiB: WebSocket takes less at every size.',
    );
  });

  test('does not take noise for a crossing', () => {
    // At 16 B they differ by less than the rounds do.
    const [cpu] = answersOf(
      sizesRun([9_001, 11_000, 20_000, 90_000], [9_000, 10_000, 16_000, 60_000]),
    );
    expect(cpu).toContain(
      'they do not surely cross between 16 B and 64 KiB: WebSocket takes less at 3 of 4 sizes, and at the others no difference is sure',
    );
  });

  test.each([1, 3, 5])('of %i rounds says that they are too few to tell', (rounds) => {
    const [cpu] = answersOf(sizesRun([1, 2, 3, 4], [4, 3, 2, 1], rounds));
    expect(cpu).toContain('; fewer than 6 rounds cannot tell whether they cross.');
  });

  test('says how much gets through at full speed, where it crosses, and where receivers are the limit', () => {
    const [, , speed] = answersOf(
      sizesRun([9_000, 10_000, 20_000, 90_000], [9_900, 11_000, 16_000, 60_000]),
    );
    expect(speed).toMatch(
      /^As fast as clients take them, so many are delivered per second: SSE 111,\d+\/s of 16 B \(1\.\d+ MiB\/s\) and 11,111\/s of 64 KiB \(694 MiB\/s\), WebSocket .*; they cross at about 587 B \(interpolated between 256 B and 4 KiB\), below which WebSocket is slower\. The receivers, and not the server, were the limit of SSE at 64 KiB and of WebSocket at 64 KiB: there the server could do more\.$/,
    );
  });

  test('speaks of every pair of several arms', () => {
    const two = sizesRun([9_000, 10_000, 20_000, 90_000], [9_900, 11_000, 16_000, 60_000]);
    const third = trials('raw', 1, [5_000, 5_100, 5_200, 30_000]);
    const all = [...two.trials, ...third];
    const run = runOf(all, {
      ...two,
      trials: all,
      arms: [...two.arms, armOf('raw', 'raw')],
      comparisons: [],
    });
    const [cpu] = answersOf(run);
    expect(cpu).toContain(
      '30.0 µs at 64 KiB over raw. Over the sizes, SSE and WebSocket cross at about 587 B',
    );
    expect(cpu).toContain(
      '; SSE and raw do not cross between 16 B and 64 KiB: raw takes less at every size;',
    );
    expect(cpu).toContain('; WebSocket and raw do not cross');
  });

  test('is not given for a single size, nor for a sweep of something else', () => {
    const run = sizesRun([1, 1, 1, 1], [1, 1, 1, 1]);
    expect(answersOf({ ...run, points: [{ payload: 16 }] })).toEqual([]);
    expect(answersOf({ ...run, points: [{ clients: 16 }, { clients: 32 }] })).toEqual([]);
  });
});

test('the report has one figure over all sizes, before those of single ones, with the crossing in it', () => {
  const page = renderHtml(
    sizesRun([9_000, 10_000, 20_000, 90_000], [9_900, 11_000, 16_000, 60_000]),
  );
  expect(page.match(/<figure id="sizes/g)).toHaveLength(1);
  expect(page.indexOf('<figure id="sizes"')).toBeLessThan(page.indexOf('<figure id="sweep"'));
  expect(page).toContain('A dashed line marks a size');
  expect(page).toContain('"text":"587 B"');
  expect(page).toContain('64 MiB/s of payload');
});

describe('at full speed', () => {
  const [trial] = trials('sse', 14, [10_000, 0, 0, 0]);

  test('is per second of the clock, in messages and in bytes of them', () => {
    expect(trial?.metrics).toMatchObject({
      'flood.messages': expect.closeTo(100_000, 3),
      'flood.bytes': expect.closeTo(1_600_000, 3),
      'flood.held': 0.01,
      'flood.cpu': 9_000,
    });
  });

  test.each([
    ['something was lost', { floodMissing: 1 }],
    ['something else had a core', { floodWaitShare: 0.16 }],
    ['nothing came', { floodDeliveries: 0 }],
  ])('is not measured where %s', (_, probes) => {
    const without = trialOf({ ...trial, probes: { ...trial?.probes, ...probes } });
    expect(Object.keys(without.metrics).filter((id) => id.startsWith('flood.'))).toEqual([]);
  });
});

test('waiting for a core is judged as in a load: not for its own helpers, nor for being woken', () => {
  const side = (of: string, mainNs: number, waitNs: number, cpuNs = mainNs, switches = 10) => ({
    [`${of}CpuNs`]: cpuNs,
    [`${of}MainCpuNs`]: mainNs,
    [`${of}MainWaitNs`]: waitNs,
    [`${of}ContextSwitches`]: switches,
  });
  const idle = side('generator', 1e8, 0);
  expect(waitBeyondHelpers({ ...side('server', 1e8, 3e7), ...idle })).toBeCloseTo(0.3, 9);
  expect(waitBeyondHelpers({ ...idle, ...side('server', 1e8, 0) })).toBe(0);
  expect(waitBeyondHelpers({ ...side('server', 1e8, 3e7, 1.2e8), ...idle })).toBeCloseTo(0.1, 9);
  expect(waitBeyondHelpers({ ...side('server', 1e8, 3e7, 1e8, 1e4), ...idle })).toBe(0);
  expect(waitBeyondHelpers(idle)).toBeUndefined();
});

describe('throughput', () => {
  const [trial] = trials('sse', 14, [10_000, 0, 0, 0]);

  test('is per second of the CPU of the server, in messages and in bytes of them', () => {
    // 100 deliveries of 16 B for 100 × 10 µs × 0.995.
    expect(trial?.metrics['volume.messages']).toBeCloseTo(100 / (1e-3 * 0.995), 3);
    expect(trial?.metrics['volume.bytes']).toBeCloseTo(1_600 / (1e-3 * 0.995), 3);
    expect(metrics['volume.messages'].explain).toContain('not per second of the clock');
  });

  test('is not measured without CPU, bytes or deliveries', () => {
    const without = trialOf({ ...trial, probes: { serverCpuNs: 1e6 } });
    expect(without.metrics['volume.bytes']).toBeUndefined();
    const idle = trialOf({ ...trial, ledger: NO_LEDGER });
    expect(idle.metrics['volume.messages']).toBeUndefined();
  });
});

test('latency from sending is not measured where messages do not say when they were sent', () => {
  const [trial] = trials('sse', 14, [1, 1, 1, 1]);
  const lossy = { ...NO_LEDGER, expected: 101, received: 100, lost: 1 };
  expect(trialOf({ ...trial, ledger: lossy }).metrics['latency.sent.p99']).toBeUndefined();
  expect(trialOf({ ...trial, ledger: lossy }).metrics['latency.p50']).toBe(300);
});
