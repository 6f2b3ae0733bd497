/** Runs of somebody's own scenario, and of a program: what of them is not taken for one and the same. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { clearLeftovers } from '../../cli/leftovers.ts';
import { ownerOf } from '../../core/process-owner.ts';
import type { RunResult } from '../../core/result.ts';
import { settingsOf } from '../../reports/compare/settings.ts';
import { readBaseline } from '../../reports/gate/baseline.ts';
import { historyEntry } from '../../reports/history.ts';
import { readRunFile, writeRunFile } from '../../reports/run-file.ts';
import { exploreCommand } from '../../reports/summary.ts';

const fixture = readRunFile(join(import.meta.dirname, '..', 'fixtures', 'run.json'));

/** A run of a scenario in a file, whose script has this hash. */
function ownRun(hash: string): RunResult {
  const scenario = { ...fixture.scenario, name: 'mine', origin: './mine.scenario.ts', hash };
  return { ...fixture, state: 'finished', scenario };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('a baseline of another state of the script is refused', () => {
  const out = folder();
  const path = writeRunFile(out, ownRun('aaa'));
  expect(readBaseline(path, ownRun('aaa')).scenario.hash).toBe('aaa');
  expect(() => readBaseline(path, ownRun('bbb'))).toThrow('the script of mine has changed since');
});

test('in the history it is another series', () => {
  const loads = [ownRun('aaa'), ownRun('aaa'), ownRun('bbb')].map((run) => historyEntry(run)?.load);
  expect(loads[1]).toBe(loads[0]);
  expect(loads[2]).not.toBe(loads[0]);
});

test('a comparison names it among what differs, and built-in scenarios have none', () => {
  const { different } = settingsOf([ownRun('aaa'), ownRun('bbb')]);
  expect(different).toEqual([
    { group: 'load', name: 'script of the scenario', values: ['aaa', 'bbb'] },
  ]);
  const { shared } = settingsOf([fixture, fixture]);
  expect(shared.map(({ name }) => name)).not.toContain('script of the scenario');
});

test('a sweep is suggested for a command, and not for a program or where there is none', () => {
  const { scenario } = fixture;
  const command = 'npm run bench broadcast -- --rate 5/s';
  const explore = '--vary clients=1,2';
  const of = (changes: Partial<RunResult>) => exploreCommand({ ...fixture, command, ...changes });
  expect(of({ scenario: { ...scenario, explore } })).toBe(`${command} ${explore}`);
  const given = 'npm run bench broadcast -- --clients 5 --rate 5/s --port 8080';
  const swept = { ...scenario, explore };
  expect(of({ command: given, scenario: swept })).toBe(`${command} ${explore}`);
  const only = of({ command: 'npm run bench broadcast -- --clients 5', scenario: swept });
  expect(only).toBe(`npm run bench broadcast -- ${explore}`);
  expect(of({ scenario: { ...scenario, explore: '' } })).toBeUndefined();
  expect(of({ command: "run('broadcast', …) in a program" })).toBeUndefined();
});

test('the temporary folder of a program that was killed is removed by the next run', () => {
  const temporary = folder();
  const gone = join(temporary, `pushbench-run-${spawnSync('true').pid}-1-abc`);
  const used = join(temporary, `pushbench-run-${ownerOf(process.pid)}-abc`);
  for (const path of [gone, used]) {
    mkdirSync(path);
    writeFileSync(join(path, 'run.json'), '');
  }
  clearLeftovers(folder(), temporary);
  expect([gone, used].map((path) => existsSync(path))).toEqual([false, true]);
});
