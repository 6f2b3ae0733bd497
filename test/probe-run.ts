/** Runs the command `probe` in this process, as a person would, and hands back what they would see. */
import type { Advice, ProbeResult, StreamKind } from '../core/records/probe.ts';
import type { ProbeEndpoint } from '../loadgen/probing/endpoint.ts';
import type { RunningCommand } from './command.ts';
import { startCommand } from './command.ts';

/** @param typed what is typed at a terminal; undefined: there is none */
export const startProbe = (args: readonly string[], typed?: readonly string[]): RunningCommand =>
  startCommand(
    ['probe', ...args],
    typed === undefined ? {} : { input: typed, terminal: process.stderr },
  );

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
