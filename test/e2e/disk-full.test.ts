/**
 * A disk that fills up while a run goes on: the run ends with a sentence, and what was written before is
 * there, whole. It takes a file system of its own, which only root may mount: elsewhere it is skipped.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readRunFile } from '../../reports/run-file.ts';
import { readSnapshots, SOAK_FILE } from '../../reports/soak-file.ts';
import { runFilesIn, runProgram } from '../program.ts';

const LOAD = '--clients 5 --rate 20/s --warmup 0ms --arms ws';
const disk = mountTiny(40);

/** @returns the folder, or why there is none */
function mountTiny(kib: number): { folder: string } | { why: string } {
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', folder], {
      stdio: 'pipe',
    });
    return { folder };
  } catch (error) {
    rmSync(folder, { recursive: true });
    return { why: error instanceof Error ? (error.message.split('\n')[1] ?? error.message) : '' };
  }
}

function fill(path: string): void {
  expect(() => {
    for (;;) appendFileSync(path, Buffer.alloc(1_024));
  }).toThrow(/ENOSPC/);
}

afterAll(() => {
  if (!('folder' in disk)) return;
  execFileSync('umount', [disk.folder]);
  rmSync(disk.folder, { recursive: true });
});

const title = 'why' in disk ? `a full disk (skipped: ${disk.why})` : 'a full disk';
describe.skipIf('why' in disk)(title, () => {
  const folder = 'folder' in disk ? disk.folder : '';

  test('ends a run with a sentence; its trials until then are in a whole file, and no draft is left', async () => {
    const { code, stderr } = await runProgram([
      ...`bench broadcast ${LOAD} --duration 200ms --rounds 12 --out`.split(' '),
      join(folder, 'runs'),
    ]);
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/run\.json could not be written: ENOSPC/);
    expect(stderr).toContain('What was written before is kept.');
    expect(stderr).not.toMatch(/\n\s+at /);
    const [file = ''] = runFilesIn(folder);
    const { trials, state } = readRunFile(file);
    expect(trials.length).toBeGreaterThan(0);
    expect(state).toBe('aborted');
    // Neither a draft nor the mark of a run that goes on, which the next start would take for one that was killed.
    expect(readdirSync(dirname(file))).toEqual(['run.json']);
    rmSync(join(folder, 'runs'), { recursive: true });
  });

  test('on which not even the mark of a run fits ends it before it begins, and nothing is left', async () => {
    fill(join(folder, 'something else'));
    const { code, stderr } = await runProgram([
      ...`bench broadcast ${LOAD} --duration 200ms --rounds 1 --out`.split(' '),
      join(folder, 'runs'),
    ]);
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/running could not be written: ENOSPC/);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(readdirSync(join(folder, 'runs'))).toEqual([]);
    rmSync(join(folder, 'something else'));
  });

  test('ends a soak in the middle; the looks until then stay, and a report can be made elsewhere', async () => {
    const { code, stderr } = await runProgram([
      ...`bench soak ${LOAD} --duration 60s --interval 20ms --rounds 1 --out`.split(' '),
      join(folder, 'runs'),
    ]);
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/could not be written: ENOSPC/);
    const [file = ''] = runFilesIn(folder);
    const looks = readSnapshots(dirname(file));
    const lines = readFileSync(join(dirname(file), SOAK_FILE), 'utf8').split('\n');
    expect(looks.length).toBeGreaterThan(10);
    expect(looks.length).toBeGreaterThanOrEqual(lines.length - 1);
    const page = join(tmpdir(), `pushbench-full-${process.pid}.html`);
    const report = await runProgram(['report', dirname(file), '--out', page]);
    expect(report.code, report.stderr).toBe(0);
    expect(existsSync(page)).toBe(true);
    rmSync(page);
  });
});
