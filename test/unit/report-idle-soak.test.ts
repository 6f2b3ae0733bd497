/** What is said of memory at rest and of long loads, from run files made by hand whose figures are known. */
import { describe, expect, test } from 'vitest';
import type { MemoryStep } from '../../core/records/rest.ts';
import type { SoakRecord, SoakSample } from '../../core/records/soak.ts';
import type { RunResult, Trial } from '../../core/result.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { renderTerminal } from '../../reports/formats/terminal.ts';
import { memoryCost } from '../../reports/memory-cost.ts';
import { serverBytes } from '../../reports/metrics/rest.ts';
import { histogramOf, NO_LEDGER, runOf, trialOf } from '../trip-run.ts';

const KIB = 1_024;
const MIB = 2 ** 20;
const onTerminal = (run: RunResult): string =>
  renderTerminal(run, { runFile: 'run.json', report: 'report.html', color: false, columns: 100 });

/** What a figure that was computed from nothing looks like; the libraries in the page may say so. */
const strangeWords = (page: string): string[] =>
  page
    .replace(/<script>[\s\S]*?<\/script>/g, '')
    .match(/.{0,60}(NaN|undefined(?! where)|Infinity).{0,20}/g) ?? [];

/** Memory exactly on a line, off which `off` bytes lie at the second step. */
function atRest(arm: string, round: number, perConnection: number, off = 0): Trial {
  const memory = [1_000, 2_000, 3_000, 4_000].map(
    (connections, step): MemoryStep => ({
      connections,
      serverBytes: 80 * MIB + connections * perConnection + (step === 1 ? off : 0),
      generatorBytes: 60 * MIB + connections * 9 * KIB,
      serverUsedBytes: 10 * MIB + connections * 6 * KIB,
      tcpBytes: 4_096,
      slabBytes: 300 * MIB + connections * 8 * KIB,
      movedBytes: 0,
      settledMs: 300,
    }),
  );
  const cpu = [0, 60_000, 15_000].map((heartbeatMs) => ({
    connections: 4_000,
    heartbeatMs,
    wallNs: 2e9,
    // 10,000 connections would take 2.5 times as much: 0.5 % of a core alone, and 5 % and 20 % on top.
    serverNs: 2e9 * (0.002 + (heartbeatMs === 0 ? 0 : 1_200 / heartbeatMs)),
    generatorNs: 2e9 * 0.004,
  }));
  return trialOf({ arm, round, rest: { memory, cpu, lost: 0 }, probes: { clients: 4_000 } });
}

const idleRun = (trials: readonly Trial[]): RunResult =>
  runOf(trials, {
    scenario: {
      name: 'idle',
      question: 'What does a connection cost?',
      headline: ['server.memory', 'kernel.memory'],
      explore: '--vary clients=1,2',
    },
    params: { clients: 4_000, steps: 4 },
  });

