/** Runs the command `probe` in this process, as a person would, and hands back what they would see. */
import { runCommand } from '../cli/commands.ts';
import type { Io } from '../cli/io.ts';
import type { Advice, ProbeResult, StreamKind } from '../core/records/probe.ts';
import type { ProbeEndpoint } from '../loadgen/probing/endpoint.ts';
import { createSignal } from './recorder.ts';

export interface ProbeRun {
  readonly code: Promise<number>;
  out(): string;
  err(): string;
  /** Resolves when that has been printed, on whichever stream. */
  says(text: string): Promise<void>;
  interrupt(): void;
}

/** @param typed what is typed at a terminal; undefined: there is none */
export function startProbe(args: readonly string[], typed?: readonly string[]): ProbeRun {
  const abort = new AbortController();
  const changed = createSignal();
  let [out, err] = ['', ''];
  const io: Io = {
    args: ['probe', ...args],
    env: {},
    async *lines() {
      yield* typed ?? [];
    },
    out(text) {
      out += text;
      changed.raise();
    },
    err(text) {
      err += text;
      changed.raise();
    },
    terminal: typed === undefined ? undefined : process.stderr,
    columns: 100,
    color: false,
    signal: abort.signal,
  };
  return {
    code: runCommand(io),
    out: () => out,
    err: () => err,
    says: (text) =>
      changed.until(() => (`${out}${err}`.includes(text) ? null : undefined)).then(() => undefined),
    interrupt: () => abort.abort(),
  };
}

/** With --json. @throws Error with what was said when it did not end well */
export async function probeJson(
  ...args: readonly string[]
): Promise<ProbeResult & { readonly advice: Advice }> {
  const run = startProbe([...args, '--json']);
  const code = await run.code;
  if (code !== 0) throw new Error(`ended with ${code}: ${run.err()}`);
  return JSON.parse(run.out()) as ProbeResult & { readonly advice: Advice };
}

export const endpointAt = (port: number, transport: StreamKind): ProbeEndpoint => ({
  url: new URL(`http://127.0.0.1:${port}`),
  transport,
  headers: {},
  userAgent: 'pushbench-test',
  insecure: false,
  timeoutMs: 5_000,
});
