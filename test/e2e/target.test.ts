/**
 * A server of somebody else's, as a process of its own: every delivery comes once, its cost is that of its
 * processes, what goes wrong with it is a sentence, and nothing of it is left behind, whoever was killed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Trial } from '../../core/result.ts';
import type { LoadedTarget, Target } from '../../core/target.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { broadcast } from '../../scenarios/broadcast.ts';
import { reconnect } from '../../scenarios/reconnect.ts';
import { request } from '../../scenarios/request.ts';
import { soak } from '../../scenarios/soak.ts';
import { processesOf } from '../../servers/target/processes.ts';
import plain from '../fixtures/targets/plain-server.target.ts';
import { OF_THE_MACHINE } from '../machine-rules.ts';
import { runFilesIn, runProgram, startProgram, temporaryFolder } from '../program.ts';
import type { AccidentPlan } from '../trial-accidents.ts';
import { runWithAccident } from '../trial-accidents.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'targets');
const SERVER = join(FIXTURES, 'plain-server.mjs');
const QUICK = { clients: '10', rate: '50/s', warmup: '100ms', duration: '500ms', deadline: '10s' };
const MESSAGES = 25;
const folder = temporaryFolder();

interface Outcome {
  readonly trial: Trial;
  /** Of every process of the target, at any time. */
  readonly pids: () => readonly number[];
}

/** @param env of the target, beside where it writes its numbers */
async function run(
  plan: Partial<AccidentPlan> & { readonly target?: Partial<Target> },
  env: Record<string, string> = {},
): Promise<Outcome> {
  const notes = join(mkdtempSync(join(folder, 'trial-')), 'pids');
  const target: LoadedTarget = {
    ...plain,
    ...plan.target,
    env: { ...env, PIDS: notes },
    cwd: FIXTURES,
    file: join(FIXTURES, 'plain-server.target.ts'),
  };
  const { trial } = await runWithAccident({
    scenario: broadcast,
    params: QUICK,
    ...plan,
    setup: { target },
  });
  return { trial, pids: () => numbersIn(notes) };
}

function numbersIn(notes: string): number[] {
  return existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n').map(Number) : [];
}

const living = (pids: readonly number[]): readonly number[] =>
  pids.filter((pid) => processesOf(pid).includes(pid));

const objections = ({ validity }: Trial): readonly string[] =>
  validity.checks
    .filter(({ id, ok }) => ok !== 'pass' && !OF_THE_MACHINE.has(id))
    .map(({ id, says }) => `${id}: ${says}`);

describe('a broadcast through a target', () => {
  test('of which the server refuses a part: the causes are named and the rest gets there', async () => {
    const { trial } = await run(
      {
        params: { ...QUICK, warmup: '0ms', deadline: '4s' },
        target: { cost: { metrics: 'http://127.0.0.1:{port}/metrics' } },
      },
      { REFUSE_EVERY: '5' },
    );
    expect(trial.closed).toEqual([
      { cause: 'publish: the server answered 503 Service Unavailable', count: 5 },
    ]);
    expect(trial.ledger).toMatchObject({ received: 10 * 20, lost: 10 * 5 });
    expect(objections(trial)).toEqual([expect.stringMatching(/^published: what was not taken/)]);
    // It tells its cost itself; how long a thread waited only the kernel knows.
    expect(trial.probes['serverCpuNs']).toBeGreaterThan(100_000);
    expect(trial.probes).toMatchObject({ serverCpuStepNs: 1_000 });
    expect(trial.probes).not.toHaveProperty('serverMainWaitNs');
  });

  test('that runs already and takes frames is measured, and left alone', async () => {
    const server = spawn(process.execPath, [SERVER], { env: { ...process.env, PORT: '0' } });
    onTestFinished(() => void server.kill('SIGKILL'));
    const [line] = (await once(server.stdout.setEncoding('utf8'), 'data')) as [string];
    const base = `127.0.0.1:${/\d+/.exec(line)?.[0]}`;
    const { start: _, ...rest } = plain;
    const target: LoadedTarget = {
      ...rest,
      cwd: FIXTURES,
      file: 'of-a-test',
      sse: { url: `http://${base}/events` },
      publish: { frame: { url: `ws://${base}/socket`, text: 'publish {message}' } },
      cost: { pid: server.pid ?? 0 },
    };
    const { trial } = await runWithAccident({
      scenario: broadcast,
      params: QUICK,
      transport: 'sse',
      setup: { target },
    });
    expect(trial.ledger).toMatchObject({ received: 10 * MESSAGES, lost: 0, foreign: 0 });
    expect(trial.probes['serverCpuNs']).toBeGreaterThan(100_000);
    expect(server.exitCode).toBeNull();
    expect(living([server.pid ?? 0])).toHaveLength(1);
  });
});

