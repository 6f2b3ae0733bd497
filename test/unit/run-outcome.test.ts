/** What a program gets of a run: figures as in the report, limits as in a gate, and never a pass without data. */
import { AssertionError } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createOutcome } from '../../cli/run-outcome.ts';
import { HarnessError } from '../../core/errors.ts';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { countedTrials } from '../../reports/derive.ts';
import { figureText } from '../../reports/figure-text.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { verdictSentences } from '../../reports/summary.ts';

const path = join(import.meta.dirname, '..', 'fixtures', 'run.json');
const load = (): RunResult => readRunFile(path);
const folder = mkdtempSync(join(tmpdir(), 'pushbench-outcome-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The run as if every trial had been disturbed. */
function disturbed(): RunResult {
  const run = load();
  for (const trial of run.trials) {
    trial.validity = {
      state: 'invalid',
      checks: [
        { id: 'x', title: 'a check', unit: 'count', ok: 'invalid', says: 'something else ran' },
      ],
    };
  }
  return run;
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(HarnessError);
    return `${(error as HarnessError).message} ${(error as HarnessError).hint}`;
  }
  throw new Error('it was taken');
}

describe('a figure', () => {
  const run = load();
  const [point = {}] = run.points;
  const [arm] = run.arms;
  const outcome = createOutcome(run, undefined);
  const name = arm?.name ?? '';

  test('is that of the report, with that of every trial', () => {
    const found = outcome.metric(name, 'latency.p50');
    const trials = countedTrials(run, name, point);
    expect(trials.length).toBeGreaterThan(1);
    expect(found.trials).toEqual(trials.map(({ metrics }) => metrics['latency.p50']));
    expect(found.unit).toBe('us');
    if (arm === undefined) throw new Error('a run without arms');
    expect(found.text).toBe(figureText(run, arm, point, 'latency.p50').text);
    expect(found.value).toBeGreaterThanOrEqual(Math.min(...found.trials));
    expect(found.value).toBeLessThanOrEqual(Math.max(...found.trials));
  });

  test('is undefined where it was not measured, and where there is too little of it', () => {
    expect(outcome.metric(name, 'capacity.rate')).toEqual({
      value: undefined,
      unit: '/s',
      text: '–',
      note: undefined,
      trials: [],
    });
    const rare = outcome.metric(name, 'latency.p99_9');
    expect(rare).toMatchObject({ value: undefined, text: 'not enough data' });
    expect(rare.note).toMatch(/^[\d,]+ of 10,000 broadcasts$/);
  });

  test('of an arm, a metric or a point that there is not is refused with the nearest', () => {
    expect(messageOf(() => outcome.metric('see', 'latency.p50'))).toContain(
      "There is no arm 'see'",
    );
    expect(messageOf(() => outcome.metric(name, 'latency.99' as never))).toContain(
      "Did you mean 'latency.p99'?",
    );
    expect(messageOf(() => outcome.metric(name, 'latency.p50', { clients: 3 }))).toContain(
      "There is no point 'clients=3'",
    );
  });

  test('of a sweep wants to be told which point', () => {
    const sweep = { ...run, points: [{ clients: 1 }, { clients: 2 }] };
    expect(messageOf(() => createOutcome(sweep, undefined).metric(name, 'latency.p50'))).toContain(
      'the run has 2 points (clients=1; clients=2)',
    );
  });
});

describe('a limit', () => {
  const run = load();
  const outcome = createOutcome(run, undefined);
  const [name = ''] = outcome.arms;

  test('that is kept passes, of every candidate where no arm is named', () => {
    const candidates = run.arms.filter(({ role }) => role === 'candidate');
    const records = outcome.assert('latency.p50<10s');
    expect(records.map(({ arm, state }) => [arm, state])).toEqual(
      candidates.map((arm) => [arm.name, 'kept']),
    );
    expect(outcome.assert([`${name}.reach=1`, `${name}.latency.p50<10s`])).toHaveLength(2);
  });

  test('that is broken throws, with the sentences', () => {
    const act = () => outcome.assert([`${name}.latency.p50<1us`, `${name}.reach=1`]);
    expect(act).toThrow(AssertionError);
    expect(act).toThrow(/^1 of 2 limits not kept:\n {2}\S+ latency p50 is .*: beyond/);
    expect(outcome.check(`${name}.latency.p50<1us`)).toMatchObject([{ state: 'broken' }]);
  });

  test('without data is not kept, and it is said what disturbed the run', () => {
    const { assert, valid, validity } = createOutcome(disturbed(), undefined);
    expect(valid).toBe(false);
    expect(validity.state).toBe('invalid');
    const act = () => assert(`${name}.reach=1`);
    expect(act).toThrow('was not measured in any valid trial');
    expect(act).toThrow(`${name}, round 1: something else ran (a check)`);
  });

  test('inside the interval is unclear, which throws only when it is asked to', () => {
    const { low = 0, high = 0, value = 0 } = outcome.check(`${name}.latency.p50<10s`)[0] ?? {};
    expect(low).toBeLessThan(high);
    const limit = `${name}.latency.p50<${Number((value / 1_000).toFixed(6))}ms`;
    expect(outcome.assert(limit)).toMatchObject([{ state: 'unclear' }]);
    expect(() => outcome.assert(limit, { strict: true })).toThrow(
      'neither kept nor broken for sure',
    );
  });

  test('that cannot be read is refused', () => {
    expect(messageOf(() => outcome.check('latency.p50<50'))).toContain('has no unit');
    expect(messageOf(() => outcome.check('latency.99<50ms'))).toContain(
      "Did you mean 'latency.p99'",
    );
    expect(messageOf(() => outcome.check('see.latency.p50<50ms'))).toContain(
      "There is no arm 'see'",
    );
  });

  test('is held against every point of a sweep, and each sentence says which', () => {
    const [point = {}] = run.points;
    const sweep: RunResult = { ...run, points: [point, { clients: 9 }] };
    const records = createOutcome(sweep, undefined).check(`${name}.latency.p50<10s`);
    expect(records.map(({ state }) => state)).toEqual(['kept', 'no-data']);
    expect(records[1]?.says).toMatch(/^clients=9: /);
  });
});

test('the answer is what the terminal prints first', () => {
  const run = load();
  const { answer, valid } = createOutcome(run, undefined);
  expect(answer).toEqual(expect.arrayContaining(verdictSentences(run)));
  expect(valid).toBe(true);
});

test('it is saved as a run file and a report, into a folder that need not be there yet', () => {
  const run = load();
  const to = join(folder, 'a', 'b');
  const files = createOutcome(run, undefined).save(to);
  expect(files).toEqual({
    folder: to,
    runFile: join(to, 'run.json'),
    report: join(to, 'report.html'),
  });
  expect(runResultSchema.parse(JSON.parse(readFileSync(files.runFile, 'utf8'))).id).toBe(run.id);
  expect(readFileSync(files.report, 'utf8')).toMatch(/^<!doctype html>/i);
  writeFileSync(join(folder, 'file'), '');
  expect(messageOf(() => createOutcome(run, undefined).save(join(folder, 'file', 'x')))).toContain(
    'cannot be written',
  );
});
