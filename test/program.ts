/** Starts the real program as a person would, and can tell which processes it has left behind. */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { scenarios } from '../scenarios/registry.ts';

const ROOT = join(import.meta.dirname, '..');
/** Another build than the one in the tree, where that is named. */
export const DIST = process.env['PUSHBENCH_TEST_DIST'] ?? join(ROOT, 'dist');
/** Inherited by every process of one program, whoever its parent is. */
export const MARKER = 'PUSHBENCH_TEST_MARKER';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Program {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Processes of this program that are running, by what they run. */
  processes(): { pid: number; command: string }[];
  /** Resolves when stderr holds the text. */
  says(text: string): Promise<void>;
}

/** The control and the generator's ceiling take seconds each: tests that are not about them do without. */
function shortened(args: readonly string[]): readonly string[] {
  const [command, scenario = ''] = args;
  // What is to be refused is given as a person would.
  const runs = command === 'bench' && Object.hasOwn(scenarios, scenario) && args.includes('--out');
  return runs && !args.includes('--control')
    ? [...args, '--control', 'off', '--head-room', 'off']
    : args;
}

/** Looks again every 20 ms until it is so; the test's own time-out is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function startProgram(asked: readonly string[], env: Record<string, string> = {}): Program {
  const args = shortened(asked);
  const marker = randomUUID();
  const child = spawn(process.execPath, [join(DIST, 'cli', 'main.js'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_lifecycle_event: undefined, ...env, [MARKER]: marker },
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  // A test that fails half-way leaves its program to this.
  onTestFinished(() => {
    if (child.exitCode === null) child.kill('SIGKILL');
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    finished,
    processes: () => processesWith(marker),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!stderr.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        finished.then(
          () => reject(new Error(`ended without saying '${text}':\n${stderr}`)),
          reject,
        );
      }),
  };
}

export function runProgram(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Finished> {
  return startProgram(args, env).finished;
}

export function processesWith(marker: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARKER}=${marker}`))
          return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return [{ pid: Number(pid), command }];
      } catch {
        // It ended while we looked, or belongs to somebody else.
        return [];
      }
    });
}

/** Names of the network namespaces that a process has made: other tests beside this one have theirs. */
export function namespacesOf(pid: number | undefined): string[] {
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns').filter((name) => name.startsWith(`pushbench-${pid}-`));
}

/** Names of the temporary folders of routes that a process has made, likewise. */
export function routeFoldersOf(pid: number | undefined): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`pushbench-route-${pid}-`));
}

/** A folder that is removed when the test is over, or those of the file, where it is made for all of them. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    onTestFinished(remove);
  } catch {
    // No test is running; while one is, the hooks of its file have been collected, and one more would not be heard.
    afterAll(remove);
  }
  return folder;
}

/** The run files below a folder, oldest first. */
export function runFilesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('run.json'))
    .sort()
    .map((name) => join(folder, name));
}

/** A load small enough to be over in a second, on one arm. */
export const SMALL = [
  '--clients',
  '20',
  '--rate',
  '20/s',
  '--warmup',
  '0ms',
  '--duration',
  '1s',
  '--rounds',
  '1',
  '--arms',
  'ws',
] as const;
