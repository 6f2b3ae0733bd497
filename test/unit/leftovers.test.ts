/** What a killed run leaves behind is found by the next one, and what is still in use is left alone. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clearLeftovers, markRunning } from '../../cli/leftovers.ts';
import { isGone, ownerOf } from '../../core/process-owner.ts';
import type { RunResult } from '../../core/result.ts';
import { readRunFile, writeRunFile } from '../../reports/run-file.ts';
import { refusalOf } from '../refusal.ts';
import { runOf, trialOf } from '../trip-run.ts';

/** Of a process that was, a moment ago. */
const GONE = `${spawnSync('true').pid}-1`;

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A run as it is on disk while it is under way, marked by a process. */
function runIn(out: string, name: string, owner: string, change: Partial<RunResult> = {}): string {
  const folder = join(out, name);
  mkdirSync(folder);
  writeRunFile(folder, runOf([trialOf({})], { state: 'running', ...change }));
  writeFileSync(join(folder, 'running'), owner);
  return folder;
}

describe('the name of a process', () => {
  test('is that of one that runs, until it has ended', () => {
    expect(isGone(ownerOf(process.pid))).toBe(false);
    expect(isGone(GONE)).toBe(true);
  });

  test('is not that of another one with its number', () => {
    expect(isGone(`${process.pid}-1`)).toBe(true);
  });

  test('is no other text, so nothing of somebody else’s is taken for left behind', () => {
    for (const text of ['', '1', 'a-b', `${GONE}-x`]) expect(isGone(text)).toBe(false);
  });
});

test('a mark that cannot be written is said with its place, and none is left', () => {
  const folder = join(temporary(), 'none');
  const refusal = refusalOf(() => markRunning(folder));
  expect(refusal).toMatchObject({ code: 'run-file-not-written', exitCode: 3 });
  expect(refusal.message).toContain(join(folder, 'running'));
});

describe('the next start', () => {
  test('marks a killed run as aborted, keeps its trials, and says so once', () => {
    const out = temporary();
    const folder = runIn(out, 'killed', GONE);
    writeFileSync(join(folder, 'run.json.draft'), '{"half":');
    expect(clearLeftovers(out, temporary())).toEqual([
      `An earlier run was killed before it could end; its 1 trial is kept, marked aborted: ${folder}/run.json`,
    ]);
    const run = readRunFile(join(folder, 'run.json'));
    expect(run.state).toBe('aborted');
    expect(run.trials).toHaveLength(1);
    expect(run.warnings.at(-1)?.code).toBe('killed');
    expect(readdirSync(folder)).toEqual(['run.json']);
    expect(clearLeftovers(out, temporary())).toEqual([]);
  });

  test('says where a run file is missing or cannot be read', () => {
    const out = temporary();
    const folder = runIn(out, 'killed', GONE);
    writeFileSync(join(folder, 'run.json'), '{"half":');
    expect(clearLeftovers(out, temporary())).toEqual([
      `An earlier run was killed before it could end; it had not measured anything yet: ${folder}`,
    ]);
  });

  test('leaves alone what another program is still at', () => {
    const out = temporary();
    const folder = runIn(out, 'going-on', ownerOf(process.pid));
    const unmark = markRunning(folder);
    expect(clearLeftovers(out, temporary())).toEqual([]);
    expect(readRunFile(join(folder, 'run.json')).state).toBe('running');
    unmark();
    expect(existsSync(join(folder, 'running'))).toBe(false);
  });

  test('removes temporary folders of killed runs, and nothing else', () => {
    const folder = temporary();
    const mine = `pushbench-tls-${ownerOf(process.pid)}-abc`;
    // In a folder of a route its proxy may still run.
    const stay = [mine, `pushbench-route-${GONE}-abc`, 'pushbench-tls-abc', 'other'];
    const go = ['tls', 'run', 'server'].map((kind) => `pushbench-${kind}-${GONE}-abc`);
    for (const name of [...stay, ...go]) mkdirSync(join(folder, name));
    expect(clearLeftovers(temporary(), folder)).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(stay.sort());
  });

  test('finds nothing where nothing has been run', () => {
    expect(clearLeftovers(join(temporary(), 'none'), temporary())).toEqual([]);
  });
});
