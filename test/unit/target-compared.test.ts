/** What a run on several servers is compared by, and what a saved run of another server is not held against. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { compareArms } from '../../reports/compare-arms.ts';
import { readBaseline } from '../../reports/gate/baseline.ts';
import { historyEntry } from '../../reports/history.ts';
import { findWarnings } from '../../reports/warnings.ts';

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'run.json');
const run = JSON.parse(readFileSync(FIXTURE, 'utf8')) as RunResult;
const mine = {
  name: 'mine',
  title: 'my server',
  file: 'mine.ts',
  hash: '0',
  transports: ['sse', 'ws'],
  publish: 'POST /',
  started: true,
};

describe('arms on two servers', () => {
  const [first, second] = run.arms.filter(({ role }) => role === 'candidate');
  if (first === undefined || second === undefined) throw new Error('the fixture has no two arms');
  const renamed = (name: string): string => `${name}@mine`;
  const both: RunResult = {
    ...run,
    arms: [first, second].flatMap((arm) => [
      arm,
      { ...arm, name: renamed(arm.name), target: 'mine' },
    ]),
    trials: run.trials.flatMap((trial) => [trial, { ...trial, arm: renamed(trial.arm) }]),
  };

  test('are held against each other in one respect at a time', () => {
    const pairs = new Set(compareArms(both).map(({ arm, against }) => `${arm} / ${against}`));
    const [a, b] = [first.name, second.name];
    expect(pairs).toEqual(
      new Set([
        `${a} / ${renamed(a)}`,
        `${a} / ${b}`,
        `${renamed(a)} / ${renamed(b)}`,
        `${b} / ${renamed(b)}`,
      ]),
    );
  });
});

test('a baseline of another server is refused by its name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-baseline-'));
  try {
    const path = join(folder, 'run.json');
    writeFileSync(path, JSON.stringify({ ...run, targets: [mine] }));
    const { scenario, params } = run;
    expect(() => readBaseline(path, { scenario, params })).toThrow(
      /of mine, not of the built-in server/,
    );
    expect(readBaseline(path, { scenario, params, targets: [{ ...mine, hash: '1' }] }).id).toBe(
      run.id,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a server has a history of its own', () => {
  const loadOf = (one: RunResult) => historyEntry({ ...one, points: [{}] })?.load;
  const ours = { ...run, state: 'finished' as const };
  expect(loadOf(ours)).toBeDefined();
  expect(loadOf({ ...ours, targets: [mine] })).not.toBe(loadOf(ours));
  expect(loadOf({ ...ours, targets: [{ ...mine, hash: '1' }] })).toBe(
    loadOf({ ...ours, targets: [mine] }),
  );
});

test('what was left out is a warning of the run', () => {
  const warnings = findWarnings({ ...run, skipped: [{ what: 'ws@mine', says: 'it has no ws' }] });
  expect(warnings).toContainEqual({
    code: 'skipped',
    says: 'Not measured: ws@mine: it has no ws.',
    hint: 'Everything else was measured as it was asked for.',
  });
});
