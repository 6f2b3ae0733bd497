/** Runs held against each other: what is said, what is refused, and what every reader is told first. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { RunResult } from '../../core/result.ts';
import { headlineOfRuns } from '../../reports/compare/headline.ts';
import { renderComparisonPage } from '../../reports/compare/page.ts';
import type { TrialCounts } from '../../reports/compare/ratio-band.ts';
import { countsOf, ratioBand } from '../../reports/compare/ratio-band.ts';
import type { Change } from '../../reports/compare/runs-comparison.ts';
import { compareRuns } from '../../reports/compare/runs-comparison.ts';
import { settingsOf } from '../../reports/compare/settings.ts';
import { renderComparisonTerminal } from '../../reports/compare/terminal.ts';
import { trafficOf } from '../../reports/flow.ts';
import { findRun, runIds } from '../../reports/run-lookup.ts';
import { laterRun, recorded } from '../compared-runs.ts';
import { temporaryFolder } from '../program.ts';
import { refusalOf } from '../refusal.ts';

const folder = temporaryFolder();

function changeOf(changes: readonly Change[], arm: string, metric: string): Change {
  const found = changes.find((one) => one.arm === arm && one.metric === metric);
  if (found === undefined) throw new Error(`no ${metric} of ${arm}`);
  return found;
}

const elsewhere = (run: RunResult): RunResult => ({
  ...run,
  environment: { ...run.environment, fingerprint: 'another', kernel: 'Linux 9.9', cores: 64 },
});

describe('what happens to a slow session', () => {
  const slow = (options: Partial<RunResult['options']>): readonly string[] => {
    const run = { ...recorded, options: { ...recorded.options, ...options } };
    const { shared, different } = settingsOf([
      run,
      { ...run, options: { ...run.options, ...BEFORE } },
    ]);
    return [...shared, ...different].flatMap(({ name, values }) =>
      name === 'slow sessions' ? values : [],
    );
  };
  const BEFORE = { blockMs: undefined, slowMs: undefined };

  test.each([
    ['block', { blockMs: 40 }, ['block for 40ms', 'block for 250ms']],
    ['disconnect', { slowMs: 60_000 }, ['disconnect after 1m', 'disconnect after 10s']],
    ['drop-newest', { blockMs: 40 }, ['drop-newest', 'drop-newest']],
  ])('says its time where it matters, by %s, of runs of before too', (policy, times, says) => {
    expect(slow({ policy, ...times })).toEqual(says);
  });
});

describe('runs that are compared', () => {
  test('are the same everywhere when a run is held against itself', () => {
    const { changes, cautions } = compareRuns([recorded, recorded]);
    expect(changes.length).toBeGreaterThan(60);
    expect(new Set(changes.map(({ verdict }) => verdict))).toEqual(new Set(['same']));
    expect(new Set(changes.map(({ ratio }) => ratio))).toEqual(new Set([1]));
    expect(cautions).toContain('A and B are the same run.');
  });

  test('show what was put there, in the arm where it was put', () => {
    const comparison = compareRuns([recorded, laterRun({ sse: 1.4 })]);
    const p50 = changeOf(comparison.changes, 'sse', 'latency.p50');
    expect(p50.ratio).toBeCloseTo(1.4, 2);
    expect(p50.verdict).toBe('worse');
    expect(p50.trials).toBe(6);
    expect((p50.value ?? 0) / (p50.valueAgainst ?? 1)).toBeCloseTo(1.4, 1);
    expect(changeOf(comparison.changes, 'ws', 'latency.p50').ratio).toBeCloseTo(1, 2);
    expect(changeOf(comparison.changes, 'sse', 'wire.bytes').verdict).toBe('same');
    expect(headlineOfRuns(comparison).title).toContain(
      'B is worse than A in SSE latency p50 +40 %',
    );
  });

  test('are called better the other way round', () => {
    const { changes } = compareRuns([laterRun({ sse: 1.4 }), recorded]);
    const p50 = changeOf(changes, 'sse', 'latency.p50');
    expect(p50.verdict).toBe('better');
    expect(p50.says).toMatch(/^SSE’s latency p50 is 2\d % lower in B than in A \(95 % interval/);
  });

  test('are all held against the first', () => {
    const third = { ...laterRun({ ws: 2 }), id: 'third' };
    const comparison = compareRuns([recorded, laterRun(), third]);
    expect(new Set(comparison.changes.map(({ run, against }) => run + against))).toEqual(
      new Set(['BA', 'CA']),
    );
    expect(headlineOfRuns(comparison).title).toBe('C differs from A by more than the 10 % margin.');
  });

  test('say which build and which load differ before any figure', () => {
    const busier = laterRun();
    const { cautions, settings } = compareRuns([
      recorded,
      { ...busier, params: { ...busier.params, rate: 100 } },
    ]);
    expect(cautions[0]).toBe(
      'The load differs: rate 50/s and 100/s. A change below may come from that alone.',
    );
    expect(cautions[1]).toMatch(
      /^Different builds of pushbench made these runs: commit .* and feedfacecafe/,
    );
    expect(settings.different.map(({ name }) => name)).toEqual(['rate', 'commit']);
    expect(settings.shared.map(({ name }) => name)).toContain('clients');
  });

  test('say which arm only one of them has, and compare the others', () => {
    const lean = { ...laterRun(), arms: recorded.arms.filter(({ name }) => name !== 'raw') };
    const { arms, cautions, changes } = compareRuns([recorded, lean]);
    expect(arms.find(({ name }) => name === 'raw')?.runs).toEqual(['A']);
    expect(cautions).toContain('The arm raw is not in run B.');
    expect(new Set(changes.map(({ arm }) => arm))).toEqual(new Set(['sse', 'ws']));
  });

  test('count no trial that is invalid or was left out', () => {
    const later = laterRun({ sse: 1.4 });
    const trials = later.trials.map((trial) => {
      if (trial.round === 0) return { ...trial, excluded: 'its round was run again' };
      if (trial.round !== 1) return trial;
      return { ...trial, validity: { ...trial.validity, state: 'invalid' as const } };
    });
    const { changes } = compareRuns([recorded, { ...later, trials }]);
    const p50 = changeOf(changes, 'sse', 'latency.p50');
    expect([p50.trials, p50.trialsAgainst]).toEqual([4, 6]);
    expect(p50.verdict).toBe('unclear');
    expect(p50.says).toContain('needs 6 trials of each run, has 4 and 6');
  });

  test('have no ratio where a figure is 0 in some trials', () => {
    const later = laterRun();
    const zero = (run: RunResult, value: number): RunResult => ({
      ...run,
      trials: run.trials.map((one) => ({
        ...one,
        metrics: { ...one.metrics, 'latency.p50': value },
      })),
    });
    const mixed = compareRuns([recorded, zero(later, 0)]).changes;
    expect(changeOf(mixed, 'sse', 'latency.p50')).toMatchObject({ verdict: 'not-comparable' });
    const both = compareRuns([zero(recorded, 0), zero(later, 0)]).changes;
    expect(changeOf(both, 'sse', 'latency.p50')).toMatchObject({ verdict: 'same', ratio: 1 });
  });
});

describe('runs of different machines', () => {
  const other = elsewhere(laterRun({ sse: 1.4 }));

  test('are not comparable, and what differs is said', () => {
    const comparison = compareRuns([recorded, other]);
    expect(comparison.machines).toEqual([
      `cores ${recorded.environment.cores} and 64`,
      `kernel ${recorded.environment.kernel} and Linux 9.9`,
    ]);
    expect(new Set(comparison.changes.map(({ verdict }) => verdict))).toEqual(
      new Set(['not-comparable']),
    );
    expect(comparison.changes.every(({ ratio }) => ratio === undefined)).toBe(true);
    expect(comparison.cautions[0]).toMatch(/^Not comparable: the machines differ .* --anyway/);
    expect(headlineOfRuns(comparison).title).toBe(
      'Not comparable: B and A were measured on different machines.',
    );
  });

  test('are compared all the same with --anyway, and every sentence says so', () => {
    const comparison = compareRuns([recorded, other], { anyway: true });
    expect(changeOf(comparison.changes, 'sse', 'latency.p50').verdict).toBe('worse');
    const judged = comparison.changes.filter(({ verdict }) => verdict !== 'not-comparable');
    expect(judged.length).toBeGreaterThan(60);
    for (const { says } of judged) expect(says).toMatch(/^On different machines: /);
    expect(headlineOfRuns(comparison).title).toMatch(/^On different machines: /);
    expect(comparison.cautions[0]).toMatch(/because --anyway was given/);
  });

  test('have the flag for nothing where the machine is the same', () => {
    expect(compareRuns([recorded, laterRun()], { anyway: true }).anyway).toBe(false);
  });
});

describe('what cannot be compared is refused', () => {
  test.each([
    ['one run', [recorded], /there is only one/],
    ['seven runs', new Array<RunResult>(7).fill(recorded), /there are 7, and 6 fit/],
    [
      'runs of different scenarios',
      [recorded, { ...recorded, id: 'x', scenario: { ...recorded.scenario, name: 'chat' } }],
      /they answer different questions \(\S+ is broadcast, x is chat\)/,
    ],
  ])('%s', (_, runs, why) => {
    const refusal = refusalOf(() => compareRuns(runs));
    expect(refusal.code).toBe('runs-not-compared');
    expect(refusal.message).toMatch(why);
    expect(refusal.exitCode).toBe(2);
  });
});

// Pages of a megabyte are made here, which on a busy machine takes its time.
describe('what is shown', { timeout: 30_000 }, () => {
  const later = laterRun({ sse: 1.4 });
  const comparison = compareRuns([recorded, later]);

  // Update with `npx vitest run --project unit -u`.
  test('is this on a terminal', async () => {
    const text = renderComparisonTerminal(comparison, {
      page: '/runs/one/compare-two.html',
      color: false,
      all: false,
    });
    await expect(`${text.replace(/ +$/gm, '')}`).toMatchFileSnapshot('../golden/compare.txt');
  });

  test('is this as JSON', async () => {
    const changes = comparison.changes.filter(({ headline }) => headline);
    const text = `${JSON.stringify({ ...comparison, changes }, undefined, 1)}\n`;
    await expect(text).toMatchFileSnapshot('../golden/compare.json');
  });

  test('is the same page for the same runs, with the sentences in it', () => {
    const page = renderComparisonPage([recorded, later], comparison);
    expect(page === renderComparisonPage([recorded, later], comparison)).toBe(true);
    const title = '<h1 id="verdict-title">B is worse than A in SSE latency p50 +40\u00a0%';
    expect(page.includes(title)).toBe(true);
    for (const id of ['changes-0-0', 'percentiles-delivery-0-0', 'trials-0-0']) {
      expect(page.includes(`id="${id}"`), id).toBe(true);
    }
  });

  test('is escaped, whatever a run file holds', () => {
    const hostile = { ...later, id: '<img src=x onerror=1>', command: '</script><b>' };
    const page = renderComparisonPage([recorded, hostile], compareRuns([recorded, hostile]));
    // Booleans: a page of a megabyte is no message for anybody.
    expect(page.includes('<img src=x')).toBe(false);
    expect(page.includes('</script><b>')).toBe(false);
  });

  test('gives the page of one run against itself no band but zero', () => {
    const traffic = recorded.trials.flatMap((trial) => trafficOf(trial, 'delivery') ?? []);
    const counts = traffic.slice(0, 1).map(countsOf);
    expect(ratioBand(counts, counts, [0.5, 0.9])).toEqual([
      { quantile: 0.5, ratio: 1, low: undefined, high: undefined },
      { quantile: 0.9, ratio: 1, low: undefined, high: undefined },
    ]);
  });
});

describe('the band around a ratio', () => {
  /** Trials whose median varies from one to the next, as those of a server do. */
  function trialsOf(random: ReturnType<typeof createRandom>, count: number, scale: number) {
    return Array.from({ length: count }, (): TrialCounts => {
      const mood = scale * Math.exp(0.05 * random.normal());
      const values = Array.from({ length: 60 }, (_, index) =>
        Math.round(1000 * mood * Math.exp((index - 30) / 40)),
      );
      return { values, counts: values.map(() => 10) };
    });
  }

  // The figure is pinned, so that nobody claims 95 % for it; the page says that the band is narrow.
  test('holds the truth about nine times in ten at 8 trials', () => {
    const random = createRandom(5);
    let held = 0;
    for (let i = 0; i < 150; i += 1) {
      const [point] = ratioBand(trialsOf(random, 8, 1.2), trialsOf(random, 8, 1), [0.5]);
      if ((point?.low ?? 2) <= 1.2 && 1.2 <= (point?.high ?? 0)) held += 1;
    }
    expect(held / 150).toBeGreaterThan(0.84);
    expect(held / 150).toBeLessThan(0.97);
  });

  test('counts what never came as later than the deadline', () => {
    const [first] = recorded.trials;
    const traffic = first === undefined ? undefined : trafficOf(first, 'delivery');
    if (traffic === undefined) throw new Error('the recorded run has no deliveries');
    const lossy = countsOf({ ...traffic, missing: 7 });
    expect(lossy.counts.at(-1)).toBe(7);
    expect(lossy.values.at(-1)).toBe(traffic.deadlineUs);
  });
});

