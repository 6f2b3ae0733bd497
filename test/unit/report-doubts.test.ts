/** What is said where there is little or nothing to say it from: no strange word, and no claim without data. */
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../cli/bench.ts';
import type { FaultRecord } from '../../core/records/fault.ts';
import type { StallRecord } from '../../core/records/stall.ts';
import type { RunResult, Trial } from '../../core/result.ts';
import { formatPercent } from '../../core/units.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { logAxis } from '../../reports/html/charts/theme.ts';
import { findWarnings } from '../../reports/warnings.ts';
import { histogramOf, NO_LEDGER, runOf, trialOf } from '../trip-run.ts';

const NONE = histogramOf([]);

/** Outside of its scripts, which hold libraries. */
const strangeWords = (page: string): string[] =>
  page
    .replace(/<script[^>]*>[\s\S]*?<\/script>/g, '')
    .match(/.{0,60}(NaN|undefined(?! where)|Infinity).{0,20}/g) ?? [];

function runAbout(name: string, trials: readonly Trial[]): RunResult {
  const scenario = { name, question: 'Why?', headline: ['server.cpu'], explore: '--vary rate=1,2' };
  return runOf(trials, { scenario, params: { clients: 3 } });
}

function cut(change: Partial<FaultRecord>, ledger = NO_LEDGER): Trial {
  const fault: FaultRecord = {
    cut: 'rst',
    strategy: 'full-jitter',
    resume: true,
    planned: 3,
    confirmed: { by: 'the log of the relay', count: 3, atMs: 1_000 },
    noticed: 0,
    away: 3,
    detected: NONE,
    back: NONE,
    firstMessage: NONE,
    handshake: NONE,
    attempts: 0,
    refused: 0,
    refusals: [],
    gaps: 0,
    replayed: 0,
    timeline: [
      { ms: 0, connected: 0, attempts: 0, refused: 0 },
      { ms: 100, connected: 0, attempts: 0, refused: 0 },
    ],
    ...change,
  };
  return trialOf({ arm: 'ws', fault, ledger });
}

function stalled(change: Partial<StallRecord>, round = 0): Trial {
  const side = { expected: 0, received: 0, due: NONE };
  const stall: StallRecord = {
    policy: 'drop-newest',
    limitBytes: 1_024,
    planned: 3,
    stalled: 3,
    readBytesPerS: 0,
    fromMs: 100,
    untilMs: 600,
    readOn: 0,
    offeredBytes: 2 ** 25,
    healthy: { clients: 0, during: side, after: side },
    accounts: { expected: 9, received: 3, written: 3, dropped: 6, inFlight: 0, missed: 6 },
    evictedMs: [],
    othersClosed: 0,
    recovery: { caughtUp: NONE, behind: 3, stale: NONE },
    timeline: [{ ms: 0 }, { ms: 100, rssBytes: 0, p99: 0 }],
    ...change,
  };
  return trialOf({ arm: 'ws', round, stall });
}

describe('a cut', () => {
  test('after which nobody came back is not given times, and nobody is said to have noticed', () => {
    const run = runAbout('reconnect', [cut({})]);
    expect(answersOf(run)[0]).toContain('WebSocket nobody');
    const page = renderHtml(run);
    expect(page).toContain('3 connections in each trial, says the log of the relay.');
    expect(strangeWords(page)).toEqual([]);
  });

  test('of which no delivery was counted is not said to have lost nothing', () => {
    const text = answersOf(runAbout('reconnect', [cut({})])).join(' ');
    expect(text).toContain('What was lost is not known');
    expect(text).not.toContain('Nothing was lost');
  });

  test('of which all were counted is', () => {
    const ledger = { ...NO_LEDGER, expected: 30, received: 30 };
    expect(answersOf(runAbout('reconnect', [cut({}, ledger)])).join(' ')).toContain(
      'Nothing was lost',
    );
  });
});

describe('a stall', () => {
  test('of everybody is noticed by nobody, and draws what there is', () => {
    const run = runAbout('backpressure', [stalled({})]);
    expect(answersOf(run)[0]).toBe(
      'All 3 clients read nothing for 500 ms, so there is nobody who could have noticed.',
    );
    expect(strangeWords(renderHtml(run))).toEqual([]);
  });

  test('that did not come about in one round counts in the others only', () => {
    const none = { expected: 0, received: 0, written: 0, dropped: 0, inFlight: 0, missed: 0 };
    const run = runAbout('backpressure', [stalled({}), stalled({ stalled: 0, accounts: none }, 1)]);
    const text = answersOf(run).join(' ');
    expect(text).toContain('over WebSocket 2 deliveries each');
    expect(text).not.toContain('NaN');
  });
});

describe('a share', () => {
  test.each([
    [1, '100 %'],
    [0.99999, '99.999 %'],
    [0.9996, '99.96 %'],
    [1 - 1e-12, '99.999999 %'],
    [0.999, '99.9 %'],
    [1.0001, '100 %'],
  ])('of %d is %s: what is not all does not read as all', (share, text) => {
    expect(formatPercent(share)).toBe(text);
  });
});

test('an axis of nothing has ends that can be drawn', () => {
  const { scale, axis } = logAxis([0], String);
  expect(scale.domain.every(Number.isFinite)).toBe(true);
  expect(axis.values.every(Number.isFinite)).toBe(true);
});

test.each([
  ['generator-queue', /^Close other programs, or see 'npm run doctor'/],
  ['generator-loop', /^Try fewer --clients, a lower --rate/],
])('what is advised where trials are invalid by %s fits the reason', (id, advice) => {
  const check = {
    id,
    title: id,
    unit: 'share',
    value: 1,
    limit: 0,
    ok: 'invalid' as const,
    says: 'x',
  };
  const trial = trialOf({ arm: 'ws', validity: { state: 'invalid', checks: [check] } });
  const [warning] = findWarnings(runOf([trial])).filter(({ code }) => code === 'invalid-trials');
  expect(warning?.hint).toMatch(advice);
});

test('a run of which nothing counts says with which exit code it ends, and why', () => {
  const said: string[] = [];
  const ended = (changes: Partial<Trial>) =>
    exitCodeOf(runOf([trialOf({ arm: 'ws', ...changes })]), {
      err: (text) => void said.push(text),
    });
  expect(ended({ validity: { state: 'invalid', checks: [] } })).toBe(5);
  expect(ended({ outcome: 'failed', validity: { state: 'invalid', checks: [] } })).toBe(3);
  expect(said).toEqual([
    expect.stringMatching(/^Exit code 5: no valid trial is left of one of the arms/),
    expect.stringMatching(/^Exit code 3: no trial was completed/),
  ]);
});
