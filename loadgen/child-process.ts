/**
 * A child process as the controller holds it: typed messages, its last words, and an end that is
 * certain. What was started here is ended here, on every path.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { howItEnded } from '../core/process-end.ts';

/** How long a child may take to end when asked, unless it was said, ms. Then it is killed. */
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
  /** Rejects when the child has ended, whether or not it was asked to. Never resolves. */
  readonly failure: Promise<never>;
  /**
   * Rejects when the child was ended by a signal or with an error although nobody here asked it to. Never
   * resolves. One that ends by itself in good order has not crashed.
   */
  readonly crash: Promise<never>;
  /** Asks with `message`, then insists. Resolves when the process is gone. */
  stop(message: In): Promise<void>;
  kill(): void;
}

export interface ChildOptions {
  readonly title: string;
  /** Path of the script relative to this file, without its extension; or absolute, with it. */
  readonly script: string;
  readonly config: unknown;
  /** Cores to run on; any, when empty. */
  readonly cores: readonly number[];
  /** Name of the network namespace to run in; left out: that of this process. */
  readonly within?: string | undefined;
}

/** What a script printed, or why it printed nothing, as the end of a sentence. */
export type ScriptOutcome = { readonly output: string } | { readonly says: string };

/** Starts children and sees to it that none outlives this process. */
export interface Supervisor {
  start<In, Out extends { readonly kind: string }>(options: ChildOptions): Child<In, Out>;
  /** Runs a script that prints one line. It is ended when the time is up. */
  runScript(script: string, args: readonly string[], timeoutMs: number): Promise<ScriptOutcome>;
  /** Ends every child that is still running, now. */
  killAll(): void;
  /** Call when done; ends what is left. */
  close(): void;
}

/**
 * @param stopTimeoutMs how long a child may take to end when asked
 * @param moreTimeFor the option that allows more time for a report of this kind; undefined where there is none
 */
export function createSupervisor(
  stopTimeoutMs = STOP_TIMEOUT_MS,
  moreTimeFor: (report: string) => string | undefined = () => undefined,
): Supervisor {
  const running = new Set<ChildProcess>();
  const killAll = (): void => {
    for (const child of running) child.kill('SIGKILL');
  };
  // The last resort, for an exit that nobody foresaw; a kill -9 of this process closes the channels.
  process.on('exit', killAll);
  return {
    start: (options) => startChild(options, running, stopTimeoutMs, moreTimeFor),
    runScript: (script, args, timeoutMs) =>
      new Promise((resolve) => {
        // The channel carries nothing: its end tells the script that this process is gone.
        const child = spawn(process.execPath, [scriptPath(script), ...args], {
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        });
        running.add(child);
        let output = '';
        let lastWords = '';
        let isLate = false;
        const timer = setTimeout(() => {
          isLate = true;
          child.kill('SIGKILL');
        }, timeoutMs);
        const end = (outcome: ScriptOutcome): void => {
          clearTimeout(timer);
          running.delete(child);
          resolve(outcome);
        };
        child.stdout?.setEncoding('utf8').on('data', (text: string) => {
          output += text;
          if (!text.endsWith('\n') || !child.connected) return;
          // It has said all, and lives on only for the channel. Node emits no 'close' after that.
          child.once('exit', () => end({ output }));
          child.disconnect();
        });
        child.stderr?.setEncoding('utf8').on('data', (text: string) => {
          lastWords = (lastWords + text).slice(-STDERR_TAIL_BYTES);
        });
        child.once('error', (error) => end({ says: `could not be started: ${error.message}` }));
        child.once('exit', () => {
          if (isLate) end({ says: `said nothing within ${timeoutMs} ms` });
        });
        child.once('close', (code, signal) => {
          end({ says: `${howItEnded(code, signal)}${reasonIn(lastWords)}` });
        });
      }),
    killAll,
    close() {
      killAll();
      process.off('exit', killAll);
    },
  };
}

/** The error in the last words of a process of Node, as the rest of a sentence; '' where there is none. */
function reasonIn(lastWords: string): string {
  const error = /^(?:\w*Error)(?: \[\w+\])?: (.*)$/m.exec(lastWords)?.[1];
  return error === undefined ? '' : `: ${error}`;
}

/** What a child that speaks for another program says has become of that one; its own end is no news then. */
function ownWords(lastWords: string): string | undefined {
  return /^TargetFailure: (.*)$/m.exec(lastWords)?.[1];
}

/** The compiled script beside compiled code, the source beside sources. */
function scriptPath(script: string): string {
  if (isAbsolute(script)) return script;
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(`${script}${extension}`, import.meta.url));
}

/** Where iproute2 keeps those that have a name. */
export function namespacePath(name: string): string {
  return `/run/netns/${name}`;
}

function startChild<In, Out extends { readonly kind: string }>(
  options: ChildOptions,
  running: Set<ChildProcess>,
  stopTimeoutMs: number,
  moreTimeFor: (report: string) => string | undefined,
): Child<In, Out> {
  const node = [
    process.execPath,
    // undici warns that its EventSource is experimental, once per process, on stderr.
    '--disable-warning=UNDICI-ES',
    scriptPath(options.script),
    JSON.stringify(options.config),
  ];
  const pinned =
    options.cores.length > 0 ? ['taskset', '-c', options.cores.join(','), ...node] : node;
  // Both become what they start, so the process has the number that is known here.
  const [command = '', ...args] =
    options.within === undefined
      ? pinned
      : ['nsenter', `--net=${namespacePath(options.within)}`, ...pinned];
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
  const ended = new Promise<{ readonly how: string; readonly inOrder: boolean }>((resolve) => {
    child.once('error', (error) =>
      resolve({ how: `could not be started: ${error.message}`, inOrder: false }),
    );
    // 'close' rather than 'exit': stderr has been read to its end.
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ how: howItEnded(code, signal), inOrder: code === 0 });
    });
  });
  const failure = ended.then(({ how }): never => {
    if (stopping) throw new TrialFailure(`${options.title} was stopped`, stderrTail);
    throw new TrialFailure(
      ownWords(stderrTail) ?? `${options.title} ${how}${reasonIn(stderrTail)}`,
      stderrTail,
    );
  });
  const crash = new Promise<never>((_, reject) => {
    failure.catch(async (error: unknown) => {
      if (!stopping && !(await ended).inOrder) reject(error);
    });
  });
  // Whoever waits for the child sees the rejection; with nobody waiting it is not a fault.
  failure.catch(() => undefined);
  crash.catch(() => undefined);

  return {
    title: options.title,
    pid: child.pid ?? 0,
    failure,
    crash,
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
          const option = moreTimeFor(kind);
          const more = option === undefined ? '' : ` (${option} allows it more)`;
          reject(
            new TrialFailure(
              `${options.title} did not report '${kind}' within ${Math.round(timeoutMs)} ms: it hangs, or the machine is too busy${more}`,
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
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
    kill: () => {
      stopping = true;
      child.kill('SIGKILL');
    },
  };
}
