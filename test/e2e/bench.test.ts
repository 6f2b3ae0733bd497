/** The main job with real processes and real sockets, on loads that are over in seconds. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeHistogram } from '../../core/histogram.ts';
import type { RunResult, Trial } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { runFilesIn, runProgram, SMALL, startProgram, temporaryFolder, until } from '../program.ts';

const out = temporaryFolder();

/** Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here. */
const FINISHED = [0, 5];

/** The run as `--json` prints it. */
async function bench(...args: string[]): Promise<RunResult> {
  const { stdout, stderr, code } = await runProgram([
    'bench',
    'broadcast',
    ...SMALL,
    ...args,
    '--json',
    '--out',
    out,
  ]);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(FINISHED, stderr).toContain(code);
  return runResultSchema.parse(JSON.parse(stdout));
}

const trialOf = (run: RunResult, arm: string): Trial => {
  const trial = run.trials.find((one) => one.arm === arm);
  if (trial === undefined) throw new Error(`no trial of ${arm}`);
  return trial;
};

describe('bench broadcast', () => {
  test('every delivery of every transport is accounted for', async () => {
    const run = await bench('--arms', 'sse,ws,raw,sse-prepared,ws-prepared');
    expect(run.trials).toHaveLength(5);
    for (const { arm, ledger, outcome } of run.trials) {
      expect({ arm, outcome, ...ledger }).toEqual({
        arm,
        outcome: 'completed',
        expected: 400,
        received: 400,
        lost: 0,
        duplicated: 0,
        reordered: 0,
        late: 0,
        foreign: 0,
      });
    }
  });

  test('each protocol’s bytes per message are what its framing adds to the payload', async () => {
    const run = await bench(
      '--arms',
      'sse,ws,raw,sse-prepared,ws-prepared',
      '--payload',
      '200B',
      '--heartbeat',
      '0ms',
    );
    const bytes = (arm: string) => trialOf(run, arm).metrics['wire.bytes'];
    // SSE: 'data: ', the blank line, two hexadecimal digits and two line ends of the chunk.
    expect(bytes('sse')).toBe(200 + 14);
    expect(bytes('sse-prepared')).toBe(200 + 14);
    expect(bytes('ws')).toBe(200 + 4);
    expect(bytes('ws-prepared')).toBe(200 + 4);
    expect(bytes('raw')).toBe(200 + 1);
  });

  test('lean and library clients agree on every count', async () => {
    const run = await bench('--arms', 'sse,ws', '--client', 'lean,library');
    expect(run.trials.map(({ arm }) => arm).sort()).toEqual([
      'sse',
      'sse-library',
      'ws',
      'ws-library',
    ]);
    const [first, ...others] = run.trials.map(({ ledger }) => ledger);
    expect(first?.received).toBe(400);
    for (const ledger of others) expect(ledger).toEqual(first);
  });

  test('a client can publish through the upstream of each transport', async () => {
    const run = await bench(
      '--arms',
      'sse,ws,raw',
      '--publish-from',
      'client',
      '--warmup',
      '300ms',
    );
    for (const { arm, ledger, validity } of run.trials) {
      expect({ arm, received: ledger?.received, lost: ledger?.lost }).toEqual({
        arm,
        received: 400,
        lost: 0,
      });
      const lateness = validity.checks.find(({ id }) => id === 'send-lateness');
      expect(lateness?.says, 'lateness is judged where the generator sends').not.toContain(
        'not judged',
      );
    }
  });

  test('two workers share the clients and their histograms add up', async () => {
    const run = await bench('--workers', '2', '--clients', '21');
    const { ledger, histograms } = trialOf(run, 'ws');
    expect(ledger).toMatchObject({ expected: 420, received: 420 });
    expect(decodeHistogram(histograms?.due ?? '').totalCount).toBe(420);
    expect(decodeHistogram(histograms?.spreadLast ?? '').totalCount).toBe(20);
  });

  test('a worker without clients holds nothing up, and publishing finds one that has some', async () => {
    const run = await bench('--workers', '2', '--clients', '1', '--publish-from', 'client');
    const { ledger, metrics } = trialOf(run, 'ws');
    expect(ledger).toMatchObject({ expected: 20, received: 20 });
    // 20 messages in a second; waiting for the deadline would make it 3 a second.
    expect(metrics['throughput.deliveries']).toBeGreaterThan(15);
  });

  test('random arrivals are the same in every arm of a round', async () => {
    const run = await bench('--arms', 'sse,ws', '--pacing', 'poisson', '--seed', '7');
    const planned = run.trials.map(({ probes }) => probes['planned']);
    expect(planned[0]).toBeGreaterThan(5);
    expect(planned[1]).toBe(planned[0]);
  });

  test('a sweep runs every value in every round', async () => {
    const run = await bench('--vary', 'clients=5,10', '--rounds', '2');
    expect(run.points).toEqual([{ clients: 5 }, { clients: 10 }]);
    expect(run.trials.map(({ point, ledger }) => [point['clients'], ledger?.expected])).toEqual([
      [5, 100],
      [10, 200],
      [5, 100],
      [10, 200],
    ]);
  });

  test('the run file and the report are where the terminal says they are', async () => {
    const { stdout, code, stderr } = await runProgram([
      'bench',
      'broadcast',
      ...SMALL,
      '--arms',
      'sse,ws',
      '--control',
      'on',
      '--out',
      out,
    ]);
    expect(FINISHED, stderr).toContain(code);
    const runFile = /^run file\s+(\S+)/m.exec(stdout)?.[1] ?? '';
    const report = /^report\s+(\S+)/m.exec(stdout)?.[1] ?? '';
    const run = runResultSchema.parse(JSON.parse(readFileSync(runFile, 'utf8')));
    expect(run.state).toBe('finished');
    // The rounds of a run have the control and the ceiling of the generator, unless they are told not to.
    expect(run.control).toHaveLength(1);
    const [{ validity }] = run.trials as [Trial];
    expect(validity.checks.find(({ id }) => id === 'head-room')?.value).toBeGreaterThan(0);
    expect(statSync(report).size).toBeGreaterThan(10_000);
    expect(stdout).toMatch(
      /unclear \(needs 6 rounds, has 1\)|No verdict: no round has valid trials of two arms/,
    );
    expect(stdout).toContain('20 clients, 20 broadcasts/s, 128 B messages');
    expect(stdout).toMatch(/explore\s+npm run bench broadcast -- .* --vary clients=/);
  });

  test('no process is left when the program has ended', async () => {
    const program = startProgram(['bench', 'broadcast', ...SMALL, '--out', out]);
    const { code } = await program.finished;
    expect(FINISHED).toContain(code);
    expect(program.processes()).toEqual([]);
  });

  test('a server that dies in the middle is a failed trial with its reason, and the run goes on', async () => {
    const folder = temporaryFolder();
    const program = startProgram([
      'bench',
      'broadcast',
      ...SMALL,
      '--rounds',
      '2',
      '--warmup',
      '3s',
      '--json',
      '--out',
      folder,
    ]);
    const server = await untilProcess(program, 'servers/main.js', 'loadgen/worker.js');
    process.kill(server, 'SIGKILL');
    const { stdout, stderr, code } = await program.finished;
    const run = runResultSchema.parse(JSON.parse(stdout));
    expect(FINISHED, stderr).toContain(code);
    expect(run.trials.map(({ outcome }) => outcome)).toEqual(['failed', 'completed']);
    expect(run.trials[0]?.says).toContain('the server of ws was ended by SIGKILL');
    expect(run.warnings.map(({ code: warning }) => warning)).toContain('trial-failed');
    expect(program.processes()).toEqual([]);
  });

  test('a worker that dies is named, and leaves nothing behind', async () => {
    const folder = temporaryFolder();
    const program = startProgram([
      'bench',
      'broadcast',
      ...SMALL,
      '--warmup',
      '3s',
      '--json',
      '--out',
      folder,
    ]);
    const worker = await untilProcess(program, 'loadgen/worker.js', 'servers/main.js');
    process.kill(worker, 'SIGKILL');
    const { stdout, code } = await program.finished;
    const run = runResultSchema.parse(JSON.parse(stdout));
    expect(run.trials[0]?.says).toContain('generator worker 1 was ended by SIGKILL');
    expect(code, 'no trial came about').toBe(3);
    expect(program.processes()).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  test.each([0, 300, 900, 1_800, 3_000])(
    '%i ms after the start ends everything and keeps what there is',
    async (ms) => {
      const folder = temporaryFolder();
      const program = startProgram([
        'bench',
        'broadcast',
        '--clients',
        '50',
        '--rate',
        '20/s',
        '--duration',
        '1s',
        '--warmup',
        '0ms',
        '--rounds',
        '8',
        '--arms',
        'ws',
        '--out',
        folder,
      ]);
      await untilRunFile(folder);
      // Not an event to wait for: the point is that it may come at any moment.
      await new Promise((resolve) => setTimeout(resolve, ms));
      program.child.kill('SIGINT');
      const { code, stderr } = await program.finished;
      expect(stderr).toContain('Interrupted; every process that was started has been ended.');
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(code).toBe(130);
      expect(program.processes()).toEqual([]);
      const [file] = runFilesIn(folder);
      if (file === undefined) {
        expect(stderr).toContain('Nothing had been measured yet.');
        return;
      }
      const kept = runResultSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
      expect(kept.state).toBe('aborted');
      expect(kept.trials.length).toBeGreaterThan(0);
      expect(stderr).toContain(`The partial run is kept, marked aborted: ${file}`);
    },
  );

  test('children end by themselves when the controller is killed', async () => {
    const program = startProgram([
      'bench',
      'broadcast',
      ...SMALL,
      '--duration',
      '5s',
      '--out',
      join(out, 'killed'),
    ]);
    await untilProcess(program, 'servers/main.js', 'loadgen/worker.js');
    program.child.kill('SIGKILL');
    await program.finished;
    await until(() => program.processes().length === 0);
  });
});

/** Looks again every 20 ms; the test's own time-out is the limit. */
async function untilRunFile(folder: string): Promise<void> {
  await until(() => runFilesIn(folder).length > 0);
}

/** The process that runs `script`, once `other` is there too and connections are being made. */
async function untilProcess(
  program: ReturnType<typeof startProgram>,
  script: string,
  other: string,
): Promise<number> {
  // Looked up once: by the next look it may have ended.
  let pid: number | undefined;
  await until(() => {
    // The ceiling is measured with a prepared arm; the trial itself is what is waited for.
    const trial = program.processes().filter(({ command }) => !command.includes('prepared'));
    pid = trial.find(({ command }) => command.includes(script))?.pid;
    return pid !== undefined && trial.some(({ command }) => command.includes(other));
  });
  return pid ?? Number.NaN;
}
