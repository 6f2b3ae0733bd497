/** Runs a command inside the test, as a person would type it, and hands back what they would see. */
import { runCommand } from '../cli/commands.ts';
import { fakeIo } from './fake-io.ts';
import { createSignal } from './recorder.ts';

export interface CommandEnd {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** To its end. */
export async function command(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandEnd> {
  const { io, said } = fakeIo({ args, env });
  const code = await runCommand(io);
  return { code, ...said };
}

export interface RunningCommand {
  readonly code: Promise<number>;
  out(): string;
  err(): string;
  /** Resolves when that has been printed, on whichever stream. */
  says(text: string): Promise<void>;
  /** Ctrl-C. */
  interrupt(): void;
}

export interface CommandOptions {
  /** The lines of standard input. */
  readonly input?: readonly string[];
  readonly terminal?: NodeJS.WritableStream | undefined;
}

/** One that goes on until it is interrupted. */
export function startCommand(
  args: readonly string[],
  { input = [], terminal }: CommandOptions = {},
): RunningCommand {
  const abort = new AbortController();
  const changed = createSignal();
  const { io, said } = fakeIo(
    {
      args,
      async *lines() {
        yield* input;
      },
      terminal,
      signal: abort.signal,
    },
    changed.raise,
  );
  return {
    code: runCommand(io),
    out: () => said.out,
    err: () => said.err,
    says: (text) =>
      changed
        .until(() => (`${said.out}${said.err}`.includes(text) ? null : undefined))
        .then(() => undefined),
    interrupt: () => abort.abort(),
  };
}
