/** Somebody else's server that keeps what it sent: who comes back says what it saw last, and lacks nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runResultSchema } from '../../core/result.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const SERVER = join(import.meta.dirname, '..', 'fixtures', 'targets', 'replaying-server.mjs');
const folder = temporaryFolder();

test('clients that are cut off say Last-Event-ID and are given what they missed', async () => {
  const comebacks = join(folder, 'comebacks');
  const file = join(folder, 'keeper.target.json');
  const target = {
    name: 'keeper',
    env: { COMEBACKS: comebacks },
    start: { command: [process.execPath, SERVER] },
    sse: { url: 'http://127.0.0.1:{port}/events', resume: true },
    publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{message}' } },
  };
  writeFileSync(file, JSON.stringify(target));
  writeFileSync(comebacks, '');
  const { stdout, stderr, code } = await runProgram([
    ...['bench', 'reconnect', '--target', file, '--clients', '10', '--rate', '20/s'],
    ...['--warmup', '0ms', '--at', '3s', '--for', '300ms', '--retry', '300ms'],
    ...['--duration', '5s', '--rounds', '1', '--json', '--out', folder],
  ]);
  // Whether a busy machine lets so small a trial count is not what is tested here.
  expect([0, 3, 5], stderr).toContain(code);
  const [trial, ...others] = runResultSchema.parse(JSON.parse(stdout)).trials;
  expect(others).toEqual([]);
  expect(trial).toMatchObject({
    arm: 'sse',
    outcome: 'completed',
    ledger: { expected: 1_000, received: 1_000, lost: 0, duplicated: 0, foreign: 0 },
  });
  const said = readFileSync(comebacks, 'utf8').trim().split('\n');
  // Each of the ten, and of no message before the cut.
  expect(said).toHaveLength(10);
  for (const id of said) expect(Number(/^n(\d+)$/.exec(id)?.[1])).toBeGreaterThanOrEqual(20);
});
