/** The base of a gate on somebody else's server: another commit of its repository, in a worktree of its own. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBase } from '../../cli/gate-base.ts';
import type { GateFlags } from '../../cli/gate-plan.ts';
import { readPlan } from '../../cli/gate-plan.ts';
import { withBase } from '../../cli/gate-run.ts';
import type { FileChoice } from '../../cli/target-file.ts';
import { builtIn, loadTarget } from '../../cli/target-file.ts';
import { noFaults } from '../../core/faults.ts';
import type { Target } from '../../core/target.ts';
import { broadcast } from '../../scenarios/broadcast.ts';
import { fakeIo } from '../fake-io.ts';
import { refusalFrom } from '../refusal.ts';

let root: string;
let app: string;

function git(...args: string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.invalid'];
  return execFileSync('git', [...who, ...args], { cwd: root, encoding: 'utf8' }).trim();
}

const mine = {
  name: 'mine',
  start: { command: ['node', 'server.mjs'] },
  sse: { url: 'http://127.0.0.1:{port}/events' },
  publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{message}' } },
} satisfies Target;

async function target(changes: Partial<Target> = {}, folder = app): Promise<FileChoice> {
  const path = join(folder, `${changes.name ?? 'mine'}.json`);
  writeFileSync(path, JSON.stringify({ ...mine, ...changes }));
  return loadTarget(path, { folder, named: {} });
}

const { io } = fakeIo();

const planOf = (head: FileChoice, flags: GateFlags, given: Record<string, string> = {}) =>
  readPlan(broadcast, given, flags, [head]);

async function refusal(act: () => unknown): Promise<string> {
  // What throws at once is refused like what does so later.
  const { message, hint, exitCode } = await refusalFrom((async () => act())());
  expect(exitCode).toBe(2);
  return `${message} ${hint}`;
}

beforeAll(() => {
  // As git says it.
  root = realpathSync(mkdtempSync(join(tmpdir(), 'pushbench-repository-')));
  app = join(root, 'services', 'push');
  mkdirSync(app, { recursive: true });
  git('init', '-q', '-b', 'main');
  writeFileSync(join(root, 'README'), 'without a server');
  git('add', '-A');
  git('commit', '-qm', 'empty');
  writeFileSync(join(app, 'server.mjs'), 'one');
  writeFileSync(join(app, 'mine.json'), JSON.stringify(mine));
  git('add', '-A');
  git('commit', '-qm', 'one');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('another commit', () => {
  test('is run from its own files, by the target file of head, and goes when it is over', async () => {
    const head = await target();
    writeFileSync(join(app, 'server.mjs'), 'two');
    const plan = planOf(head, { baseRef: 'main' });
    const base = await openBase(plan, undefined, io);
    const cwd = base?.server.target?.cwd ?? '';
    expect(cwd.endsWith('/services/push')).toBe(true);
    expect(readFileSync(join(cwd, 'server.mjs'), 'utf8')).toBe('one');
    expect(base).toMatchObject({
      title: 'base main',
      isSame: false,
      side: { name: 'main', commit: git('rev-parse', 'main').slice(0, 12) },
      head: { commit: `${git('rev-parse', 'HEAD').slice(0, 12)}+` },
    });
    expect(base?.head.hash).toBeUndefined();
    if (base === undefined) throw new Error('there is no base');
    const request = withBase(plan.request, {
      base: base.server,
      baseTitle: base.title,
      baseTarget: base.target,
      faults: noFaults,
    });
    // Both are built, and each arm runs its own.
    expect(request.targets.map((one) => one.target?.cwd)).toEqual([app, cwd]);
    expect(request.arms.map((arm) => request.server({}, arm).target?.cwd)).toEqual([app, cwd]);
    expect(request.arms.map(({ name }) => name)).toEqual(['sse', 'sse-base']);
    await base.remove();
    expect(existsSync(cwd)).toBe(false);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
    writeFileSync(join(app, 'server.mjs'), 'one');
  });

  test('is the same server where no file differs', async () => {
    const base = await openBase(planOf(await target(), { baseRef: 'HEAD' }), undefined, io);
    expect(base).toMatchObject({ isSame: true });
    expect(base?.head.hash).toBe(base?.side.hash);
    await base?.remove();
  });

  test('is refused where it cannot be had', async () => {
    const open = async (ref: string, changes: Partial<Target> = {}, folder = app) => {
      const plan = planOf(await target(changes, folder), { baseRef: ref });
      return openBase(plan, undefined, io);
    };
    expect(await refusal(() => open('nowhere'))).toContain('git knows no such commit');
    expect(await refusal(() => open('main~1'))).toContain(
      "there is no folder 'services/push' in it",
    );
    expect(await refusal(() => open('main', { name: 'away', cwd: tmpdir() }))).toContain(
      'is not in the repository',
    );
    const runs = {
      name: 'runs',
      start: undefined,
      sse: { url: 'http://127.0.0.1:1/events' },
      publish: { post: { url: 'http://127.0.0.1:1/publish', body: '{message}' } },
    };
    expect(await refusal(() => open('main', runs))).toContain('is not started here');
    const outside = mkdtempSync(join(tmpdir(), 'pushbench-outside-'));
    try {
      expect(await refusal(() => open('main', {}, outside))).toContain('is in no git checkout');
    } finally {
      rmSync(outside, { recursive: true });
    }
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  });
});

describe('another target file', () => {
  test('has to be described for what head speaks, and to be able to do what head does', async () => {
    const head = await target({ name: 'head' });
    const onlyWs = await target({
      name: 'other',
      sse: undefined,
      ws: { url: 'ws://127.0.0.1:{port}/socket' },
    });
    const plan = planOf(head, { baseTarget: 'other.json' });
    expect(await refusal(() => openBase(plan, onlyWs, io))).toContain(
      'the base other is not described for sse',
    );
    const same = await target({ name: 'before' });
    expect(await openBase(plan, same, io)).toMatchObject({
      isSame: false,
      head: { name: 'head' },
      side: { name: 'before' },
    });
  });

  test('is one base of one head', async () => {
    const head = await target();
    expect(await refusal(() => planOf(head, { baseTarget: 'a', baseRef: 'main' }))).toContain(
      '--base-ref and --base-target are two bases; a gate has one.',
    );
    expect(await refusal(() => readPlan(broadcast, {}, { baseTarget: 'a' }, [builtIn]))).toContain(
      '--base-target A --target B',
    );
    expect(
      await refusal(() => readPlan(broadcast, {}, { baseRef: 'a' }, [builtIn, head])),
    ).toContain('give one --target, or none');
  });
});

describe('metrics', () => {
  const running = {
    name: 'running',
    start: undefined,
    sse: { url: 'http://127.0.0.1:1/events' },
    publish: { post: { url: 'http://127.0.0.1:1/publish', body: '{message}' } },
  };

  test('that nobody can know are left out, and said to be', async () => {
    const unknown = planOf(await target(running), { baseTarget: 'x' });
    expect(unknown.rules.map(({ id }) => id)).not.toContain('server.cpu');
    expect(unknown.request.skipped).toEqual([
      { what: 'server.cpu', says: expect.stringContaining('add start or cost') },
    ]);
    const known = planOf(await target({ ...running, cost: { pid: 1 } }), { baseTarget: 'x' });
    expect(known.rules.map(({ id }) => id)).toContain('server.cpu');
    expect(known.request.skipped).toEqual([]);
    expect(planOf(await target(), { baseTarget: 'x' }).rules.map(({ id }) => id)).toContain(
      'server.cpu',
    );
  });

  test('that nobody can know are refused where they are asked for', async () => {
    const head = await target(running);
    const ask = (metric: string) => planOf(head, { baseTarget: 'x', metric: [metric] });
    expect(await refusal(() => ask('server.cpu'))).toMatch(/^--metric: server\.cpu is unknown: /);
    expect(ask('reach').rules.map(({ id }) => id)).toEqual(['reach']);
  });

  test('a target that speaks WebSocket only is checked over that', async () => {
    const { ws: _, ...rest } = { ...mine, ws: undefined };
    const only = { ...rest, sse: undefined, ws: { url: 'ws://127.0.0.1:{port}/socket' } };
    const plan = planOf(await target({ ...only, name: 'only' }), { baseTarget: 'x' });
    expect(plan.heads).toEqual(['ws']);
  });
});
