/** A checkout of another commit beside the one that somebody works in; it goes when it is no longer needed. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fault, reasonOf } from '../core/errors.ts';

export interface Worktree {
  readonly commit: string;
  /** Absolute path of what was checked out. */
  readonly tree: string;
  remove(): Promise<void>;
}

export interface WorktreeRequest {
  readonly ref: string;
  /** Top folder of the repository. */
  readonly top: string;
  /** Where worktrees lie, each in a folder that begins with this and says whose it is. */
  readonly home: string;
  readonly prefix: string;
  readonly signal: AbortSignal;
  tell(text: string): void;
}

/** A build of a package takes seconds; an installation, up to some minutes. */
const STEP_TIMEOUT_MS = 10 * 60_000;
const TAIL_LINES = 8;

/** @throws HarnessError `base-not-built` */
export async function addWorktree(request: WorktreeRequest): Promise<Worktree> {
  const { ref, top, home, prefix, signal, tell } = request;
  const git = (...args: string[]): Promise<string> => run('git', args, top, signal);
  const commit = (
    await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`).catch(
      () => {
        throw fault('base-not-built', {
          ref,
          problem: 'git knows no such commit',
          hint: `Fetch it first: git fetch origin ${ref}. A CI checkout needs its history: fetch-depth: 0.`,
        });
      },
    )
  ).trim();
  mkdirSync(home, { recursive: true });
  removeLeftovers(home, prefix);
  await git('worktree', 'prune');
  const folder = mkdtempSync(join(home, `${prefix}${process.pid}-`));
  const remove = async (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true });
    // Without the signal: this is done just because of it.
    await run('git', ['worktree', 'prune'], top).catch(() => undefined);
  };
  const tree = join(folder, 'tree');
  try {
    tell(`checking out ${ref} (${commit.slice(0, 12)})`);
    await git('worktree', 'add', '--detach', '--quiet', tree, commit);
    return { commit, tree, remove };
  } catch (error) {
    await remove();
    if (signal.aborted) throw error;
    throw fault('base-not-built', {
      ref,
      problem: reasonOf(error),
      hint: `Try it by hand: git worktree add --detach ../elsewhere ${ref}.`,
    });
  }
}

/** Of gates that were killed: the process that made them is gone. */
function removeLeftovers(home: string, prefix: string): void {
  for (const name of readdirSync(home)) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(/^(\d+)-/.exec(name.slice(prefix.length))?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    rmSync(join(home, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is not ours to judge.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** @throws Error with the last lines of what the command said */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  signal?: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      [...args],
      { cwd, timeout: STEP_TIMEOUT_MS, maxBuffer: 2 ** 26, ...(signal && { signal }) },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');
        reject(new Error(`${command} ${args.join(' ')} failed:\n${said}`));
      },
    );
  });
}
