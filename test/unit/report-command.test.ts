/** `report`: a page from what is on disk, whole or not, and a sentence for every file that is no run. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../../core/records/soak.ts';
import type { RunResult } from '../../core/result.ts';
import { createRunFolder, writeRunFile } from '../../reports/run-file.ts';
import { appendSnapshot } from '../../reports/soak-file.ts';
import { command } from '../command.ts';
import { temporaryFolder } from '../program.ts';
import { roundTripRun } from '../trip-run.ts';

const runs = temporaryFolder();
const finished = roundTripRun();

const report = (...args: string[]) => command(['report', ...args, '--runs', runs]);

/** A run folder with this in its run file. */
function kept(id: string, change: Partial<RunResult> | string): string {
  const folder = createRunFolder(runs, id);
  if (typeof change === 'string') writeFileSync(join(folder, 'run.json'), change);
  else writeRunFile(folder, { ...finished, id, ...change });
  return folder;
}

describe('report', () => {
  test('makes the page of a finished run anew, and changes nothing else', async () => {
    const folder = kept('20260301T120000-request', {});
    const before = readFileSync(join(folder, 'run.json'), 'utf8');
    const { code, out, err } = await report('20260301T12');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(join(folder, 'report.html'));
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('<!doctype html>');
    expect(readFileSync(join(folder, 'run.json'), 'utf8')).toBe(before);
  });

  test('finds a run by the path of its file as by that of its folder', async () => {
    const folder = kept('20260301T125900-request', {});
    for (const path of [folder, join(folder, 'run.json')]) {
      rmSync(join(folder, 'report.html'), { force: true });
      expect(await report(path)).toMatchObject({ code: 0, err: '' });
      expect(existsSync(join(folder, 'report.html'))).toBe(true);
    }
  });

  test('puts the page where it is told to, and prints the run where it is asked to', async () => {
    kept('20260301T130000-request', {});
    const page = join(runs, 'elsewhere.html');
    const { out } = await report('20260301T130000-request', '--out', page, '--json');
    expect(existsSync(page)).toBe(true);
    expect((JSON.parse(out) as RunResult).id).toBe('20260301T130000-request');
  });

  test('of a run that was killed says so, and holds the looks at its last trial', async () => {
    const folder = kept('20260301T140000-soak', {
      state: 'running',
      trials: finished.trials.filter(({ round }) => round < 2),
      comparisons: [],
    });
    const looked = {
      rssBytes: 9e7,
      heapUsedBytes: 1e7,
      externalBytes: 1e6,
      timers: 1,
      handles: 20,
    };
    const snapshot = (second: number): Snapshot => ({
      arm: 'sse',
      round: 2,
      order: 0,
      attempt: 0,
      point: {},
      startedAt: '2026-03-01T12:00:00.000Z',
      intervalMs: 1_000,
      ratePerS: 20,
      clients: 100,
      sample: { atMs: second * 1_000, received: second, server: looked, generator: looked },
    });
    for (let second = 1; second <= 40; second += 1) appendSnapshot(folder, snapshot(second));
    const { code, out, err } = await report(folder, '--json');
    expect(code).toBe(0);
    expect(err).toContain(
      'This run is not finished: its process was killed, or it is still going on.',
    );
    const run = JSON.parse(out) as RunResult;
    expect(run.trials.at(-1)?.soak?.samples).toHaveLength(40);
    expect(run.comparisons.length).toBeGreaterThan(0);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('role="alert"');
    expect(page).toContain('No leak was found over SSE, round 3 in 40.0 s');
  });

  test.each([
    ['a name of nothing', 'nonsense', undefined, "There is no run 'nonsense'"],
    ['an empty file', 'empty', '', 'it is empty'],
    ['a file that is cut off', 'cut', JSON.stringify(finished).slice(0, 700), 'it is cut off'],
    ['a file of something else', 'foreign', '{"name":"x"}', 'it has no schema number'],
    ['a file of a later version', 'later', '{"schema":7}', 'its schema is 7, this one reads 1'],
    ['a run with something strange in it', 'odd', '{"schema":1,"id":5}', 'id: '],
  ])('refuses %s with a sentence and a hint', async (_, id, text, says) => {
    if (text !== undefined) kept(id, text);
    const { code, out, err } = await report(id);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(says);
    expect(err.trim().split('\n')).toHaveLength(2);
    expect(err).not.toMatch(/\n\s+at /);
  });

  test('says where it could not write', async () => {
    kept('20260301T150000-request', {});
    const blocked = join(runs, 'blocked.html');
    mkdirSync(blocked);
    const { code, err } = await report('20260301T150000-request', '--out', blocked);
    expect(code).toBe(3);
    expect(err).toContain('blocked.html cannot be written: that is a folder; name a file');
  });
});
