/** What runs over routes are compared by: one respect at a time, and never over another path. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { settingsOf } from '../../reports/compare/settings.ts';
import { compareArms } from '../../reports/compare-arms.ts';
import { readBaseline } from '../../reports/gate/baseline.ts';
import { historyEntry } from '../../reports/history.ts';

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'run.json');
const run = JSON.parse(readFileSync(FIXTURE, 'utf8')) as RunResult;
const [first, second] = run.arms.filter(({ role }) => role === 'candidate');
if (first === undefined || second === undefined) throw new Error('the fixture has no two arms');
const route = (hash: string) =>
  ({ name: 'nginx', kind: 'proxy', says: `nginx, configuration ${hash}` }) as const;

test('a route is held against the first one, with the same transport', () => {
  const names = ['', '@nginx', '@caddy'];
  const routed: RunResult = {
    ...run,
    arms: [first, second].flatMap((arm) =>
      names.map((at) => ({ ...arm, name: arm.name + at, route: at.slice(1) || 'direct' })),
    ),
    trials: run.trials.flatMap((trial) => names.map((at) => ({ ...trial, arm: trial.arm + at }))),
  };
  const pairs = new Set(compareArms(routed).map(({ arm, against }) => `${arm} / ${against}`));
  const [a, b] = [first.name, second.name];
  expect(pairs).toEqual(
    new Set([
      ...[a, b].flatMap((name) => [`${name} / ${name}@nginx`, `${name} / ${name}@caddy`]),
      ...names.map((at) => `${a}${at} / ${b}${at}`),
    ]),
  );
});

test('another configuration is another series, and says so between runs', () => {
  const loadOf = (one: RunResult) => historyEntry({ ...one, points: [{}] })?.load;
  const finished = { ...run, state: 'finished' as const };
  const [one, other] = ['1', '2'].map((hash) => ({ ...finished, routes: [route(hash)] }));
  if (one === undefined || other === undefined) throw new Error('no runs');
  expect(loadOf(finished)).toBeDefined();
  expect(new Set([loadOf(finished), loadOf(one), loadOf(other)]).size).toBe(3);
  expect(settingsOf([one, other]).different.map(({ name }) => name)).toContain('route nginx');
});

test('a baseline over another configuration is refused, with both of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'run.json');
  writeFileSync(path, JSON.stringify({ ...run, routes: [route('1')] }));
  const { scenario, params } = run;
  const asked = { scenario, params };
  expect(() => readBaseline(path, asked)).toThrow(/configuration 1\), not over the direct route/);
  expect(() => readBaseline(path, { ...asked, routes: [route('2')] })).toThrow(
    /configuration 1\), not over nginx \(nginx, configuration 2\)/,
  );
  expect(readBaseline(path, { ...asked, routes: [route('1')] }).id).toBe(run.id);
});
