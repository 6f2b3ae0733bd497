/**
 * Servers that others wrote, measured by the target files in examples/targets: each as its documentation shows
 * it, with no allowance made on either side. Nothing may be lost, come twice or be taken for a message that is
 * none, and what it costs is the cost of the processes that do the work.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { expect, test } from 'vitest';
import type { Trial } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { missing } from '../missing.ts';
import { runProgram, temporaryFolder } from '../program.ts';
import { programOf } from '../real-proxy.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'targets');
const fileOf = (name: string): string => join(EXAMPLES, `${name}.target.ts`);
const out = temporaryFolder();

const CLIENTS = 10;
const MESSAGES = 48;
const LOAD = [
  '--clients',
  `${CLIENTS}`,
  '--rate',
  '40/s',
  '--warmup',
  '0ms',
  '--duration',
  '1200ms',
];
/** Whether a busy machine lets these tiny trials count as valid (0) or not (3, 5) is not what is tested here. */
const FINISHED = [0, 3, 5];
/** Of the heartbeat of Socket.IO: everybody is pinged within the load. */
const PINGS = { PING_INTERVAL_MS: '200' };
/** Who is known to leave a ping unanswered is cut off within the load; others may be held up for a while. */
const IMPATIENT = { ...PINGS, PING_TIMEOUT_MS: '800' };

async function broadcast(
  targets: readonly string[],
  more: readonly string[] = [],
): Promise<readonly Trial[]> {
  const { stdout, stderr, code } = await runProgram(
    [
      ...['bench', 'broadcast', '--target', targets.join(','), ...LOAD, ...more],
      ...['--rounds', '1', '--json', '--out', out],
    ],
    PINGS,
  );
  expect(FINISHED, stderr).toContain(code);
  return runResultSchema.parse(JSON.parse(stdout)).trials;
}

/** Every message reached every client, once, and nothing else did. */
function expectAllDelivered({ arm, outcome, closed, ledger, metrics }: Trial): void {
  expect({ arm, outcome, closed, reach: metrics['reach'] }).toEqual({
    arm,
    outcome: 'completed',
    closed: [],
    reach: 1,
  });
  expect(ledger).toMatchObject({
    expected: CLIENTS * MESSAGES,
    received: CLIENTS * MESSAGES,
    lost: 0,
    duplicated: 0,
    foreign: 0,
  });
}

/** Ends the test where nginx or its module is missing. @throws Error with CI=true */
function mustHaveNchan(context: TestContext): void {
  programOf('nginx', context);
  // The file that says which module is loaded is the one that says where it is.
  const [, path = ''] = /load_module (\S+);/.exec(readFileSync(fileOf('nchan'), 'utf8')) ?? [];
  if (path !== '' && existsSync(path)) return;
  missing(`nchan is not installed (${path}); 'npm run test:setup' does it`, context);
}

/** Socket.IO again, by a target file that does not say that pings are to be answered. */
function muteFile(): string {
  const path = join(out, 'mute.target.ts');
  writeFileSync(
    path,
    `import target from '${fileOf('socket-io')}';
     const { replies, ...ws } = target.ws;
     const env = { ...target.env, ...${JSON.stringify(IMPATIENT)} };
     export default { ...target, name: 'mute', cwd: '${EXAMPLES}', env, ws };`,
  );
  return path;
}

test('better-sse, Hono and Socket.IO are arms of one run: every delivery is there, and only an unanswered heartbeat cuts off', async () => {
  const files = [...['better-sse', 'hono', 'socket-io'].map(fileOf), muteFile()];
  const trials = await broadcast(files, ['--deadline', '3s']);
  const arms = ['sse@better-sse', 'sse@hono', 'ws@mute', 'ws@socket-io'];
  expect(trials.map(({ arm }) => arm).sort()).toEqual(arms);
  for (const trial of trials.filter(({ arm }) => arm !== 'ws@mute')) {
    expectAllDelivered(trial);
    // A Node server does it in no less than that, and one that does nothing else in far less than this.
    expect(trial.metrics['server.cpu'], trial.arm).toBeGreaterThan(5_000);
    expect(trial.metrics['server.cpu'], trial.arm).toBeLessThan(5_000_000);
  }

  const { closed, ledger } = trials.find(({ arm }) => arm === 'ws@mute') ?? {};
  const unanswered = { cause: 'closed by the server with 1005', count: CLIENTS };
  // What nobody says anything about is no message, and is named.
  const unknown = { cause: expect.stringContaining('such as "2"'), count: expect.any(Number) };
  expect(closed).toEqual(expect.arrayContaining([unanswered, unknown]));
  expect(ledger?.received).toBeGreaterThan(0);
  expect(ledger?.lost).toBeGreaterThan(0);
});

test('nginx with nchan brings every message over SSE and WebSocket, and the cost is that of its worker', async (context) => {
  mustHaveNchan(context);
  const trials = await broadcast([fileOf('nchan')]);
  expect(trials.map(({ arm }) => arm).sort()).toEqual(['sse', 'ws']);
  for (const trial of trials) {
    expectAllDelivered(trial);
    // The process that was started only watches over its worker, and needs no CPU at all.
    expect(trial.metrics['server.cpu'], trial.arm).toBeGreaterThan(1_000);
    expect(trial.metrics['server.cpu'], trial.arm).toBeLessThan(1_000_000);
  }
});

test('doctor finds that every step of Socket.IO works, its opening among them', async () => {
  const { stdout, stderr, code } = await runProgram([
    ...['doctor', '--target', fileOf('socket-io'), '--json'],
  ]);
  const { ok, steps } = JSON.parse(stdout) as {
    ok: boolean;
    steps: { step: string; found: string }[];
  };
  expect({ ok, code }, stderr).toEqual({ ok: true, code: 0 });
  expect(steps.map(({ step }) => step)).toEqual([
    'file',
    'ws starts',
    'ws connects',
    'ws receives',
    'ws load',
    'ws stops',
  ]);
  expect(steps[2]?.found).toContain('went through 3 steps of opening');
});
