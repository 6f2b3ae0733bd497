/** Commands of a target: their ends and last words, how long they are waited for, and that none of them stays. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HarnessError } from '../../core/errors.ts';
import { ownerOf } from '../../core/process-owner.ts';
import type { LoadedTarget, TargetCommand } from '../../core/target.ts';
import { buildTarget } from '../../servers/target/build.ts';
import { startGroup } from '../../servers/target/command-group.ts';
import type { Guard } from '../../servers/target/guard.ts';
import { startGuard } from '../../servers/target/guard.ts';
import { MARK, processesOf, processesOfGroup } from '../../servers/target/processes.ts';
import type { Sign } from '../../servers/target/readiness.ts';
import { waitUntilFree, waitUntilReady } from '../../servers/target/readiness.ts';
import { endStrays } from '../../servers/target/strays.ts';

/** Of a process that was, a moment ago. */
const GONE = `${spawnSync('true').pid}-1`;

function guarded(): Guard {
  const guard = startGuard();
  onTestFinished(() => guard.release());
  return guard;
}

function start(command: TargetCommand, env: Record<string, string> = {}) {
  const group = startGroup(command, { cwd: tmpdir(), env, cores: [], guard: guarded() });
  onTestFinished(() => group.stop(0));
  return group;
}

/** Whether it is there, and not only waits for somebody to ask how it ended. */
const isRunning = (pid: number): boolean => processesOf(pid).includes(pid);

/** Resolves to the first number that the command prints. */
function printedNumber(group: ReturnType<typeof start>): Promise<number> {
  return new Promise((resolve) => {
    const look = (words: string): void => {
      const number = /(\d+)\n/.exec(words)?.[1];
      if (number !== undefined) resolve(Number(number));
    };
    group.onWords(look);
    look(group.lastWords());
  });
}

const targetWith = (build: TargetCommand): LoadedTarget => ({
  name: 'mine',
  title: 'my server',
  cwd: tmpdir(),
  file: 'mine.target.ts',
  build,
  publish: { command: 'true {message}' },
});

describe('a command', () => {
  test.each([
    ['exit 3', 'ended with exit code 3', false],
    ['echo fine; echo but no >&2; exit 1', 'ended with exit code 1: but no', false],
    ['kill -TERM $$', 'was ended by SIGTERM', false],
    ['true', 'ended with exit code 0', true],
  ])('that does this: %s', async (command, says, isGood) => {
    expect(await start(command).ended).toEqual({ says, isGood });
  });

  test('that there is not', async () => {
    const { says, isGood } = await start(['/no/such/program']).ended;
    expect(says).toMatch(/^could not be started: .*ENOENT/);
    expect(isGood).toBe(false);
  });

  test('keeps the last 4 KB of what it said', async () => {
    const group = start(
      'i=0; while [ $i -lt 300 ]; do echo "line number $i of them"; i=$((i+1)); done',
    );
    await group.ended;
    expect(group.lastWords().length).toBe(4_096);
    expect(group.lastWords().endsWith('line number 299 of them\n')).toBe(true);
  });

  test('ends with all that it has started, one after being asked', async () => {
    const group = start('sleep 600 & echo $!; wait');
    const child = await printedNumber(group);
    expect(processesOfGroup(group.pid)).toEqual(expect.arrayContaining([group.pid, child]));
    await group.stop(2_000);
    expect([group.pid, child].filter(isRunning)).toEqual([]);
  });

  test('that does not listen is killed', async () => {
    const group = start('trap "" TERM; echo $$; while :; do sleep 0.05; done');
    const pid = await printedNumber(group);
    await group.stop(50);
    expect(isRunning(pid)).toBe(false);
  });
});

describe('the guard', () => {
  test('ends what has left its group, and takes its folder with it', async () => {
    const guard = startGuard();
    writeFileSync(join(guard.folder, 'a file'), '');
    const group = startGroup("setsid sh -c 'echo $$; exec sleep 600' & wait", {
      cwd: tmpdir(),
      env: {},
      cores: [],
      guard,
    });
    const gone = await printedNumber(group);
    await group.stop(500);
    expect(isRunning(gone)).toBe(true);
    await guard.release();
    expect(isRunning(gone)).toBe(false);
    expect(existsSync(guard.folder)).toBe(false);
  });
});