describe('memory at rest', () => {
  const rounds = [0, 1, 2, 3, 4, 5];
  const run = idleRun(
    rounds.flatMap((round) => [
      atRest('sse', round, (10 + 0.1 * (round % 2)) * KIB),
      atRest('ws', round, 8 * KIB),
    ]),
  );

  test('is the slope of its own side, and not what the process takes', () => {
    const { metrics } = atRest('sse', 0, 10 * KIB);
    expect(metrics['server.memory']).toBeCloseTo(10 * KIB, 6);
    expect(metrics['server.memory.used']).toBeCloseTo(6 * KIB, 6);
    expect(metrics['kernel.memory']).toBeCloseTo(8 * KIB, 6);
    expect(metrics['generator.memory']).toBeCloseTo(9 * KIB, 6);
  });

  test('has CPU per 10,000 connections at each interval that was tried, and at no other', () => {
    const { metrics } = atRest('sse', 0, 10 * KIB);
    expect(metrics['idle.cpu.none']).toBeCloseTo(0.005, 9);
    expect(metrics['idle.cpu.60s']).toBeCloseTo(0.055, 9);
    expect(metrics['idle.cpu.15s']).toBeCloseTo(0.205, 9);
    expect(metrics['idle.cpu.5s']).toBeUndefined();
    expect(metrics['idle.generator.cpu.15s']).toBeCloseTo(0.01, 9);
  });

  test('is not measured where the kernel does not say all of it', () => {
    const trial = atRest('sse', 0, 10 * KIB);
    const memory = (trial.rest?.memory ?? []).map(({ slabBytes: _, ...step }) => step);
    const { metrics } = trialOf({ ...trial, rest: { memory, cpu: [], lost: 0 } });
    expect(metrics['kernel.memory']).toBeUndefined();
    expect(metrics['server.memory']).toBeCloseTo(10 * KIB, 6);
    const [, doubt] = answersOf(
      idleRun([{ ...trial, rest: { memory, cpu: [], lost: 0 }, metrics }]),
    );
    expect(doubt).toContain('What the kernel takes could not be measured');
  });

  test('is told with both protocols in one sentence, and how sure it is in another', () => {
    const [memory, cpu, doubt] = answersOf(run);
    expect(memory).toBe(
      'One idle connection takes 10.1 KiB in the server and 8.00 KiB in the kernel over SSE, 8.00 KiB in the server and 8.00 KiB in the kernel over WebSocket.',
    );
    expect(cpu).toContain(
      'over SSE 0.500 % of a core without heartbeats, 20.5 % with one every 15 s',
    );
    expect(doubt).toContain('SSE 9.99 KiB to 10.1 KiB in the server');
    expect(doubt).toContain('both ends');
    expect(doubt).toContain('9.00 KiB over SSE');
  });

  test('is no figure where its interval holds zero', () => {
    const unsure = idleRun([atRest('ws', 0, 6 * KIB, 200 * MIB)]);
    const [memory] = answersOf(unsure);
    expect(memory).toMatch(
      /^One idle connection takes an amount that cannot be told from nothing \(at most [\d.]+ [KM]iB\) in the server and 8\.00 KiB in the kernel over WebSocket\.$/,
    );
  });

  test('has an interval over its rounds, or that of its one line', () => {
    const one = memoryCost([atRest('sse', 0, 10 * KIB, MIB)], serverBytes);
    expect(one?.rounds).toBe(1);
    expect(one?.low).toBeLessThan(one?.value ?? 0);
    expect(one?.high).toBeGreaterThan(one?.value ?? 0);
    expect(one?.off).toBeGreaterThan(0.02);
    expect(memoryCost([], serverBytes)).toBeUndefined();
    // One round of four is far off: the middle one would lie far below that interval's own middle.
    const rounds = [8, 8, 8, 20].map((kib, round) => atRest('sse', round, kib * KIB));
    const all = memoryCost(rounds, serverBytes);
    expect(all?.value).toBeCloseTo(11 * KIB, 0);
    expect(((all?.low ?? 0) + (all?.high ?? 0)) / 2).toBeCloseTo(11 * KIB, 0);
  });

  test('is compared between arms as every metric is', () => {
    const found = run.comparisons.find(({ metric }) => metric === 'server.memory');
    expect(found).toMatchObject({ verdict: 'worse', rounds: 6, headline: true });
    expect(found?.ratio).toBeCloseTo(10.05 / 8, 2);
  });

  test('makes a page with its chart, and a table on the terminal', () => {
    const page = renderHtml(run);
    for (const id of ['idle-server', 'idle-kernel', 'idle-generator', 'idle-cpu']) {
      expect(page).toContain(`id="${id}"`);
    }
    expect(strangeWords(page)).toEqual([]);
    expect(onTerminal(run)).toContain('server memory per connection');
  });
});

/** Two minutes, looked at every second. */
function soakOf(change: {
  readonly leakPerS?: number;
  readonly moreDescriptors?: number;
  readonly slower?: number;
  readonly looks?: number;
  /** Held and never collected until the forced collection at the end. */
  readonly garbagePerS?: number;
  /** Resident, and held by nothing in JavaScript. */
  readonly pagesPerS?: number;
}): SoakRecord {
  const { leakPerS = 0, moreDescriptors = 0, slower = 0, looks = 120 } = change;
  const { garbagePerS = 0, pagesPerS = 0 } = change;
  const samples = Array.from({ length: looks }, (_, index): SoakSample => {
    const second = index + 1;
    const wobble = ((index * 37) % 11) * 8 * KIB;
    const server = {
      rssBytes: 90 * MIB + (leakPerS + pagesPerS) * second + wobble,
      heapUsedBytes: 10 * MIB + (leakPerS + garbagePerS) * second + wobble,
      externalBytes: MIB,
      descriptors: 125 + Math.floor((moreDescriptors * index) / looks),
      timers: 1,
      handles: 103,
    };
    return {
      atMs: second * 1_000,
      received: 2_000 * second,
      server,
      generator: { ...server, rssBytes: 70 * MIB + wobble },
      due: histogramOf([1_000 + (index % 7) * 10 + Math.round((slower * index) / looks)]),
    };
  });
  const live = 8 * MIB;
  return {
    intervalMs: 1_000,
    ratePerS: 20,
    clients: 100,
    liveBytes: { before: live, after: live + Math.round(leakPerS * looks) },
    samples,
  };
}

