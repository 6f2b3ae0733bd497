/**
 * A child process as the controller holds it: typed messages, its last words, and an end that is
 * certain. What was started here is ended here, on every path.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How long a child may take to end when asked, ms. Then it is killed. */
const STOP_TIMEOUT_MS = 5_000;
const STDERR_TAIL_BYTES = 4_000;

/** Why a trial did not come about: a child that ended or did not answer, or nobody who could connect. */
export class TrialFailure extends Error {
  override readonly name = 'TrialFailure';
  readonly stderrTail: string;

  constructor(message: string, stderrTail = '') {
    super(message);
    this.stderrTail = stderrTail;
  }
}

export interface Child<In, Out extends { readonly kind: string }> {
  readonly title: string;
  readonly pid: number;
  send(message: In): void;
  /**
   * The next message of this kind.
   * @throws TrialFailure when the child ends first, or the time is up.
   */
  next<K extends Out['kind']>(kind: K, timeoutMs: number): Promise<Extract<Out, { kind: K }>>;
  on<K extends Out['kind']>(kind: K, handler: (message: Extract<Out, { kind: K }>) => void): void;
  /** Rejects when the child ends although nobody asked it to. Never resolves. */
  readonly failure: Promise<never>;
  /** Asks with `message`, then insists. Resolves when the process is gone. */
  stop(message: In): Promise<void>;
  kill(): void;
}

export interface ChildOptions {
  readonly title: string;
  /** Path of the script relative to this file, without its extension. */
  readonly script: string;
  readonly config: unknown;
  /** Cores to run on; any, when empty. */
  readonly cores: readonly number[];
}

/** Starts children and sees to it that none outlives this process. */
export interface Supervisor {
  start<In, Out extends { readonly kind: string }>(options: ChildOptions): Child<In, Out>;
  /** Runs a script that prints one answer; undefined when it fails. */
  runScript(script: string, args: readonly string[]): Promise<string | undefined>;
  /** Ends every child that is still running, now. */
  killAll(): void;
  /** Call when done; ends what is left. */
  close(): void;
}

export function createSupervisor(): Supervisor {
  const running = new Set<ChildProcess>();
  const killAll = (): void => {
    for (const child of running) child.kill('SIGKILL');
  };
  // The last resort, for an exit that nobody foresaw; a kill -9 of this process closes the channels.
  process.on('exit', killAll);
  return {
    start: (options) => startChild(options, running),
    runScript: (script, args) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [scriptPath(script), ...args], {
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        running.add(child);
        let output = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
        child.once('error', () => resolve(undefined));
        child.once('close', (code) => {
          running.delete(child);
          resolve(code === 0 ? output : undefined);
        });
      }),
    killAll,
    close() {
      killAll();
      process.off('exit', killAll);
    },
  };
}

/** The compiled script beside compiled code, the source beside sources. */
function scriptPath(script: string): string {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(`${script}${extension}`, import.meta.url));
}

function startChild<In, Out extends { readonly kind: string }>(
  options: ChildOptions,
  running: Set<ChildProcess>,
): Child<In, Out> {
  const node = [
    process.execPath,
    // undici warns that its EventSource is experimental, once per process, on stderr.
    '--disable-warning=UNDICI-ES',
    scriptPath(options.script),
    JSON.stringify(options.config),
  ];
  const [command = '', ...args] =
    options.cores.length > 0 ? ['taskset', '-c', options.cores.join(','), ...node] : node;
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  running.add(child);

  let stderrTail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-STDERR_TAIL_BYTES);
  });

  const handlers = new Map<string, Set<(message: Out) => void>>();
  child.on('message', (message) => {
    const typed = message as Out;
    for (const handle of handlers.get(typed.kind) ?? []) handle(typed);
  });
  const handlersOf = (kind: string): Set<(message: Out) => void> => {
    const known = handlers.get(kind) ?? new Set();
    handlers.set(kind, known);
    return known;
  };

  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    // 'close' rather than 'exit': stderr has been read to its end.
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
    });
  });
  const failure = ended.then((how): never => {
    if (stopping) throw new TrialFailure(`${options.title} was stopped`, stderrTail);
    throw new TrialFailure(`${options.title} ${how}`, stderrTail);
  });
  // Whoever waits for the child sees the rejection; with nobody waiting it is not a fault.
  failure.catch(() => undefined);

  return {
    title: options.title,
    pid: child.pid ?? 0,
    failure,
    send: (message) => {
      // A child that is ending has closed its channel; `failure` says so to those who wait.
      if (child.connected) child.send(message as object, () => undefined);
    },
    on: (kind, handler) => void handlersOf(kind).add(handler as (message: Out) => void),
    next: <K extends Out['kind']>(kind: K, timeoutMs: number) => {
      let timer: NodeJS.Timeout | undefined;
      let handler: (message: Out) => void = () => undefined;
      const answer = new Promise<Extract<Out, { kind: K }>>((resolve, reject) => {
        handler = (message) => resolve(message as Extract<Out, { kind: K }>);
        handlersOf(kind).add(handler);
        timer = setTimeout(() => {
          reject(
            new TrialFailure(
              `${options.title} did not report '${kind}' within ${timeoutMs} ms`,
              stderrTail,
            ),
          );
        }, timeoutMs);
      });
      return Promise.race([answer, failure]).finally(() => {
        clearTimeout(timer);
        handlersOf(kind).delete(handler);
      });
    },
    async stop(message) {
      stopping = true;
      if (child.connected) child.send(message as object, () => undefined);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    },
    kill: () => {
      stopping = true;
      child.kill('SIGKILL');
    },
  };
}
