/**
 * The server of another commit, built in a git worktree of its own, so that a gate can run it beside the
 * one that is checked out. The worktree goes with the gate. It lies below the checkout, where the packages
 * of the checkout are found: a link to them would make them other packages to the compiler.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fault, reasonOf } from '../core/errors.ts';
import { addWorktree, run } from './worktree.ts';

export interface BaseBuild {
  /** As it was asked for, and the commit that it names. */
  readonly ref: string;
  readonly commit: string;
  /** Absolute path of the script of its server process. */
  readonly serverScript: string;
  /** Of what its server is made of; equal hashes are one and the same server. */
  readonly hash: string;
  remove(): Promise<void>;
}

export interface BaseRequest {
  readonly ref: string;
  /** Folder of this package. */
  readonly root: string;
  readonly signal: AbortSignal;
  /** What is being done, for somebody who waits. */
  tell(text: string): void;
}

/** Where run folders are by default, too: git ignores it. */
const FOLDER = join('reports', 'runs');
const PREFIX = 'base-';
/** Compiled folders that a server process loads code from. */
const SERVER_PARTS = ['core', 'servers', 'transports'];

/** @throws HarnessError `base-not-built` */
export async function buildBase({ ref, root, signal, tell }: BaseRequest): Promise<BaseBuild> {
  const refuse = (problem: string, hint: string): Error =>
    fault('base-not-built', { ref, problem, hint });
  const git = (...args: string[]): Promise<string> => run('git', args, root, signal);

  const top = await git('rev-parse', '--show-toplevel').catch(() => {
    throw refuse(
      `${root} is no git checkout`,
      'Run the gate in a clone of the repository, or compare with a saved run: --baseline FILE.',
    );
  });
  if (realpathSync(top.trim()) !== realpathSync(root)) {
    throw refuse(
      `${root} is only a part of the checkout ${top.trim()}`,
      'Compare with a saved run: --baseline FILE.',
    );
  }
  const { commit, tree, remove } = await addWorktree({
    ref,
    top: root,
    home: join(root, FOLDER),
    prefix: PREFIX,
    signal,
    tell,
  });
  try {
    if (!sameText(join(tree, 'package-lock.json'), join(root, 'package-lock.json'))) {
      tell('installing its packages');
      await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], tree, signal);
    }
    tell('building it');
    await run('npm', ['run', 'build'], tree, signal);
    const serverScript = join(tree, 'dist', 'servers', 'main.js');
    if (!existsSync(serverScript)) {
      throw new Error("its 'npm run build' left no dist/servers/main.js");
    }
    return { ref, commit, serverScript, hash: hashOfServer(tree), remove };
  } catch (error) {
    await remove();
    if (signal.aborted) throw error;
    throw refuse(
      reasonOf(error),
      `Try it by hand in another clone: git checkout ${ref} && npm ci.`,
    );
  }
}

/** Hash of everything that a server process of this package loads, packages included by their lock file. */
export function hashOfServer(root: string): string {
  const hash = createHash('sha256');
  const lock = join(root, 'package-lock.json');
  if (existsSync(lock)) hash.update(readFileSync(lock));
  for (const part of SERVER_PARTS) {
    const folder = join(root, 'dist', part);
    if (!existsSync(folder)) continue;
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.js')).sort()) {
      hash.update(`\n${relative(root, join(folder, file))}\n`);
      hash.update(readFileSync(join(folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function sameText(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && readFileSync(a).equals(readFileSync(b));
}
