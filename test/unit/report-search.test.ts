/** What a report says of searches: where each arm ends, what stopped it, and what two of them may claim. */
import { describe, expect, test } from 'vitest';
import type { SearchRecord, SearchStep } from '../../core/records/search.ts';
import type { RunResult, Trial } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { stopOf } from '../../loadgen/search-run.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { renderTerminal } from '../../reports/formats/terminal.ts';
import { objectiveText } from '../../reports/objective-text.ts';
import { searchText } from '../../reports/search-text.ts';
import { validityOf, validityText, verdictSentences } from '../../reports/summary.ts';
import { histogramOf, NO_HISTOGRAMS, NO_LEDGER, runOf, trialOf } from '../trip-run.ts';

const OBJECTIVE = 'latency.p99<50ms,reach=1';

function recordOf(change: Partial<SearchRecord> = {}): SearchRecord {
  return {
    arm: 'sse',
    round: 0,
    point: {},
    searched: 'rate',
    unit: '/s',
    objective: OBJECTIVE,
    from: 100,
    to: 20_000,
    resolution: 0.1,
    end: 'bracketed',
    lastPass: 1_150,
    firstFail: 1_260,
    confirmed: true,
    stop: {
      cause: 'server',
      says: 'latency p99 was 120 ms, and the server’s core was 97.0 % busy',
    },
    steps: [
      { load: 1_150, outcome: 'pass', order: 0, attempt: 0 },
      {
        load: 1_260,
        outcome: 'fail',
        order: 1,
        attempt: 0,
        stop: { cause: 'server', says: 'latency p99 was 120 ms' },
      },
    ],
    ...change,
  };
}

const limited: Partial<SearchRecord> = {
  end: 'limited',
  lastPass: 2_000,
  firstFail: 2_180,
  stop: { cause: 'generator', says: 'the generator’s event loop was 85.0 % busy' },
};

/** A trial per step, of ten deliveries. */
function trialsOf({ arm, round, steps }: SearchRecord): Trial[] {
  return steps.map(({ load, order, attempt, outcome }) =>
    trialOf({
      arm,
      round,
      order,
      attempt,
      flow: 'delivery',
      point: { rate: load },
      ledger: { ...NO_LEDGER, expected: 10, received: 10 },
      histograms: {
        ...NO_HISTOGRAMS,
        due: histogramOf(new Array(10).fill(outcome === 'pass' ? 900 : 1_800)),
      },
      probes: { sent: 10, serverCpuNs: 1e9, wallNs: 2e9 },
    }),
  );
}

function searchRun(searches: readonly SearchRecord[], rounds = 1): RunResult {
  const bare = runOf([]);
  return runOf(searches.flatMap(trialsOf), {
    scenario: {
      name: 'capacity',
      question: 'How far?',
      headline: ['capacity.rate', 'capacity.clients'],
      explore: '--vary payload=128B,1KiB',
    },
    params: { search: 'rate', clients: 100, rate: 100, payload: 128 },
    options: { ...bare.options, rounds },
    searches: [...searches],
  });
}

