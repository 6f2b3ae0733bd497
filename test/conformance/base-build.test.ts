/** The base of a gate, built from a real git repository in a worktree of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BaseRequest } from '../../cli/base-build.ts';
import { buildBase, hashOfServer } from '../../cli/base-build.ts';
import { refusalFrom } from '../refusal.ts';

let root: string;

function git(...args: string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.invalid'];
  return execFileSync('git', [...who, ...args], { cwd: root, encoding: 'utf8' }).trim();
}

/** A package whose build copies its sources, as small as one can be. */
function commit(source: string, build = 'mkdir -p dist && cp -r src/. dist'): string {
  mkdirSync(join(root, 'src', 'servers'), { recursive: true });
  writeFileSync(join(root, 'src', 'servers', 'main.js'), source);
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'p', scripts: { build } }));
  git('add', '-A');
  git('commit', '-qm', 'one more', '--allow-empty');
  return git('rev-parse', 'HEAD');
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'pushbench-gate-'));
  git('init', '-q', '-b', 'main');
  writeFileSync(join(root, '.gitignore'), 'dist\nreports\n');
  writeFileSync(join(root, 'package-lock.json'), '{}');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const base = (ref: string, changes: Partial<BaseRequest> = {}) =>
  buildBase({ ref, root, signal: new AbortController().signal, tell: () => undefined, ...changes });

const worktrees = (): string[] => git('worktree', 'list').split('\n').slice(1);
const folders = (): string[] =>
  existsSync(join(root, 'reports', 'runs')) ? readdirSync(join(root, 'reports', 'runs')) : [];

async function refusal(built: Promise<unknown>): Promise<string> {
  const { message, hint } = await refusalFrom(built);
  return `${message} ${hint}`;
}

describe('the base of a gate', () => {
  it('is the server of that commit, and leaves nothing behind', async () => {
    const first = commit('old');
    commit('new');
    execFileSync('npm', ['run', 'build'], { cwd: root });
    const built = await base('main~1');
    expect(built.commit).toBe(first);
    expect(existsSync(built.serverScript)).toBe(true);
    expect(built.hash).not.toBe(hashOfServer(root));
    const same = await base('HEAD');
    expect(same.hash).toBe(hashOfServer(root));
    expect(worktrees()).toHaveLength(2);
    await built.remove();
    await same.remove();
    expect(worktrees()).toEqual([]);
    expect(folders()).toEqual([]);
  });

  it('clears away what a gate that was killed has left', async () => {
    const ended = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' });
    mkdirSync(join(root, 'reports', 'runs', `base-${ended.trim()}-x`), { recursive: true });
    mkdirSync(join(root, 'reports', 'runs', `base-${process.ppid}-x`));
    await (await base('HEAD')).remove();
    expect(folders()).toEqual([`base-${process.ppid}-x`]);
    rmSync(join(root, 'reports', 'runs'), { recursive: true });
  });

  it.each([
    ['no-such-branch', /git knows no such commit.*git fetch origin no-such-branch.*fetch-depth/],
    ['--help', /git knows no such commit/],
  ])('refuses %s', async (ref, says) => {
    expect(await refusal(base(ref))).toMatch(says);
  });

  it('says what its build said when that failed', async () => {
    commit('x', 'echo the disk is upside down >&2; exit 3');
    expect(await refusal(base('HEAD'))).toContain('the disk is upside down');
    commit('x', 'true');
    expect(await refusal(base('HEAD'))).toContain('left no dist/servers/main.js');
    expect(worktrees()).toEqual([]);
    expect(folders()).toEqual([]);
  });

  it('refuses a folder that is no checkout, or a part of one', async () => {
    expect(await refusal(base('HEAD', { root: tmpdir() }))).toContain('is no git checkout');
    const part = join(root, 'src');
    expect(await refusal(base('HEAD', { root: part }))).toContain('only a part of the checkout');
  });

  it('ends its build when it is interrupted', async () => {
    commit('x', 'sleep 600');
    const abort = new AbortController();
    const built = base('HEAD', {
      signal: abort.signal,
      tell: (text) => {
        if (text === 'building it') setImmediate(() => abort.abort());
      },
    });
    await expect(built).rejects.toThrow();
    expect(worktrees()).toEqual([]);
  });
});
