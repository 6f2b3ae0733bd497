/**
 * Connections at rest, and a long load, with real processes and real sockets: what is counted is what was
 * asked for, and a soak whose controller is killed leaves all its looks behind.
 */
import { readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { runFilesIn, runProgram, startProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
/** Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here. */
const FINISHED = [0, 5];

async function bench(args: string): Promise<RunResult> {
  const { stdout, stderr, code } = await runProgram([
    ...`bench ${args} --rounds 1 --json --out`.split(' '),
    out,
  ]);
  expect(FINISHED, stderr).toContain(code);
  return runResultSchema.parse(JSON.parse(stdout));
}

test('idle reads memory at each number of connections and CPU at each interval of heartbeats', async () => {
  const { trials } = await bench('idle --clients 600 --steps 3 --settle 300ms --cpu-window 20ms');
  expect(trials.map(({ arm }) => arm).sort()).toEqual(['sse', 'ws']);
  for (const { arm, outcome, says, rest, probes, metrics } of trials) {
    expect({ arm, outcome, says }).toEqual({ arm, outcome: 'completed', says: undefined });
    expect(rest?.memory.map(({ connections }) => connections)).toEqual([200, 400, 600]);
    expect(rest?.cpu.map(({ heartbeatMs }) => heartbeatMs)).toEqual([0, 60e3, 30e3, 15e3, 5e3]);
    expect(rest?.lost).toBe(0);
    expect(probes).toMatchObject({ clients: 600, failedConnects: 0 });
    // A session is an object with a socket; what is counted after a collection is no garbage.
    expect(metrics['server.memory.used']).toBeGreaterThan(1_000);
    expect(metrics['server.memory.used']).toBeLessThan(40_000);
    // Two sockets, each with its inode and its file: the other programs of this machine take no part in that.
    expect(rest?.memory.every(({ slabBytes = 0 }) => slabBytes > 0)).toBe(true);
    expect(rest?.cpu.every(({ serverNs, wallNs }) => serverNs >= 0 && wallNs >= 20e6)).toBe(true);
  }
});

describe('soak', () => {
  const TINY = '--clients 10 --rate 50/s --warmup 0ms --interval 50ms --arms ws';

  test('looks at both sides all the time, and finds as many descriptors at the end as before', async () => {
    const [trial] = (await bench(`soak ${TINY} --duration 5s`)).trials;
    const samples = trial?.soak?.samples ?? [];
    expect(samples.length).toBeGreaterThanOrEqual(50);
    expect(samples.at(-1)?.received).toBeGreaterThan(1_400);
    // Ten connections, and what the process has open by itself.
    expect(samples.every(({ server }) => (server.descriptors ?? 99) > 10)).toBe(true);
    expect(trial?.metrics['soak.descriptors']).toBe(0);
    expect(trial?.ledger).toMatchObject({ expected: 2_500, lost: 0, duplicated: 0 });
  });

  test('whose server is killed keeps what it saw until then in its run file, and says what ended it', async () => {
    const folder = join(out, 'died');
    const program = startProgram([
      ...`bench soak ${TINY} --duration 10m --inject leak=64KiB --rounds 1 --out`.split(' '),
      folder,
    ]);
    await linesIn(folder, 32);
    const server = program.processes().find(({ command }) => command.includes('servers/main.js'));
    process.kill(server?.pid ?? Number.NaN, 'SIGKILL');
    const { code, stdout, stderr } = await program.finished;
    // No trial is whole; what it said before its end is said all the same.
    expect(code, stderr).toBe(3);
    const [file = ''] = runFilesIn(folder);
    const { state, trials } = runResultSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect([state, trials.map(({ outcome }) => outcome)]).toEqual(['finished', ['failed']]);
    const looks = readFileSync(join(dirname(file), 'soak.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(trials[0]?.soak?.samples).toHaveLength(looks.length);
    expect(stdout).toMatch(
      /WebSocket ended after \S+ s, before its time: the server of ws was ended by SIGKILL\. Memory grew all the time/,
    );
    expect(program.processes()).toEqual([]);
  });

  test('whose controller is killed leaves its looks, no process, and enough for a report', async () => {
    const folder = join(out, 'killed');
    const program = startProgram([
      ...`bench soak ${TINY} --duration 10m --rounds 1 --out`.split(' '),
      folder,
    ]);
    await linesIn(folder, 40);
    program.child.kill('SIGKILL');
    await program.finished;
    const { stdout, stderr, code } = await runProgram([
      ...`report latest --json --runs`.split(' '),
      folder,
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('This run is not finished');
    const run = runResultSchema.parse(JSON.parse(stdout));
    expect(run.trials).toHaveLength(1);
    expect(run.trials[0]?.soak?.samples.length).toBeGreaterThanOrEqual(40);
    const [file = ''] = runFilesIn(folder);
    const page = readFileSync(join(dirname(file), 'report.html'), 'utf8');
    expect(page).toContain('role="alert"');
    expect(page).toContain('id="soak-resident"');
    expect(program.processes()).toEqual([]);
  });
});

/** Resolves when the looks of the run below the folder fill so many lines. */
function linesIn(folder: string, count: number): Promise<void> {
  return new Promise((resolve) => {
    // Made by the program itself, so it is its parent that is watched.
    const watcher = watch(dirname(folder), { recursive: true }, (_, name) => {
      if (name?.endsWith('soak.jsonl') !== true) return;
      const lines = readFileSync(join(dirname(folder), name), 'utf8').split('\n').length - 1;
      if (lines < count) return;
      watcher.close();
      resolve();
    });
  });
}
