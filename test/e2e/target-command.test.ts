/** `doctor --target` and gates on somebody else's server, as the program that it is, with real servers and sockets. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TargetDiagnosis } from '../../cli/doctor-target.ts';
import type { RunResult } from '../../core/result.ts';
import type { Target } from '../../core/target.ts';
import { runFilesIn, runProgram, startProgram, temporaryFolder } from '../program.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'targets');
const folder = temporaryFolder();
let files = 0;

/** A target file that describes the plain server, but for what is changed. */
function targetFile(changes: Partial<Target> = {}): string {
  const target: Target = {
    name: 'plain',
    cwd: FIXTURES,
    start: { command: ['node', 'plain-server.mjs'] },
    sse: { url: 'http://127.0.0.1:{port}/events' },
    publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{message}' } },
    ...changes,
  };
  files += 1;
  const path = join(folder, `${files}.json`);
  writeFileSync(path, JSON.stringify(target));
  return path;
}

async function diagnose(file: string) {
  const { code, stdout, stderr } = await runProgram(['doctor', '--target', file, '--json']);
  const diagnosis = JSON.parse(stdout) as TargetDiagnosis;
  return { code, stderr, steps: new Map(diagnosis.steps.map((step) => [step.step, step])) };
}

describe('doctor --target', () => {
  test('goes through every step of both transports, and leaves no process behind', async () => {
    const program = startProgram([
      ...['doctor', '--target', join(FIXTURES, 'plain-server.target.ts')],
    ]);
    const { code, stdout, stderr } = await program.finished;
    expect(code, stdout + stderr).toBe(0);
    const steps = [...stdout.matchAll(/^✓ (.{15})/gm)].map((match) => match[1]?.trim());
    const each = ['starts', 'connects', 'receives', 'load', 'stops'];
    expect(steps).toEqual([
      'file',
      ...each.map((one) => `sse ${one}`),
      ...each.map((one) => `ws ${one}`),
    ]);
    expect(stdout).toContain('50 messages to 2 clients: each arrived exactly once');
    expect(stdout).not.toContain('✗');
    expect(program.processes()).toEqual([]);
  });

  test('says what is wrong with a path, with the way in, and with what comes instead', async () => {
    const wrongPath = await diagnose(targetFile({ sse: { url: 'http://127.0.0.1:{port}/evnts' } }));
    expect(wrongPath.code).toBe(2);
    expect(wrongPath.steps.get('sse connects')).toMatchObject({
      ok: false,
      found: expect.stringContaining('404'),
      fix: expect.stringMatching(
        /change sse\.url in .*\(now http:\/\/127\.0\.0\.1:\{port\}\/evnts\)/,
      ),
    });
    expect([...wrongPath.steps.keys()]).not.toContain('sse receives');

    const wrongWay = await diagnose(
      targetFile({ publish: { post: { url: 'http://127.0.0.1:{port}/pub', body: '{message}' } } }),
    );
    expect(wrongWay.steps.get('sse receives')).toMatchObject({
      ok: false,
      found: expect.stringMatching(/0 of 6 arrived[\s\S]*3 × publish: .*404/),
      fix: expect.stringContaining('check the path and the method of publish'),
    });
    expect(wrongWay.steps.get('sse stops')?.ok).toBe(true);
  });

  test('says why a server does not start, with its last words', async () => {
    const { code, steps } = await diagnose(targetFile({ env: { FAIL_AT_START: '3' } }));
    expect(code).toBe(2);
    expect(steps.get('sse starts')).toMatchObject({
      ok: false,
      found: expect.stringContaining('exit code 3'),
      fix: expect.stringContaining('Error: the database is not there'),
    });
    const built = await diagnose(targetFile({ build: 'echo no compiler >&2; exit 7' }));
    expect(built.steps.get('build')).toMatchObject({
      ok: false,
      found: expect.stringContaining('exit code 7'),
      fix: expect.stringContaining('no compiler'),
    });
  });
});

const SMALL = [
  ...['--clients', '2', '--rate', '20/s', '--warmup', '0ms', '--duration', '200ms'],
  ...['--control', 'off', '--head-room', 'off'],
];

describe('check', () => {
  test('--base-target runs two target files beside each other, and says which is which', async () => {
    const out = join(folder, 'gate');
    const program = startProgram([
      ...['check', 'broadcast', ...SMALL, '--out', out, '--metric', 'reach'],
      ...['--base-target', targetFile({ name: 'before' })],
      ...['--target', targetFile({ name: 'after', env: { REFUSE_EVERY: '2' } })],
    ]);
    // Eight rounds would show nothing more of it: what a gate makes of rounds does not depend on the server.
    await Promise.all([program.says('round 1/8 sse:'), program.says('round 1/8 sse-base:')]);
    program.child.kill('SIGINT');
    const { code, stderr } = await program.finished;
    expect(code, stderr).toBe(130);
    const [file = ''] = runFilesIn(out);
    const run = JSON.parse(readFileSync(file, 'utf8')) as RunResult;
    expect(run.targets?.map(({ name }) => name)).toEqual(['after', 'before']);
    expect(run.arms.map(({ name, target }) => [name, target])).toEqual([
      ['sse', 'after'],
      ['sse-base', 'before'],
    ]);
    const reachOf = (arm: string): Set<number> =>
      new Set(
        run.trials
          .flatMap((trial) => (trial.arm === arm ? (trial.ledger ?? []) : []))
          .map(({ received, expected }) => received / expected),
      );
    expect(reachOf('sse')).toEqual(new Set([0.5]));
    expect(reachOf('sse-base')).toEqual(new Set([1]));
    expect(program.processes()).toEqual([]);
  });

  test('--assert holds a target to limits, and to what its server refuses', async () => {
    const env = { REFUSE_EVERY: '2' };
    const { code, stdout, stderr } = await runProgram([
      ...['check', 'broadcast', ...SMALL, '--rounds', '1', '--assert', 'reach=1', '--json'],
      ...['--target', targetFile({ env }), '--out', join(folder, 'limits')],
    ]);
    const gate = JSON.parse(stdout) as { head: unknown; assertions: { state: string }[] };
    expect(gate.head).toEqual({ name: 'plain' });
    // A busy machine may leave no valid trial: then there is no data, which is no pass.
    expect(['broken', 'no-data']).toContain(gate.assertions[0]?.state);
    expect(code, stderr).toBe(1);
  });
});