describe('a target that', () => {
  test.each<[string, Record<string, string>, number, string | RegExp]>([
    [
      'fails at its start',
      { FAIL_AT_START: '3' },
      1,
      'the plain server did not get ready: it ended with exit code 3: Error: the database is not there',
    ],
    [
      'fails in the middle',
      { FAIL_AFTER: '10', WITH_CHILD: '1' },
      2,
      'In the middle of the trial the plain server ended with exit code 4: Error: out of luck',
    ],
    [
      'never listens',
      { NEVER_LISTEN: '1' },
      1,
      /^the plain server was not ready within 5 s: nobody listens on 127\.0\.0\.1 port \d+ \(ECONNREFUSED\)\. The last it said: still warming up$/,
    ],
  ])('%s is told in a sentence, and gone', async (_, env, processes, says) => {
    const timeoutMs = 'NEVER_LISTEN' in env ? 5_000 : 10_000;
    const start = { command: ['node', SERVER], timeoutMs };
    const { trial, pids } = await run({ target: { start } }, env);
    expect(trial.outcome).toBe('failed');
    expect(trial.says).toEqual(typeof says === 'string' ? says : expect.stringMatching(says));
    expect(pids()).toHaveLength(processes);
    expect(living(pids())).toEqual([]);
  });

  test('loses the process beside it in the middle is ended at once', async () => {
    const { trial, pids } = await run(
      {
        onMoment: ({ of, event }) => {
          if (event === 'publish') process.kill(of.pid, 'SIGKILL');
        },
      },
      { WITH_CHILD: '1' },
    );
    expect(trial.says).toBe('the server of ws was ended by SIGKILL');
    expect(pids()).toHaveLength(2);
    await expect.poll(() => living(pids())).toEqual([]);
  });

  test('is restarted in the middle comes back on its port, and everybody with it', async () => {
    const { trial, pids } = await run({
      scenario: reconnect,
      params: {
        clients: '10',
        rate: '20/s',
        warmup: '100ms',
        at: '300ms',
        for: '200ms',
        duration: '4s',
        cap: '300ms',
        cut: 'restart',
        resume: 'off',
        retry: '100ms',
        deadline: '2s',
      },
    });
    expect(trial.says).toBeUndefined();
    expect(trial.fault).toMatchObject({ planned: 10, confirmed: { count: 10 }, away: 0 });
    expect(trial.ledger).toMatchObject({ foreign: 0, duplicated: 0 });
    expect(pids()).toHaveLength(2);
    expect(living(pids())).toEqual([]);
  });
});

test('what only a server of ours can do is refused in words, should it come so far', async () => {
  const { trial, pids } = await run({
    scenario: request,
    params: { clients: '2', rate: '10/s', warmup: '0ms', duration: '500ms' },
  });
  expect(trial.says).toBe(
    "plain was asked to 'handle', which only a server of ours can do: the scenario cannot be measured on a target",
  );
  expect(living(pids())).toEqual([]);
});

test('a soak looks at a target from outside, and knows no more than that', async () => {
  const { trial } = await run({
    scenario: soak,
    params: { ...QUICK, duration: '4s', interval: '100ms' },
    target: {
      files: { 'bin/start.sh': 'echo $$ > "{folder}/pid"\nexec node "$1"\n' },
      start: { command: ['sh', '{folder}/bin/start.sh', SERVER] },
      cost: { pid: '{folder}/pid' },
    },
  });
  expect(trial.says).toBeUndefined();
  const { samples = [], liveBytes } = trial.soak ?? {};
  expect(samples.length).toBeGreaterThanOrEqual(13);
  expect(samples[0]?.server.rssBytes).toBeGreaterThan(20e6);
  expect(samples[0]?.server.descriptors).toBeGreaterThan(10);
  expect(samples[0]?.server.heapUsedBytes).toBeUndefined();
  expect(liveBytes).toBeUndefined();
});

