/** What the command line needs of its process, as a value, so that tests can hand it a fake. */
import { createInterface } from 'node:readline';

export interface Io {
  /** Arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard input, line by line, until it or the signal ends it. */
  readonly lines?: (signal: AbortSignal) => AsyncIterable<string>;
  /** Results; with --json exactly one document. */
  out(text: string): void;
  /** Progress, warnings and errors. */
  err(text: string): void;
  /** The terminal behind `err`, where it is one and can be redrawn. */
  readonly terminal: NodeJS.WritableStream | undefined;
  readonly columns: number;
  readonly color: boolean;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

export function ioOf(process: NodeJS.Process): Io {
  const abort = new AbortController();
  // Whoever reads has seen enough, as in `list | head -1`: that is no fault, and what would go on for ever ends.
  process.stdout.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
    abort.abort();
  });
  // Progress that nobody reads any more ends no run.
  process.stderr.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
  });
  // Once only: a second Ctrl-C ends the program the hard way, which its exit hooks survive.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      abort.abort();
      process.once(signal, () => process.exit(130));
    });
  }
  return {
    args: process.argv.slice(2),
    env: process.env,
    lines: (signal) =>
      createInterface({ input: process.stdin, signal, crlfDelay: Number.POSITIVE_INFINITY }),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal: process.stderr.isTTY === true ? process.stderr : undefined,
    columns: process.stdout.columns ?? 100,
    color: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
    signal: abort.signal,
  };
}

const isClosedPipe = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE';
