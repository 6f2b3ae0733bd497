/** Silences and what cuts show together, as tables of connections; and the intervals that are advised. */
import { describe, expect, test } from 'vitest';
import type { End, IdleWatch, Silences, Talk } from '../../core/records/probe.ts';
import { judgeIdle } from '../../loadgen/probing/idle-judge.ts';
import { MOST_STREAMS, planIdle } from '../../loadgen/probing/idle-plan.ts';
import { FEWEST_CONNECTIONS, OTHER_CONNECTIONS } from '../../loadgen/probing/probe.ts';
import { createSilenceBook } from '../../loadgen/probing/silence-book.ts';
import { safeInterval } from '../../reports/probe-advice.ts';

const NONE: Silences = { server: 0, client: 0, both: 0 };
const quiet: Talk = { kind: 'nothing', everyMs: undefined };
const pongs: Talk = { kind: 'pong', everyMs: 500 };
const pings = (everyMs: number): Talk => ({ kind: 'ping', everyMs });

function cut(
  talk: Talk,
  ageMs: number,
  lastSilence: Silences,
  how: End = { how: 'fin' },
): IdleWatch {
  return { talk, end: how, ageMs, lastSilence, survived: NONE };
}
function open(
  talk: Talk,
  ageMs: number,
  survived: Silences,
  lastSilence: Silences = NONE,
): IdleWatch {
  return { talk, end: { how: 'open' }, ageMs, lastSilence, survived };
}
const all = (ms: number): Silences => ({ server: ms, client: ms, both: ms });

describe('silences', () => {
  test('are survived when something is heard behind them, and not when something is said', () => {
    const book = createSilenceBook(0);
    book.said(4_000);
    expect(book.survived).toEqual(NONE);
    expect(book.current(5_000)).toEqual({ server: 5_000, client: 1_000, both: 1_000 });
    book.heard(5_500);
    expect(book.survived).toEqual({ server: 5_500, client: 4_000, both: 4_000 });
    expect(book.current(6_000)).toEqual({ server: 500, client: 2_000, both: 500 });
  });
});

describe('the verdict', () => {
  test('nothing cut: the longest silence that was survived is named', () => {
    const watches = [open(quiet, 9_000, NONE, all(9_000)), open(pings(4_000), 9_000, all(4_000))];
    expect(judgeIdle(watches)).toMatchObject({ kind: 'none', lowMs: 4_000, cuts: 0 });
  });

  test('what is said by either side keeps it open', () => {
    const watches = [
      cut(quiet, 5_000, all(5_000)),
      cut(quiet, 5_100, all(5_020)),
      open(pongs, 9_000, { ...NONE, client: 500 }, { server: 9_000, client: 100, both: 100 }),
      open(pings(4_000), 9_000, all(4_000)),
    ];
    expect(judgeIdle(watches)).toEqual({
      kind: 'cut',
      silent: ['both', 'client'],
      maybeAge: false,
      lowMs: 4_000,
      highMs: 5_000,
      cutMs: 5_010,
      cuts: 2,
    });
  });

  test('who speaks in vain shows that the silence of the server counts', () => {
    const watches = [
      cut(quiet, 5_000, all(5_000)),
      cut(pongs, 5_000, { server: 5_000, client: 300, both: 300 }),
      open(pings(2_000), 9_000, all(2_000)),
    ];
    expect(judgeIdle(watches)).toMatchObject({ kind: 'cut', silent: ['server'], maybeAge: false });
  });

  test('a server that speaks in vain shows that the silence of the client counts', () => {
    const watches = [
      cut(quiet, 5_000, { server: 100, client: 5_000, both: 100 }),
      cut(quiet, 5_050, { server: 900, client: 5_050, both: 900 }),
      open(pongs, 9_000, { server: 1_000, client: 500, both: 400 }),
    ];
    expect(judgeIdle(watches)).toMatchObject({ kind: 'cut', silent: ['client'], cutMs: 5_025 });
  });

  test('where nobody ever spoke it could be the age', () => {
    const watches = [cut(quiet, 5_000, all(5_000)), cut(quiet, 5_100, all(5_100))];
    expect(judgeIdle(watches)).toMatchObject({
      kind: 'cut',
      silent: ['both', 'server', 'client'],
      maybeAge: true,
    });
  });

  test('the same age whatever was said is a limit on age', () => {
    const watches = [
      cut(quiet, 5_000, all(5_000)),
      cut(pongs, 5_050, { server: 5_050, client: 300, both: 300 }),
      { ...cut(pings(1_000), 4_980, all(900)), survived: all(1_000) },
    ];
    expect(judgeIdle(watches)).toMatchObject({ kind: 'age', cutMs: 5_000, cuts: 3 });
  });

  test('a steady server that is cut at one age was not cut for its steady little silences', () => {
    const steady = { ...cut(quiet, 5_000, { server: 98, client: 5_000, both: 98 }) };
    const watches = [steady, { ...steady, survived: { server: 100, client: 0, both: 100 } }];
    expect(judgeIdle(watches).silent).toEqual(['client']);
  });

  test('ends that have nothing in common are unclear, and no figure is made of them', () => {
    const watches = [
      cut(quiet, 2_000, all(2_000)),
      cut(quiet, 7_000, all(7_000)),
      open(pings(4_000), 9_000, all(4_000)),
    ];
    expect(judgeIdle(watches)).toMatchObject({ kind: 'unclear', cutMs: undefined, cuts: 2 });
  });

  test('what is swallowed lies between the pings that were answered and those that were not', () => {
    const swallowed = { how: 'swallowed' } as const;
    const watches = [
      cut(quiet, 9_000, all(9_000), swallowed),
      // It pinged a moment ago, into nothing.
      cut(pings(6_000), 9_000, { server: 9_000, client: 3_000, both: 3_000 }, swallowed),
      open(pings(2_000), 9_000, all(2_000)),
    ];
    expect(judgeIdle(watches)).toMatchObject({ kind: 'swallowed', lowMs: 2_000, highMs: 6_000 });
  });
});

describe('the plan', () => {
  test('an event stream is watched by few, which say nothing', () => {
    expect(planIdle('sse', 12, 60_000)).toEqual([quiet, quiet, quiet, quiet]);
    // What docs/probe.md and --help say of the number that is asked for.
    expect(FEWEST_CONNECTIONS - OTHER_CONNECTIONS).toBe(1);
    expect([OTHER_CONNECTIONS, MOST_STREAMS]).toEqual([8, 4]);
    expect(planIdle('sse', 1, 60_000)).toEqual([quiet]);
  });

  test('a WebSocket is watched in silence, with pongs and with pings from short to long', () => {
    const plan = planIdle('ws', 8, 60_000);
    expect(plan.slice(0, 4).map(({ kind }) => kind)).toEqual([
      'nothing',
      'pong',
      'nothing',
      'pong',
    ]);
    const every = plan.slice(4).map(({ everyMs }) => everyMs ?? 0);
    expect(every).toEqual([5_000, 10_627, 22_585, 48_000]);
  });

  test.each([1, 2, 3, 4, 5, 22])('%d connections are planned as that many', (count) => {
    expect(planIdle('ws', count, 1_000)).toHaveLength(count);
  });
});

test.each([
  [60_000, 30_000],
  [59_900, 30_000],
  [55_000, 25_000],
  [10_000, 5_000],
  [5_000, 2_500],
  [3_900, 2_000],
  [3_790, 1_500],
  [900, 200],
  [100, 50],
])('a cut after %d ms is kept away by a beat every %d ms', (silenceMs, beatMs) => {
  expect(safeInterval(silenceMs)).toBe(beatMs);
});
