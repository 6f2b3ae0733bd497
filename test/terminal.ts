/** Starts the real program at a terminal, as a person does, and presses Ctrl-C there: every process of it gets the signal. */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Finished } from './program.ts';
import { DIST, MARKER, processesWith } from './program.ts';

export interface AtTerminal {
  /** With all that was shown, as stdout. */
  readonly finished: Promise<Finished>;
  /** Resolves when it has shown the text. */
  shows(text: string): Promise<void>;
  pressCtrlC(): void;
  processes(): { pid: number; command: string }[];
}

/** Why there can be no terminal here, unless it is CI's, where there has to be one. */
export const terminalMissing: string | undefined =
  process.env['CI'] === undefined && spawnSync('script', ['--version']).error !== undefined
    ? "there is no 'script' (apt-get install bsdutils)"
    : undefined;

/** @param args free of what a shell would read as something else */
export function startAtTerminal(args: readonly string[]): AtTerminal {
  const marker = randomUUID();
  const command = [process.execPath, join(DIST, 'cli', 'main.js'), ...args];
  // It makes the terminal, which has no size by itself, and ends with the code of what it has started.
  const child = spawn(
    'script',
    ['-qefc', `stty cols 200 rows 50; exec ${command.join(' ')}`, '/dev/null'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, npm_lifecycle_event: undefined, TERM: 'xterm', [MARKER]: marker },
    },
  );
  // Without its terminal the program hangs up, and its processes end with it.
  onTestFinished(() => {
    if (child.exitCode === null) child.kill('SIGKILL');
  });
  let stdout = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of waiting) look();
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr: '' }));
  });
  return {
    finished,
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!stdout.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        finished.then(() => reject(new Error(`ended without '${text}':\n${stdout}`)), reject);
      }),
    pressCtrlC: () => void child.stdin.write('\x03'),
    processes: () => processesWith(marker),
  };
}