describe('the program', () => {
  const flags = (file: string, duration: string): string[] => [
    ...['bench', 'broadcast', '--target', file, '--clients', '10', '--rate', '50/s'],
    ...['--warmup', '0ms', '--duration', duration, '--rounds', '1', '--out', folder],
  ];
  const targetFile = (name: string, build: string): string => {
    const path = join(folder, `${name}.target.mjs`);
    const target = { ...plain, name, cwd: FIXTURES, build, env: { PIDS: join(folder, name) } };
    writeFileSync(path, `export default ${JSON.stringify(target)};\n`);
    return path;
  };
  const foldersOf = (pids: readonly number[]): string[] =>
    readdirSync(tmpdir()).filter((name) =>
      pids.some((pid) => name.startsWith(`pushbench-target-${pid}-`)),
    );

  test('builds a target once; over both transports each delivery comes once, at the cost of its process', async () => {
    const built = join(folder, 'builds');
    const file = targetFile('built', `echo once >> ${built}`);
    const { code, stderr } = await runProgram(flags(file, '500ms'));
    expect(stderr).toContain('building the plain server');
    // Whether a trial counts is up to the machine.
    expect([0, 5]).toContain(code);
    const runs = runFilesIn(folder).map(readRunFile);
    const trials = runs.at(-1)?.trials ?? [];
    expect(trials.map(({ arm }) => arm).sort()).toEqual(['sse', 'ws']);
    for (const trial of trials) {
      expect(trial.ledger).toMatchObject({
        expected: 10 * MESSAGES,
        received: 10 * MESSAGES,
        lost: 0,
        duplicated: 0,
        foreign: 0,
      });
      expect(objections(trial)).toEqual([]);
      expect(trial.closed).toEqual([]);
      const { probes } = trial;
      expect(probes).toMatchObject({ sent: MESSAGES, failedSends: 0 });
      // A server that parses POSTs and writes to ten clients takes some time, and a whole Node some memory.
      expect(probes['serverCpuNs']).toBeGreaterThan(100_000);
      expect(probes['serverRssBytes']).toBeGreaterThan(20e6);
      // What nobody told is not there, and not 0.
      for (const unknown of ['serverDropped', 'serverBytesOut', 'serverUtilization', 'blockedNs'])
        expect(probes).not.toHaveProperty(unknown);
    }
    const pids = numbersIn(join(folder, 'built'));
    expect(pids).toHaveLength(2);
    expect(living(pids)).toEqual([]);
    expect(readFileSync(built, 'utf8')).toBe('once\n');
  });

  test('says why a target cannot be built, and starts nothing', async () => {
    const file = targetFile('unbuilt', 'echo compiling; echo "main.c: not there" >&2; exit 2');
    const before = runFilesIn(folder).length;
    const { code, stderr } = await runProgram(flags(file, '500ms'));
    expect(code).toBe(2);
    expect(stderr).toContain('its build ended with exit code 2: main.c: not there.');
    expect(stderr).toContain('    compiling\n    main.c: not there');
    expect(runFilesIn(folder)).toHaveLength(before);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('leaves nothing of a target behind after %s', async (signal, exitCode) => {
    const file = targetFile('interrupted', 'true');
    const program = startProgram([...flags(file, '60s'), '--arms', 'ws']);
    const isThere = (): boolean =>
      program.processes().some(({ command }) => command.startsWith('node plain-server.mjs'));
    await expect.poll(isThere).toBe(true);
    const running = program.processes();
    // What is in a target file may be secret, and arguments can be read by everybody.
    expect(running.filter(({ command }) => command.includes('/publish'))).toEqual([]);
    const pids = running.map(({ pid }) => pid);
    program.child.kill(signal);
    expect((await program.finished).code).toBe(exitCode);
    await expect.poll(() => program.processes()).toEqual([]);
    await expect.poll(() => foldersOf(pids)).toEqual([]);
  });
});