describe('the answer', () => {
  test('says for both arms where they end, and what stopped them', () => {
    const run = searchRun([recordOf(), recordOf({ ...limited, arm: 'ws' })]);
    expect(answersOf(run)).toEqual([
      'Meeting latency p99 < 50 ms and all messages delivered at 100 clients, 128 B messages: SSE up to 1,150/s (fails at 1,260/s: latency p99 was 120 ms, and the server’s core was 97.0 % busy); WebSocket ≥ 2,000/s (generator-limited: the generator’s event loop was 85.0 % busy).',
    ]);
  });

  test.each([
    [{ end: 'below', lastPass: undefined, firstFail: 100 } as const, /^not even 100\/s \(latency/],
    [
      {
        end: 'highest',
        firstFail: undefined,
        lastPass: 20_000,
        stop: { cause: 'asked', says: 'nothing higher was asked for' },
      } as const,
      /^≥ 20,000\/s \(not limited: nothing higher/,
    ],
    [
      {
        unit: 'count',
        end: 'highest',
        lastPass: 924,
        stop: { cause: 'descriptors', says: '1,024 files per process allow no more clients' },
      } as const,
      /^≥ 924 clients \(limited by open files: 1,024 files/,
    ],
    [{ ...limited, lastPass: undefined, firstFail: 100 }, /^nothing known \(at 100\/s: the gen/],
    [
      { end: 'steps', lastPass: 400, stop: { cause: 'machine', says: 'no end' } } as const,
      /^≥ 400\/s/,
    ],
  ])('%# has words for it', (change, says) => {
    const { lastPass: _, firstFail: __, ...rest } = recordOf();
    expect(searchText({ ...rest, ...change } as SearchRecord)).toMatch(says);
  });

  test('over several searches gives their median and range', () => {
    const searches = [1_000, 1_100, 1_300].map((lastPass, round) => recordOf({ lastPass, round }));
    expect(answersOf(searchRun(searches, 3))[0]).toContain(
      'SSE up to 1,100/s (1,000/s … 1,300/s in 3 searches; latency p99 was 120 ms',
    );
    const mixed = [recordOf(), recordOf({ ...limited, round: 1 })];
    expect(answersOf(searchRun(mixed, 2))[0]).toContain('of which 1 found no end');
  });

  test('over several searches counts one that did not even pass its first load as less than that', () => {
    const { lastPass: _, firstFail: __, ...rest } = recordOf();
    const below = (round: number): SearchRecord => ({
      ...rest,
      round,
      end: 'below',
      firstFail: 100,
      steps: [],
      stop: { cause: 'server', says: 'it was slow' },
    });
    const found = (lastPass: number, round: number) => recordOf({ lastPass, round });
    const text = (...searches: SearchRecord[]) =>
      answersOf(searchRun(searches, searches.length))[0]?.replace(/^.*?: SSE /, '');
    expect(text(below(0), below(1), found(1_150, 2))).toBe(
      'not even 100/s in most searches (less than 100/s … 1,150/s in 3 searches, of which 2 passed not even 100/s; it was slow).',
    );
    expect(text(below(0), found(1_150, 1))).toBe(
      'less than 100/s in one half of the searches (less than 100/s … 1,150/s in 2 searches, of which 1 passed not even 100/s; it was slow).',
    );
    expect(text(below(0), found(1_000, 1), found(1_150, 2))).toMatch(
      /^in the middle 1,000\/s \(less than 100\/s … 1,150\/s in 3 searches, of which 1 passed not/,
    );
    expect(text(below(0), recordOf({ ...limited, round: 1 }), found(1_150, 2))).not.toContain('≥');
  });

  test('says of a last pass that no undisturbed trial showed it', () => {
    const says = 'it was busy (pressure)';
    const [pass, fail] = recordOf().steps;
    if (pass === undefined || fail === undefined) throw new Error('no steps');
    const disturbed = { ...pass, stop: { cause: 'machine', says } } as const;
    const text = (...steps: SearchStep[]) => searchText(recordOf({ steps }));
    expect(text(disturbed, fail, disturbed)).toContain(
      '97.0 % busy; 1,150/s passed in no undisturbed trial: it was busy (pressure))',
    );
    expect(text(disturbed, fail, pass)).not.toContain('undisturbed');
  });

  test('names the objective in words', () => {
    expect(objectiveText('sse.latency.p99<=5ms,reach>=99%')).toBe(
      'sse latency p99 <= 5 ms and reach >= 99%',
    );
    expect(objectiveText('gone.metric<5')).toBe('gone.metric<5');
  });
});

describe('a comparison of searches', () => {
  const rounds = (passes: readonly number[], arm: string) =>
    passes.map((lastPass, round) => recordOf({ arm, round, lastPass }));
  const verdictOf = (run: RunResult) =>
    run.comparisons.find((one) => one.metric === 'capacity.rate');

  test('of one search each shows the ratio and gives no verdict', () => {
    const run = searchRun([recordOf(), recordOf({ arm: 'ws', lastPass: 1_250 })]);
    expect(verdictOf(run)).toMatchObject({ ratio: expect.closeTo(0.92, 9), verdict: 'unclear' });
    expect(verdictSentences(run).join()).toContain(
      'SSE’s highest rate is 8.0 % lower than WebSocket’s in 1 round: unclear (needs 6 rounds, has 1)',
    );
  });

  test('of six may give one', () => {
    const sse = rounds([1_000, 1_010, 990, 1_005, 1_000, 995], 'sse');
    const ws = rounds([1_500, 1_490, 1_510, 1_505, 1_495, 1_500], 'ws');
    expect(verdictOf(searchRun([...sse, ...ws], 6))).toMatchObject({ verdict: 'worse', rounds: 6 });
  });

  test('is not made with "at least", and says that nothing was found', () => {
    const run = searchRun([recordOf(), recordOf({ ...limited, arm: 'ws' })]);
    expect(verdictOf(run)).toBeUndefined();
    expect(verdictSentences(run)).toEqual(['No verdict: no search found where both arms end.']);
  });
});

describe('the validity of a run of searches', () => {
  const stateOf = (...searches: SearchRecord[]) => validityOf(searchRun(searches)).state;
  const ws = recordOf({ arm: 'ws' });

  test('is that of what they found, not of the loads at which they failed', () => {
    expect(stateOf(recordOf(), ws)).toBe('valid');
    expect(stateOf(recordOf(limited), ws)).toBe('valid');
    const { lastPass: _, ...below } = recordOf({ end: 'below' });
    expect(stateOf(below, ws)).toBe('valid');
  });

  test('is suspect where one was not confirmed, or the machine stopped it', () => {
    expect(stateOf(recordOf({ confirmed: false }), ws)).toBe('suspect');
    expect(stateOf(recordOf({ stop: { cause: 'machine', says: '' } }), ws)).toBe('suspect');
  });

  test('is suspect where the last pass passed in a disturbed trial only', () => {
    const [pass, ...others] = recordOf().steps;
    if (pass === undefined) throw new Error('no steps');
    const disturbed = { ...pass, stop: { cause: 'machine', says: 'busy' } } as const;
    expect(stateOf(recordOf({ steps: [disturbed, ...others, disturbed] }), ws)).toBe('suspect');
    expect(stateOf(recordOf({ steps: [disturbed, ...others, pass] }), ws)).toBe('valid');
  });

  test('is invalid where an arm has none by which anything is known', () => {
    const { lastPass: _, ...nothing } = recordOf(limited);
    expect(stateOf(nothing, ws)).toBe('invalid');
    expect(stateOf(recordOf())).toBe('invalid');
  });

  test('says what decides, and that trials are steps, of which any may be suspect', () => {
    const says = (...searches: SearchRecord[]) => validityText(searchRun(searches));
    expect(says(recordOf(), ws)).toMatch(
      /^every search saw its last pass undisturbed \(their steps: \d+ valid, \d+ suspect and \d+ invalid trials; \d+ left out\)$/,
    );
    expect(says(recordOf({ confirmed: false }), ws)).toMatch(/^a search was disturbed, or is not/);
    expect(says(recordOf())).toMatch(/^of an arm no search says what its server can do/);
  });
});

describe('a search that was cut short', () => {
  const unfinished = recordOf({
    end: 'unfinished',
    confirmed: false,
    lastPass: 400,
    firstFail: 800,
    stop: { cause: 'unfinished', says: 'the run ended after 4 steps of it' },
  });
  const cutShort = (...searches: SearchRecord[]): RunResult => ({
    ...searchRun(searches),
    state: 'aborted',
  });

  test('says what it had found by then, and that it was not finished', () => {
    expect(answersOf(cutShort(unfinished))[0]).toContain(
      'SSE 400/s so far (not finished: the run ended after 4 steps of it, and 800/s did not pass)',
    );
    const { lastPass: _, firstFail: __, ...nothing } = unfinished;
    expect(searchText(nothing)).toBe('nothing known (the run ended after 4 steps of it)');
  });

  test('has its curve so far in the report, which does not speak of planned trials', () => {
    const run = cutShort(unfinished);
    expect(runResultSchema.parse(JSON.parse(JSON.stringify(run))).searches).toEqual(run.searches);
    const page = renderHtml(run);
    expect(page).toContain('<figure id="capacity"');
    expect(page).toContain('2 trials were completed, and the search was not over');
    expect(page).not.toContain('No trial was completed here');
    expect(page).not.toContain('were planned');
  });

  test('is suspect, and takes part in no comparison', () => {
    const ws = recordOf({ arm: 'ws' });
    expect(validityOf(cutShort(unfinished, ws)).state).toBe('suspect');
    expect(verdictSentences(cutShort(unfinished, ws))).toEqual([
      'No verdict: no search found where both arms end.',
    ]);
  });
});

describe('what stopped a search', () => {
  const bound = { cause: 'asked', says: 'nothing higher' } as const;
  const step = (load: number, outcome: SearchStep['outcome'], says: string): SearchStep => ({
    load,
    outcome,
    order: 0,
    attempt: 0,
    stop: { cause: outcome === 'limited' ? 'generator' : 'server', says },
  });
  const result = { lastPass: 100, firstFail: 200, confirmed: true } as const;

  test('is the last try of the load above the last pass', () => {
    const steps = [step(400, 'fail', 'a'), step(200, 'fail', 'b'), step(200, 'fail', 'c')];
    expect(stopOf(steps, { ...result, end: 'bracketed' }, bound).says).toBe('c');
  });

  test('is the generator where that was the limit in one of the tries', () => {
    const steps = [step(200, 'limited', 'a'), step(200, 'fail', 'b')];
    expect(stopOf(steps, { ...result, end: 'limited' }, bound)).toEqual({
      cause: 'generator',
      says: 'a',
    });
  });

  test('is its bound where nothing failed', () => {
    expect(stopOf([], { ...result, firstFail: undefined, end: 'highest' }, bound)).toBe(bound);
  });
});

test('a run of searches is a run file, and has its steps on the terminal and in the report', () => {
  const run = searchRun([recordOf(), recordOf({ arm: 'ws', lastPass: 1_250, firstFail: 1_370 })]);
  expect(runResultSchema.parse(JSON.parse(JSON.stringify(run))).searches).toEqual(run.searches);
  const options = { runFile: '', report: '', color: false, columns: 120 };
  const terminal = renderTerminal(run, options);
  expect(terminal).toMatch(/sse\s+1,150\/s\s+900 µs .* passed/);
  expect(terminal).toMatch(/sse\s+1,260\/s\s+1\.80 ms .* failed/);
  expect(terminal).toContain('100 clients, 128 B messages');
  expect(terminal).not.toContain('broadcasts/s');
  const page = renderHtml(run);
  expect(page).toContain('<figure id="capacity"');
  expect(page).toContain('A shaded band lies between');
  expect(page).toContain('was not fitted: it takes 5 loads that passed, and there are 1');
});
