/** The one line that most readers take away must not say more than the comparisons do. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunComparison, RunResult } from '../../core/result.ts';
import { headlineOf } from '../../reports/html/headline.ts';
import { readRunFile } from '../../reports/run-file.ts';

const fixture = readRunFile(join(import.meta.dirname, '..', 'fixtures', 'run.json'));
const NAMES: Readonly<Record<string, string>> = { sse: 'SSE', ws: 'WebSocket', other: 'Other' };
const nameOf = (arm: string): string => NAMES[arm] ?? arm;

type Found = Pick<RunComparison, 'metric' | 'verdict'> & Partial<RunComparison>;

function runWith(found: readonly Found[], change: Partial<RunResult> = {}): RunResult {
  const comparisons = found.map((one): RunComparison => {
    const ratio = one.ratio ?? 1.3;
    const interval = { ratio, low: ratio * 0.9, high: ratio * 1.1 };
    const rest = { arm: 'sse', against: 'ws', point: {}, rounds: 8, headline: true, says: '' };
    return { ...rest, ...interval, ...one };
  });
  return {
    ...fixture,
    options: { ...fixture.options, rounds: 8, margin: 0.1 },
    comparisons,
    ...change,
  };
}

const titleOf = (found: readonly Found[], change?: Partial<RunResult>): string =>
  headlineOf(runWith(found, change), nameOf).title;

describe('the headline', () => {
  test.each<[string, Found[], string]>([
    [
      'names the faster arm when the other is worse',
      [{ metric: 'latency.p50', verdict: 'worse', ratio: 1.32 }],
      'WebSocket delivers faster: latency p50 of SSE is 32 % higher.',
    ],
    [
      'names the arm itself when it is better',
      [{ metric: 'latency.p50', verdict: 'better', ratio: 0.8 }],
      'SSE delivers faster: latency p50 of SSE is 20 % lower.',
    ],
    [
      'says which arm wins what when each wins something',
      [
        { metric: 'latency.p50', verdict: 'worse', ratio: 1.32 },
        { metric: 'server.cpu', verdict: 'better', ratio: 0.7 },
      ],
      'WebSocket delivers faster, SSE costs less server CPU.',
    ],
    [
      'does not call both arms faster',
      [
        { metric: 'latency.p50', verdict: 'worse', ratio: 1.32 },
        { metric: 'latency.p99', verdict: 'better', ratio: 0.7 },
      ],
      'WebSocket is better on latency p50, SSE is better on latency p99.',
    ],
    [
      'says who answers faster where round trips were measured',
      [{ metric: 'request.p99', verdict: 'worse', ratio: 1.32 }],
      'WebSocket answers faster: request p99 of SSE is 32 % higher.',
    ],
    [
      'tells the answers that the server gets from those it gives',
      [
        { metric: 'request.p50', verdict: 'better', ratio: 0.8 },
        { metric: 'ask.p50', verdict: 'worse', ratio: 1.32 },
      ],
      'SSE answers faster, WebSocket gets its answers faster.',
    ],
    [
      'does not call a count of round trips a speed',
      [{ metric: 'request.timeouts', verdict: 'worse', ratio: 1.32 }],
      'WebSocket is better on request timeouts: request timeouts of SSE is 32 % higher.',
    ],
    [
      'names the one with the higher rate of answers',
      [{ metric: 'request.rate', verdict: 'worse', ratio: 0.8 }],
      'WebSocket answers more requests: request rate of SSE is 20 % lower.',
    ],
    [
      'calls a difference inside the margin small',
      [{ metric: 'wire.bytes', verdict: 'small-but-real', ratio: 1.05, low: 1.04, high: 1.06 }],
      'WebSocket sends fewer bytes, but by less than the 10 % margin.',
    ],
    [
      'does not promise that a real difference exceeds the margin',
      [{ metric: 'server.cpu', verdict: 'small-but-real', ratio: 1.2, low: 1.02, high: 1.4 }],
      'WebSocket costs less server CPU, but not surely by more than the 10 % margin.',
    ],
    [
      'says "no practical difference" when everything is the same',
      [{ metric: 'latency.p50', verdict: 'same', ratio: 1.01 }],
      'No practical difference between SSE and WebSocket.',
    ],
    [
      'keeps the unclear apart from the same',
      [
        { metric: 'latency.p50', verdict: 'same', ratio: 1.01 },
        { metric: 'latency.p99', verdict: 'unclear', ratio: 1.1 },
      ],
      'No practical difference between SSE and WebSocket in latency p50; unclear in latency p99.',
    ],
    [
      'says "unclear" when these rounds cannot tell',
      [{ metric: 'latency.p50', verdict: 'unclear' }],
      'Unclear: 8 rounds did not tell SSE and WebSocket apart.',
    ],
    [
      'says how many rounds were valid when too few were',
      [{ metric: 'latency.p50', verdict: 'not-comparable', rounds: 3 }],
      'Not comparable: only 3 of 8 rounds were valid.',
    ],
  ])('%s', (_, found, title) => {
    expect(titleOf(found)).toBe(title);
  });

  test('a metric where more is better is won by the higher one', () => {
    expect(
      titleOf([{ metric: 'reach', verdict: 'small-but-real', ratio: 0.9, low: 0.85, high: 0.95 }]),
    ).toBe('WebSocket delivers more, but not surely by more than the 10 % margin.');
  });

  test('says at which points of a sweep a finding holds', () => {
    const points = [{ clients: 50 }, { clients: 200 }];
    const title = titleOf(
      [
        { metric: 'latency.p50', verdict: 'unclear', point: { clients: 50 } },
        { metric: 'latency.p50', verdict: 'worse', point: { clients: 200 } },
      ],
      { points },
    );
    expect(title).toBe('WebSocket delivers faster at clients=200.');
  });

  test('counts pairs where there are several, and lists them', () => {
    const { title, rest } = headlineOf(
      runWith([
        { metric: 'latency.p50', verdict: 'worse', ratio: 1.32 },
        { metric: 'latency.p50', verdict: 'unclear', against: 'other' },
      ]),
      nameOf,
    );
    expect(title).toBe('1 of 2 pairs of arms differ by more than the 10 % margin.');
    expect(rest).toEqual([
      'WebSocket delivers faster: latency p50 of SSE is 32 % higher.',
      'Unclear: 8 rounds did not tell SSE and Other apart.',
    ]);
  });

  test('gives the reason when no trial counts', () => {
    const trials = fixture.trials.map((trial) => ({
      ...trial,
      excluded: 'invalid',
      validity: {
        state: 'invalid' as const,
        checks: [
          { id: 'x', title: 'x', unit: '', ok: 'invalid' as const, says: 'the machine was busy' },
        ],
      },
    }));
    expect(titleOf([], { trials })).toBe('Not measured: the machine was busy.');
  });

  test('says that one arm alone is nothing to compare', () => {
    const [sse] = fixture.arms;
    expect(titleOf([], { arms: sse === undefined ? [] : [sse] })).toBe(
      'Nothing to compare: SSE was measured alone.',
    );
  });
});
