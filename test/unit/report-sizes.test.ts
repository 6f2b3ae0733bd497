/** What a report says of sizes: what a message costs, what framing adds, and where the arms change places. */
import { describe, expect, test } from 'vitest';
import type { RunResult, Trial } from '../../core/result.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { metrics } from '../../reports/metrics/registry.ts';
import { histogramOf, NO_HISTOGRAMS, NO_LEDGER, runOf, trialOf } from '../trip-run.ts';

const SIZES = [16, 256, 4_096, 65_536];
const ROUNDS = 3;
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
            100 * (cpu[index] ?? 0) * (1 + (arm === 'sse' ? NOISE : -NOISE) * (round - 1)),
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
      'they do not cross between 16 B and 64 KiB: WebSocket takes less at 3 of 4 sizes, and at the others no difference is sure',
    );
  });

  test('of one round says that a crossing cannot be told from noise', () => {
    const [cpu] = answersOf(sizesRun([1, 2, 3, 4], [4, 3, 2, 1], 1));
    expect(cpu).toContain('with one round a crossing cannot be told from noise');
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

describe('throughput', () => {
  const [trial] = trials('sse', 14, [10_000, 0, 0, 0]);

  test('is per second of the CPU of the server, in messages and in bytes of them', () => {
    // 100 deliveries of 16 B for 100 × 10 µs × 0.998.
    expect(trial?.metrics['volume.messages']).toBeCloseTo(100 / (1e-3 * 0.998), 3);
    expect(trial?.metrics['volume.bytes']).toBeCloseTo(1_600 / (1e-3 * 0.998), 3);
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
