/** How long the two commands take that a newcomer runs first. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Supervisor } from '../../loadgen/child-process.ts';
import type { Finding } from './finding.ts';
import { atMost } from './finding.ts';

const QUICK_LIMIT_S = 30;
const DEFAULT_LIMIT_S = 240;

export async function benchCommands(
  _supervisor: Supervisor,
  _rounds: number,
  log: (text: string) => void,
): Promise<Finding[]> {
  const quick = await secondsOf(['--quick']);
  log(`commands: bench broadcast --quick took ${quick.toFixed(1)} s`);
  const full = await secondsOf([]);
  log(`commands: bench broadcast took ${full.toFixed(1)} s`);
  return [
    atMost(
      'command.quick',
      quick,
      QUICK_LIMIT_S,
      's',
      'npm run bench broadcast -- --quick, on a machine that has not seen it before',
    ),
    atMost(
      'command.default',
      full,
      DEFAULT_LIMIT_S,
      's',
      'npm run bench broadcast, on a machine that has not seen it before',
    ),
  ];
}

/** From start to end, in an empty output folder, so that nothing measured before is used. */
function secondsOf(flags: readonly string[]): Promise<number> {
  const out = mkdtempSync(join(tmpdir(), 'pushbench-self-'));
  const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  const startedAt = performance.now();
  return new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, [program, 'bench', 'broadcast', ...flags, '--out', out], {
      stdio: 'ignore',
    });
    child.once('error', reject);
    child.once('close', () => resolve((performance.now() - startedAt) / 1_000));
  }).finally(() => rmSync(out, { recursive: true, force: true }));
}
