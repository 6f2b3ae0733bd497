/**
 * `npm run bench:aa`: every scenario of stress with one arm against itself, one after the other, with small
 * parameters. Prints the verdict of each headline metric and fails where a difference beyond the margin is
 * claimed, where more differences are found than chance explains, or where there is no answer; takes some
 * half an hour. Names select scenarios (`npm run bench:aa sizes idle`);
 * PUSHBENCH_AA_ROUNDS sets the rounds (6, fewer than which have no verdict), PUSHBENCH_AA_OUT keeps the runs.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import type { RunResult } from '../../core/result.ts';
import { pointName, runResultSchema } from '../../core/result.ts';
import { formatChange } from '../../core/units.ts';
import { PLAIN_TABLE } from '../../reports/formats/plain-table.ts';
import type { scenarios } from '../../scenarios/registry.ts';
import type { AaVerdict } from './aa-verdicts.ts';
import { mostByChance, unanswered, verdictsOf } from './aa-verdicts.ts';

/** Options of each, small enough for minutes. */
const plans = {
  backpressure: '--quick --arms ws,ws',
  reconnect: '--quick --arms sse,sse',
  restart: '--quick --arms ws,ws',
  idle: '--quick --arms sse,sse',
  // So many and so long that what heartbeats take is well above noise.
  heartbeat: '--quick --arms ws,ws --vary interval=1s --clients 400 --window 2s',
  capacity: '--quick --arms sse,sse --rate 500/s --max-rate 4000/s',
  sizes: '--quick --arms ws,ws --vary payload=128B,16KiB',
  soak: '--quick --arms sse,sse',
} satisfies Partial<Record<keyof typeof scenarios, string>>;

const rounds = process.env['PUSHBENCH_AA_ROUNDS'] ?? '6';
const kept = process.env['PUSHBENCH_AA_OUT'];
const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(plans, name));
if (unknown !== undefined) {
  process.stderr.write(
    `bench:aa has no scenario '${unknown}'. Scenarios: ${Object.keys(plans).join(', ')}.\n`,
  );
  process.exit(2);
}

/** Finished, perhaps with trials that do not count; everything else has no answer. */
const ANSWERED = [0, 5];

const out = kept ?? mkdtempSync(join(tmpdir(), 'pushbench-aa-'));
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort());
}
try {
  const faulty: string[] = [];
  const all: AaVerdict[] = [];
  for (const [name, options] of Object.entries(plans)) {
    if (names.length > 0 && !names.includes(name)) continue;
    if (interrupted.signal.aborted) break;
    const run = await runOnce(name, options);
    process.stdout.write(`\n${name} ${options}\n`);
    if (run === undefined) {
      faulty.push(name);
      continue;
    }
    const verdicts = verdictsOf(run);
    all.push(...verdicts);
    const missing = unanswered(run, verdicts);
    process.stdout.write(`${tableOf(verdicts)}\n`);
    for (const point of missing)
      process.stdout.write(`  FAULT  nothing was compared${point === '' ? '' : ` at ${point}`}\n`);
    if (missing.length > 0 || verdicts.some(({ fault }) => fault !== undefined)) faulty.push(name);
  }
  const found = all.filter((one) => one.found).length;
  const most = mostByChance(all.length);
  process.stdout.write(
    `\nFound a difference, which at 5 % chance alone does: ${found} of ${all.length} comparisons; up to ${most} are no fault.\n`,
  );
  if (interrupted.signal.aborted) process.exitCode = 130;
  else if (faulty.length > 0 || found > most) {
    if (faulty.length > 0) process.stdout.write(`Not the same as itself: ${faulty.join(', ')}.\n`);
    process.exitCode = 1;
  }
} finally {
  if (kept === undefined) rmSync(out, { recursive: true, force: true });
}

/** @returns undefined where the program has not finished it; it has said why */
async function runOnce(scenario: string, options: string): Promise<RunResult | undefined> {
  const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  const args = ['bench', scenario, ...options.split(' '), '--rounds', rounds, '--head-room', 'off'];
  const child = spawn(process.execPath, [program, ...args, '--json', '--out', out], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Asked to end, it ends all that it has started.
    signal: interrupted.signal,
    killSignal: 'SIGTERM',
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      if (!interrupted.signal.aborted) reject(error);
    });
    child.once('close', resolve);
  });
  return code !== null && ANSWERED.includes(code)
    ? runResultSchema.parse(JSON.parse(stdout))
    : undefined;
}

function tableOf(verdicts: readonly AaVerdict[]): string {
  const table = new Table(PLAIN_TABLE);
  for (const { comparison, fault, found: isFound } of verdicts) {
    const { point, metric, arm, against, ratio, low, high } = comparison;
    const range =
      low === undefined || high === undefined ? '' : `${formatChange(low)} … ${formatChange(high)}`;
    table.push([
      fault !== undefined ? 'FAULT' : isFound ? 'found' : 'ok',
      pointName(point),
      metric,
      `${arm} / ${against}`,
      ratio === undefined ? '–' : formatChange(ratio),
      range,
      comparison.verdict,
      fault ?? '',
    ]);
  }
  return table.toString();
}
