/** A saved run without evidence: it is not written, and one that is too thin is refused before a run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { refuseThinBaseline, saveForLater } from '../../cli/gate-baseline.ts';
import { HarnessError } from '../../core/errors.ts';
import type { RunResult } from '../../core/result.ts';
import { defaultRules } from '../../reports/gate/rules.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { fakeIo } from '../fake-io.ts';
import { temporaryFolder } from '../program.ts';

const fixture = readRunFile(join(import.meta.dirname, '..', 'fixtures', 'run.json'));
const folder = temporaryFolder();
const sample = sampleOf(fixture);

function sampleOf({ trials }: RunResult): RunResult['trials'][number] {
  const found = trials.find(({ arm, outcome }) => arm === 'sse' && outcome === 'completed');
  if (found === undefined) throw new Error('the fixture has no trial over SSE');
  return found;
}

/** A run with so many trials over SSE that count, and two that do not. */
function runOf(counted: number): RunResult {
  const trial = (round: number, state: 'valid' | 'invalid') => ({
    ...sample,
    round,
    validity: { ...sample.validity, state },
  });
  return {
    ...fixture,
    points: [sample.point],
    trials: Array.from({ length: counted + 2 }, (_, round) =>
      trial(round, round < counted ? 'valid' : 'invalid'),
    ),
  };
}

function saved(name: string, run: RunResult) {
  const { io, said } = fakeIo();
  const path = join(folder, name);
  const refusal = saveForLater(path, run, ['sse'], io);
  return { path, err: said.err, refusal };
}

describe('saving', () => {
  test('a run none of whose trials counts writes nothing, and says so with exit code 5', () => {
    const { path, err, refusal } = saved('none.json', runOf(0));
    expect(existsSync(path)).toBe(false);
    expect(err).toBe('');
    expect(refusal).toBeInstanceOf(HarnessError);
    expect(refusal?.message).toBe(`Nothing was saved to ${path}: no trial of sse counts.`);
    expect((refusal as HarnessError).exitCode).toBe(5);
  });

  test('one that is too thin for a baseline warns of it', () => {
    const { path, err, refusal } = saved('thin.json', runOf(1));
    expect(refusal).toBeUndefined();
    expect(readRunFile(path).trials).toHaveLength(3);
    expect(err).toContain('only 1 trial of sse in it counts, and --baseline needs 6');
  });

  test('one with enough trials says only where it is', () => {
    const { path, err } = saved('enough.json', runOf(6));
    expect(err).toBe(`saved ${path}\n`);
  });
});

describe('a baseline', () => {
  const rules = defaultRules(['sse'], ['latency.p99', 'reach'], 0.1);

  test('with too few valid trials is refused by name, with how many it has', () => {
    expect(() => refuseThinBaseline('old.json', runOf(2), rules)).toThrow(
      'old.json is too thin to hold a run against: 6 valid trials are needed, and it has 2 of sse.reach.',
    );
  });

  test('with enough is taken, also where only a timing that decides nothing is missing', () => {
    const run = runOf(6);
    for (const trial of run.trials) trial.metrics = { reach: 1 };
    expect(() => refuseThinBaseline('old.json', run, rules)).not.toThrow();
  });
});