describe('a run is found', () => {
  const runs = join(folder, 'runs');
  for (const id of ['20260101T000000-chat', '20260102T000000-chat', '20260103T000000-broadcast']) {
    mkdirSync(join(runs, id), { recursive: true });
    writeFileSync(join(runs, id, 'run.json'), '{}');
  }
  mkdirSync(join(runs, 'empty'));
  const fileOf = (id: string): string => join(runs, id, 'run.json');

  test.each([
    ['20260102T000000-chat', '20260102T000000-chat'],
    ['20260103', '20260103T000000-broadcast'],
    ['latest', '20260103T000000-broadcast'],
    ['latest~2', '20260101T000000-chat'],
    [join(runs, '20260101T000000-chat'), '20260101T000000-chat'],
    [fileOf('20260101T000000-chat'), '20260101T000000-chat'],
  ])('by %s', (name, id) => {
    expect(findRun(runs, name)).toBe(fileOf(id));
  });

  test.each(['2026010', 'latest~3', 'nothing', ''])('by no such name as "%s"', (name) => {
    const refusal = refusalOf(() => findRun(runs, name));
    expect(refusal.code).toBe('no-such-run');
    expect(refusal.hint).toContain('20260103T000000-broadcast');
  });

  test('nowhere where there is no folder', () => {
    expect(runIds(join(folder, 'nowhere'))).toEqual([]);
    expect(refusalOf(() => findRun(join(folder, 'nowhere'), 'latest')).hint).toMatch(/no runs/);
  });
});
