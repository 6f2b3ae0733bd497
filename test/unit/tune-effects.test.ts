/** What a setting is said to have changed, and what is chosen from that; tables in, verdicts out. */
import { describe, expect, test } from 'vitest';
import type { Cell } from '../../core/records/study.ts';
import type { TuneSetting } from '../../core/records/tune.ts';
import { choose, effectsOf, outcomeOf, verdictOf } from '../../loadgen/tune/effects.ts';

const figure = { slack: 1, share: 0.1, better: 'lower', decides: true } as const;

describe('a verdict', () => {
  test.each([
    ['less than is felt is the same, whatever the interval', 10, 9.5, -0.6, -0.4, 'same'],
    ['a share of what it was is the same, too', 100, 95, -6, -4, 'same'],
    ['lower is better where lower is', 100, 50, -60, -40, 'better'],
    ['higher is worse', 100, 150, 40, 60, 'worse'],
    ['an interval with nothing in it says nothing', 100, 50, -120, 20, 'unclear'],
    ['of one repeat what decides is believed', 100, 50, undefined, undefined, 'better'],
  ] as const)('%s', (_, stock, changed, low, high, verdict) => {
    const bounds = low === undefined ? {} : { low, high };
    expect(verdictOf(figure, { stock, changed, ...bounds })).toBe(verdict);
  });

  test('of one repeat what is a matter of noise is not believed', () => {
    const cpu = { ...figure, decides: false };
    expect(verdictOf(cpu, { stock: 100, changed: 50 })).toBe('unclear');
  });
});

const cell = (
  route: string,
  measure: string,
  samples: readonly Record<string, number>[],
  problem?: string,
): Cell => ({
  measure,
  route,
  transport: 'sse',
  samples: samples.map((figures, repeat) => ({
    repeat,
    figures,
    facts: {},
    ...(problem === undefined ? {} : { problem }),
  })),
});
const measured = (cells: Cell[]) => ({ cells, transports: ['sse' as const], maxMs: 3_000 });
const survived = { 'both.survivedMs': 3_000 };
const cut = { 'both.survivedMs': 900, 'both.notSurvivedMs': 1_800, 'both.cutMs': 1_650 };

describe('effects', () => {
  test('a cut that is gone is better, and is told with what was waited for', () => {
    const cells = [cell('stock', 'idle', [cut, cut]), cell('long', 'idle', [survived, survived])];
    const [effect] = effectsOf(measured(cells), 'long');
    expect(effect).toMatchObject({
      figure: 'idle.both',
      stock: 1_650,
      changed: 3_000,
      verdict: 'better',
      says: 'SSE: cut when both are silent: after 1.65 s → not within 3.00 s',
    });
  });

  test('a connection that was swallowed is cut at the silence that it did not survive', () => {
    const swallowed = { 'both.survivedMs': 900, 'both.notSurvivedMs': 1_800 };
    const cells = [cell('stock', 'idle', [survived]), cell('worse', 'idle', [swallowed])];
    expect(effectsOf(measured(cells), 'worse')).toMatchObject([
      { changed: 1_800, verdict: 'worse' },
    ]);
  });

  test('a stream that does not come about is worse, and nothing else is said of it', () => {
    const cells = [
      cell('stock', 'head', [{ headMs: 1 }]),
      cell('stock', 'idle', [survived]),
      cell('none', 'head', [{}], 'it answers 404'),
      cell('stock', 'fast', [{ sent: 10, missing: 0 }]),
      cell('none', 'fast', [{}], 'it answers 404'),
    ];
    expect(effectsOf(measured(cells), 'none')).toMatchObject([
      { figure: 'works', stock: 1, changed: 0, verdict: 'worse' },
    ]);
  });

  test('where not even the head of a stream without advice comes through, all is held back', () => {
    const cells = [
      cell('stock', 'fast', [{ sent: 250, missing: 0 }]),
      cell('old', 'head', [{ headMs: 1 }]),
      cell('old', 'fast', [{}], 'no answer'),
    ];
    expect(effectsOf(measured(cells), 'old')).toMatchObject([
      { figure: 'held', stock: 0, changed: 1, verdict: 'worse' },
    ]);
  });

  test('only repeats that both have are paired', () => {
    const cells = [
      cell('stock', 'stalled', [{ takenBytes: 64 * 2 ** 20 }, { takenBytes: 64 * 2 ** 20 }]),
      cell('off', 'stalled', [{ takenBytes: 2 ** 20 }]),
    ];
    const stored = effectsOf(measured(cells), 'off').find((one) => one.figure === 'stored');
    expect(stored).toMatchObject({ verdict: 'better', stock: 64 * 2 ** 20 });
    expect(stored?.low).toBeUndefined();
  });
});

const setting = (name: string, lines = 1, isCandidate = true): TuneSetting => ({
  name,
  kind: 'change',
  set: Object.fromEntries(Array.from({ length: lines }, (_, n) => [`${name}${n}`, 'x'])),
  isCandidate,
});
const effect = (name: string, id: string, verdict: 'better' | 'worse' = 'better') => ({
  setting: name,
  transport: 'ws' as const,
  figure: id,
  stock: 0,
  changed: 1,
  verdict,
  says: '',
});

describe('what is chosen', () => {
  const names = (settings: readonly TuneSetting[]): string[] => settings.map(({ name }) => name);

  test('what mends most comes first, and what mends nothing more is left out', () => {
    const settings = [setting('client'), setting('both', 2), setting('tunnel')];
    const effects = [
      effect('client', 'idle.client'),
      effect('tunnel', 'idle.client'),
      ...['idle.client', 'idle.server', 'idle.both'].map((id) => effect('both', id)),
    ];
    expect(names(choose(settings, effects))).toEqual(['both']);
  });

  test('of two that mend the same the one that costs less is taken', () => {
    const settings = [setting('dear'), setting('cheap', 2)];
    const effects = [
      effect('dear', 'stored'),
      effect('dear', 'kept', 'worse'),
      effect('cheap', 'stored'),
    ];
    expect(names(choose(settings, effects))).toEqual(['cheap']);
  });

  test('of two that mend the same the one with fewer lines is taken', () => {
    const settings = [setting('long', 2), setting('short')];
    const effects = [effect('long', 'stored'), effect('short', 'stored')];
    expect(names(choose(settings, effects))).toEqual(['short']);
  });

  test('CPU time alone, and what only shows a contrast, are never chosen', () => {
    const settings = [setting('cheap'), setting('contrast', 1, false)];
    const effects = [effect('cheap', 'cpu'), effect('contrast', 'stored')];
    expect(choose(settings, effects)).toEqual([]);
  });

  test('what is worse in anything that decides is not chosen, whatever else it mends', () => {
    const effects = [effect('a', 'stored'), effect('a', 'idle.both', 'worse')];
    expect(choose([setting('a')], effects)).toEqual([]);
    expect(outcomeOf(effects)).toBe('harms');
  });

  test('better and worse at once is a trade', () => {
    expect(outcomeOf([effect('a', 'stored'), effect('a', 'cpu', 'worse')])).toBe('trade');
    expect(outcomeOf([effect('a', 'cpu', 'worse')])).toBe('costs');
    expect(outcomeOf([effect('a', 'held', 'worse')])).toBe('harms');
    expect(outcomeOf([effect('a', 'cpu')])).toBe('nothing');
    expect(outcomeOf([effect('a', 'stored')])).toBe('helps');
  });
});