test('what a killed process left is ended, and what a living one has is not', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  onTestFinished(() => rmSync(temporary, { recursive: true }));
  const left = mkdtempSync(join(temporary, `pushbench-target-${GONE}-`));
  const used = mkdtempSync(join(temporary, `pushbench-target-${ownerOf(process.pid)}-`));
  const [stray, living] = [GONE, ownerOf(process.pid)].map((owner) =>
    spawn('sleep', ['600'], { env: { ...process.env, [MARK]: `${owner}/test` } }),
  );
  if (stray === undefined || living === undefined) throw new Error('two were started');
  onTestFinished(() => void living.kill('SIGKILL'));
  await Promise.all([stray, living].map((one) => once(one, 'spawn')));
  const ended = once(stray, 'exit');
  expect(endStrays(temporary)).toBeGreaterThanOrEqual(1);
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(processesOf(living.pid ?? 0)).toEqual([living.pid]);
  expect([left, used].map((folder) => existsSync(folder))).toEqual([false, true]);
});

describe('a server is ready', () => {
  const wait = (command: TargetCommand, sign: Sign, timeoutMs = 5_000): Promise<void> =>
    waitUntilReady('my server', start(command), sign, timeoutMs);

  test('when it prints what was said', async () => {
    await wait('sleep 0.05; echo listening on 80; sleep 600', { output: /listening on \d+/ });
  });

  test('when the address answers, and until then it is told what was wrong', async () => {
    let answers = 0;
    const server = createServer((_, response) => {
      answers += 1;
      response.writeHead(answers < 3 ? 503 : 204).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
    await wait('sleep 600', { url });
    expect(answers).toBe(3);
    answers = -1_000;
    const group = start('echo starting; sleep 600');
    await waitUntilReady('my server', group, { output: /starting/ }, 10_000);
    await expect(waitUntilReady('my server', group, { url }, 2_000)).rejects.toThrow(
      `my server was not ready within 2 s: ${url} answers 503. The last it said: starting`,
    );
  });

  test('never, when it ends first', async () => {
    await expect(
      wait('echo no database >&2; exit 3', { host: '127.0.0.1', port: 9 }),
    ).rejects.toMatchObject({
      message: 'my server did not get ready: it ended with exit code 3: no database',
      lastWords: 'no database\n',
    });
  });

  test('never, when nobody listens', async () => {
    await expect(wait('sleep 600', { host: '127.0.0.1', port: 9 }, 2_000)).rejects.toThrow(
      'my server was not ready within 2 s: nobody listens on 127.0.0.1 port 9 (ECONNREFUSED). The last it said: nothing',
    );
  });
});

test('where somebody else listens, nothing is started', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ended = waitUntilFree('my server', '127.0.0.1', port);
  server.close();
  await ended;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  await expect(waitUntilFree('my server', '127.0.0.1', port)).rejects.toThrow(
    `my server is not started: something listens on 127.0.0.1 port ${port} already, and would be measured in its place. End it, or have the server take {port}`,
  );
});

describe('a build', () => {
  const never = new AbortController().signal;

  test('that succeeds says nothing', async () => {
    await buildTarget(targetWith(['sh', '-c', 'echo building; true']), never);
  });

  test('that fails is a sentence with its last words', async () => {
    const failure = await buildTarget(
      targetWith('echo compiling; echo "main.c: no such file" >&2; exit 2'),
      never,
    ).catch((error: unknown) => error);
    if (!(failure instanceof HarnessError)) throw failure;
    expect(failure.message).toBe(
      'my server cannot be measured: its build ended with exit code 2: main.c: no such file.',
    );
    expect(failure.hint).toContain('The last it said:\n    compiling\n    main.c: no such file');
    expect(failure.exitCode).toBe(2);
  });

  test('that is no longer wanted is ended', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const started = new Promise<number>((resolve) => {
      const watcher = watch(folder, () => {
        if (!existsSync(join(folder, 'pid'))) return;
        watcher.close();
        resolve(Number(readFileSync(join(folder, 'pid'), 'utf8')));
      });
    });
    const stop = new AbortController();
    const build = buildTarget(
      targetWith(`cd ${folder} && echo $$ > draft && mv draft pid && exec sleep 600`),
      stop.signal,
    );
    const pid = await started;
    expect(isRunning(pid)).toBe(true);
    stop.abort(new Error('interrupted'));
    await expect(build).rejects.toThrow('interrupted');
    expect(isRunning(pid)).toBe(false);
  });
});