const soakRun = (trials: readonly Trial[]): RunResult =>
  runOf(trials, {
    scenario: {
      name: 'soak',
      question: 'Does anything grow?',
      headline: ['soak.memory.growth'],
      explore: '--vary clients=1,2',
    },
  });

const soakTrial = (arm: string, change: Parameters<typeof soakOf>[0] = {}): Trial =>
  trialOf({ arm, soak: soakOf(change) });

describe('a long load', () => {
  test('without a leak says so, with how fast one would have to be', () => {
    const [short, sse] = answersOf(soakRun([soakTrial('sse'), soakTrial('ws')]));
    expect(short).toBe('No leak was found over SSE and WebSocket in 120 s.');
    expect(sse).toContain(
      'after a forced collection the server held 0 B more than before the load',
    );
    expect(sse).toMatch(/resident memory changed by \S+ \w+ per hour \(95 % interval/);
    expect(sse).toContain('Descriptors at 125, timers at 1, handles at 103 as before.');
    expect(sse).toContain('No drift of latency beyond 10 % from start to end: p50 ');
  });

  test('of which only resident memory grows is no leak of JavaScript, and not nothing', () => {
    const pages = soakTrial('ws', { pagesPerS: MIB / 60 });
    const [short] = answersOf(soakRun([soakTrial('sse'), pages]));
    expect(short).toMatch(
      /^Resident memory grew all the time over WebSocket, and what JavaScript holds did not: \+(59|60|61)\S* MiB per hour .*\. The allocator may be keeping pages, or native code leaks; only a longer run tells\. No leak was found over SSE in 120 s\.$/,
    );
  });

  test('with one names the arm, its rate and what each message leaves behind', () => {
    const leaking = soakTrial('ws', { leakPerS: MIB / 60 });
    expect(leaking.metrics['soak.memory.growth']).toBeCloseTo(MIB / 60, -2);
    expect(leaking.metrics['soak.memory.message']).toBeCloseTo(MIB / 60 / 20, -1);
    expect(leaking.metrics['soak.live.growth']).toBe(Math.round((MIB / 60) * 120));
    const [short] = answersOf(soakRun([soakTrial('sse'), leaking]));
    expect(short).toMatch(
      /^Memory grew all the time over WebSocket, as it does with a leak: \+(59|60|61)\S* MiB per hour/,
    );
    expect(short).toMatch(/8[67]\d B per message/);
    expect(short).toContain('No leak was found over SSE');
  });

  test('tells descriptors that creep and latency that drifts', () => {
    const trial = soakTrial('sse', { moreDescriptors: 400, slower: 500 });
    expect(trial.metrics['soak.descriptors']).toBeGreaterThan(250);
    expect(trial.metrics['soak.drift.p50']).toBeGreaterThan(0.4);
    expect(trial.metrics['soak.timers']).toBe(0);
    const [, text] = answersOf(soakRun([trial]));
    expect(text).toMatch(
      /Descriptors rose from 1\d\d to \d+, timers at 1, handles at 103 as before\./,
    );
    expect(text).toMatch(
      /Latency drifted by more than 10 % from start to end: p50 \+4\d % \(.*\), p99 /,
    );
  });

  test('takes garbage that nothing collected for no leak, which the forced collection at the end tells', () => {
    const garbage = soakTrial('ws', { garbagePerS: MIB / 60 });
    expect(garbage.metrics['soak.heap.growth']).toBeGreaterThan(15 * KIB);
    expect(answersOf(soakRun([garbage]))[0]).toBe('No leak was found over WebSocket in 120 s.');
  });

  test('takes a drift within the margin for none, and one that nobody can be sure of for unclear', () => {
    const [, small] = answersOf(soakRun([soakTrial('sse', { slower: 50 })]));
    expect(small).toContain('No drift of latency beyond 10 % from start to end: p50 +');
    const [, near] = answersOf(soakRun([soakTrial('sse', { slower: 105 })]));
    expect(near).toContain('Whether latency drifts by more than 10 % is unclear: p50 +10');
  });

  test('that ended before its time says after how long and why, and how memory had grown by then', () => {
    const died = (leakPerS: number): Trial => {
      const { liveBytes: _, ...soak } = soakOf({ leakPerS });
      return { ...soakTrial('ws'), soak, outcome: 'failed', says: 'the server of ws was killed' };
    };
    const [leak] = answersOf(soakRun([soakTrial('sse'), died(MIB / 60)]));
    expect(leak).toMatch(
      /^WebSocket ended after 120 s, before its time: the server of ws was killed\. Memory grew all the time over WebSocket, as it does with a leak: \+(59|60|61)\S* MiB per hour .*; no collection was seen, so some of it may be garbage\./,
    );
    const [none] = answersOf(soakRun([{ ...died(0), excluded: 'its round was run again: x' }]));
    expect(none).toMatch(
      /^WebSocket ended after 120 s, .*\. Until then memory changed by \S+ \S+ per hour \(95 % interval .*No leak was found/,
    );
  });

  test('is compared by what has a ratio, and not by slopes and differences around zero', () => {
    const rounds = [0, 1, 2, 3, 4, 5].flatMap((round) =>
      ['sse', 'ws'].map((arm) =>
        trialOf({
          arm,
          round,
          soak: soakOf({ leakPerS: arm === 'sse' ? 200 : 100 }),
          ledger: { ...NO_LEDGER, expected: 100, received: 100 },
          probes: { serverCpuNs: 1e6 },
        }),
      ),
    );
    const run = soakRun(rounds);
    expect(rounds.every(({ metrics }) => (metrics['soak.memory.growth'] ?? 0) > 0)).toBe(true);
    expect(run.comparisons.filter(({ metric }) => metric.startsWith('soak.'))).toEqual([]);
    expect(run.comparisons.some(({ metric }) => metric === 'server.cpu')).toBe(true);
  });

  test('that was too short says nothing of leaks', () => {
    const trial = soakTrial('sse', { looks: 12 });
    expect(trial.metrics['soak.memory.growth']).toBeUndefined();
    expect(answersOf(soakRun([trial]))[0]).toContain('Too short to say whether memory grows');
  });

  test('that was cut off, or disturbed, still says what it saw of memory, and no more', () => {
    const broken = {
      id: 'pressure',
      title: 'waiting',
      unit: 'share',
      value: 1,
      ok: 'invalid',
      says: 'the machine was busy',
    } as const;
    const validity: Trial['validity'] = { state: 'invalid', checks: [broken] };
    const cut = trialOf({
      ...soakTrial('sse'),
      outcome: 'failed',
      says: 'it was killed',
      validity,
    });
    const disturbed = trialOf({ ...soakTrial('ws'), excluded: 'it was busy', validity });
    const [short, sse, ws] = answersOf(soakRun([cut, disturbed]));
    expect(short).toContain('No leak was found over SSE and WebSocket in 120 s');
    expect(sse).toContain('cut off in the middle');
    expect(ws).toContain('Nothing is said of latency: the machine was busy (waiting).');
  });

  test('makes a page with its chart, also without any /proc', () => {
    const trial = soakTrial('sse');
    const samples = (trial.soak?.samples ?? []).map(
      ({ server: { descriptors: _, ...server }, ...rest }) => ({ ...rest, server }),
    );
    const without = trialOf({ ...trial, soak: { ...soakOf({}), samples } });
    for (const run of [soakRun([trial, soakTrial('ws')]), soakRun([without])]) {
      const page = renderHtml(run);
      expect(page).toContain('id="soak-resident"');
      expect(strangeWords(page)).toEqual([]);
    }
    expect(renderHtml(soakRun([without]))).toContain(
      'Not measured on this machine: descriptors of the server',
    );
  });
});
