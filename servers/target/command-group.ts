/** A command that runs in a process group of its own: with its last words, and an end that is certain. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { howItEnded } from '../../core/process-end.ts';
import type { TargetCommand } from '../../core/target.ts';
import { until } from '../../core/until.ts';
import type { Guard } from './guard.ts';
import { argumentsOf } from './placeholders.ts';
import { processesOfGroup, signal } from './processes.ts';
import { errorLine, lastLine } from './target-failure.ts';

/** Of its output, what is kept for whoever asks why it failed. */
const LAST_WORDS_BYTES = 4_096;
/** How long what it still has to say may take, once it has ended: somebody it started may hold its output open. */
const WORDS_MS = 200;
/** How long it may take until those are gone that nothing can hold up. */
const KILLED_MS = 1_000;

export interface GroupOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Cores to run on; any, when empty. */
  readonly cores: readonly number[];
  readonly guard: Guard;
  /** Whether something will be written to it. */
  readonly hasInput?: boolean;
}

export interface CommandGroup {
  /** Of the leader, and the number of the group; 0 where it could not be started. */
  readonly pid: number;
  readonly input: Writable | null;
  /** Whether the leader has ended. */
  readonly hasEnded: boolean;
  /** How the leader ended, as the rest of a sentence: 'ended with exit code 3: no such file'. */
  readonly ended: Promise<{ readonly says: string; readonly isGood: boolean }>;
  /** The end of what it has printed. */
  lastWords(): string;
  /** Calls back with `lastWords` whenever there is more of it. */
  onWords(handler: (words: string) => void): void;
  /** Asks all of them to end, then insists. Resolves when they are gone. */
  stop(graceMs: number): Promise<void>;
}

export function startGroup(command: TargetCommand, options: GroupOptions): CommandGroup {
  const { guard, cwd, env, cores, hasInput = false } = options;
  const [program = '', ...args] = pinned(argumentsOf(command), cores);
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env, ...guard.env },
    detached: true,
    stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  const { pid = 0 } = child;
  if (pid > 0) guard.watch(pid);
  let words = '';
  let hasEnded = false;
  const handlers = new Set<(words: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-LAST_WORDS_BYTES);
      for (const handle of handlers) handle(words);
    });
  }
  // That it reads no more is told by its end.
  child.stdin?.on('error', () => undefined);
  const ended = endOf(child, () => {
    hasEnded = true;
  }).then(({ how, isGood }) => ({
    says: `${how}${isGood ? lastLine(words) : errorLine(words)}`,
    isGood,
  }));
  return {
    pid,
    input: child.stdin,
    ended,
    get hasEnded() {
      return hasEnded;
    },
    lastWords: () => words,
    onWords: (handler) => void handlers.add(handler),
    async stop(graceMs) {
      if (pid > 0) await endGroup(pid, graceMs);
      for (const stream of child.stdio) stream?.destroy();
    },
  };
}

function pinned(command: readonly string[], cores: readonly number[]): readonly string[] {
  return cores.length === 0 ? command : ['taskset', '-c', cores.join(','), ...command];
}

function endOf(
  child: ChildProcess,
  onEnd: () => void,
): Promise<{ readonly how: string; readonly isGood: boolean }> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      onEnd();
      resolve({ how: `could not be started: ${error.message}`, isGood: false });
    });
    child.once('exit', (code, by) => {
      onEnd();
      const tell = (): void => resolve({ how: howItEnded(code, by), isGood: code === 0 });
      const timer = setTimeout(tell, WORDS_MS);
      child.once('close', () => {
        clearTimeout(timer);
        tell();
      });
    });
  });
}

async function endGroup(leader: number, graceMs: number): Promise<void> {
  // Whoever has left the group by then is found by its mark, by the guard.
  const isOver = (): boolean => processesOfGroup(leader).length === 0;
  signal(-leader, 'SIGTERM');
  await until(isOver, graceMs);
  signal(-leader, 'SIGKILL');
  await until(isOver, KILLED_MS);
}
