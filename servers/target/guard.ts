/**
 * Sees to it that nothing that was started for a target outlives this process. A shell beside it does nothing
 * but wait for the end of this process: when that comes without a word (SIGKILL), it ends the groups it was
 * told of and whoever left them, and takes away the folder. What even it misses is found by the next run.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { ownerOf } from '../../core/process-owner.ts';
import { createTemporaryFolder } from '../../core/temporary-folder.ts';
import { until } from '../../core/until.ts';
import { isRunning, MARK, markedProcesses, signal } from './processes.ts';

/** Reads groups until its input is closed: then whoever holds the other end is gone. */
const SCRIPT = `
while read -r group; do groups="$groups -$group"; done
for group in $groups; do kill -s KILL -- "$group"; done
[ -d /proc/self ] && grep -lzxsF -- "${MARK}=$1" /proc/[0-9]*/environ | cut -d/ -f3 | xargs -r kill -s KILL
rm -rf -- "$2"`;

/** How long those may take to end that left their group, asked and then killed. */
const LEFT_MS = 1_000;

export interface Guard {
  /** For the environment of all that is started, so that it is found wherever it has gone. */
  readonly env: Readonly<Record<string, string>>;
  /** A temporary folder of its own. */
  readonly folder: string;
  /** A process group has begun. */
  watch(group: number): void;
  /** Ends what is left, and its own life; the folder goes too. */
  release(): Promise<void>;
}

export function startGuard(): Guard {
  const mark = `${ownerOf(process.pid)}/${randomUUID().slice(0, 8)}`;
  const folder = createTemporaryFolder('target');
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'pushbench-guard', mark, folder], {
    // Ctrl-C reaches the whole group of the terminal: it must outlive that.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without one the next run finds what was left behind, by its mark.
  shell.on('error', () => undefined);
  shell.stdin?.on('error', () => undefined);
  shell.unref();
  return {
    env: { [MARK]: mark },
    folder,
    watch: (group) => void shell.stdin?.write(`${group}\n`),
    async release() {
      const all = (): number[] => markedProcesses(mark).filter(isRunning);
      for (const pid of all()) signal(pid, 'SIGTERM');
      await until(() => all().length === 0, LEFT_MS);
      for (const pid of all()) signal(pid, 'SIGKILL');
      await until(() => all().length === 0, LEFT_MS);
      shell.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
