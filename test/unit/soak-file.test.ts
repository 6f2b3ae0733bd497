/** What a killed run leaves behind: whole lines are read, a line that was cut off is not, and neither are trials that came to their end. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../../core/records/soak.ts';
import { runResultSchema } from '../../core/result.ts';
import {
  appendSnapshot,
  readSnapshots,
  SOAK_FILE,
  unfinishedTrials,
} from '../../reports/soak-file.ts';
import { temporaryFolder } from '../program.ts';
import { runOf, trialOf } from '../trip-run.ts';

const folder = temporaryFolder();

const looked = { rssBytes: 9e7, heapUsedBytes: 1e7, externalBytes: 1e6, timers: 1, handles: 20 };

const snapshotAt = (second: number, change: Partial<Snapshot> = {}): Snapshot => ({
  arm: 'sse',
  round: 0,
  order: 0,
  attempt: 0,
  point: {},
  startedAt: '2026-03-01T12:00:00.000Z',
  intervalMs: 1_000,
  ratePerS: 20,
  clients: 100,
  sample: { atMs: second * 1_000, received: 2_000 * second, server: looked, generator: looked },
  ...change,
});

function freshFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

describe('looks at a long load', () => {
  test('are read as they were written, one by one', () => {
    const path = freshFolder('whole');
    appendSnapshot(path, snapshotAt(1));
    appendSnapshot(path, snapshotAt(2));
    expect(readSnapshots(path)).toEqual([snapshotAt(1), snapshotAt(2)]);
  });

  test('survive a line that was cut off in the middle', () => {
    const path = freshFolder('cut');
    appendSnapshot(path, snapshotAt(1));
    appendFileSync(join(path, SOAK_FILE), JSON.stringify(snapshotAt(2)).slice(0, 90));
    expect(readSnapshots(path)).toEqual([snapshotAt(1)]);
  });

  test('are none where there is no file, or something else in it', () => {
    expect(readSnapshots(freshFolder('none'))).toEqual([]);
    const path = freshFolder('foreign');
    writeFileSync(join(path, SOAK_FILE), '{"arm":"sse"}\nnonsense\n\n');
    expect(readSnapshots(path)).toEqual([]);
  });

  test('that cannot be written end the run with a sentence, and leave what was there', () => {
    const path = freshFolder('blocked');
    mkdirSync(join(path, SOAK_FILE));
    expect(() => appendSnapshot(path, snapshotAt(1))).toThrow(/soak\.jsonl could not be written/);
  });
});

describe('a trial that was cut off', () => {
  const run = runOf([trialOf({ arm: 'ws' })], { state: 'running' });

  test('is made of its looks, counts as no evidence, and fits into a run file', () => {
    const [trial, ...others] = unfinishedTrials(run, [snapshotAt(1), snapshotAt(2), snapshotAt(3)]);
    expect(others).toEqual([]);
    expect(trial).toMatchObject({ arm: 'sse', outcome: 'failed', validity: { state: 'invalid' } });
    expect(trial?.says).toContain('3 looks over 3.0 s');
    expect(trial?.soak?.samples.map(({ atMs }) => atMs)).toEqual([1_000, 2_000, 3_000]);
    expect(runResultSchema.safeParse({ ...run, trials: [trial] }).error).toBeUndefined();
  });

  test('is told from one that came to its end, and from others of other rounds and points', () => {
    const of = (change: Partial<Snapshot>) => snapshotAt(1, change);
    const found = unfinishedTrials(run, [
      of({ arm: 'ws' }),
      of({ arm: 'ws', round: 1 }),
      of({ point: { clients: 5 } }),
      of({}),
    ]);
    expect(found.map(({ arm, round, point }) => [arm, round, point])).toEqual([
      ['ws', 1, {}],
      ['sse', 0, { clients: 5 }],
      ['sse', 0, {}],
    ]);
  });
});
