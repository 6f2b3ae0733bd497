/** Clients that stop reading, with real sockets and small numbers: what both ends count, and what the report says of it. */
import { expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
const MESSAGES = 100;

async function bench(...args: string[]): Promise<RunResult> {
  const { stdout, stderr, code } = await runProgram([
    'bench',
    'backpressure',
    ...'--clients 4 --stalled 25% --rate 20/s --payload 512KiB --warmup 0ms --rounds 1'.split(' '),
    ...[...args, '--json', '--out', out],
  ]);
  // Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here.
  expect([0, 5], stderr).toContain(code);
  return runResultSchema.parse(JSON.parse(stdout));
}

test('clients that stop reading lack what the server left out, and the others lack nothing', async () => {
  const run = await bench(
    ...'--buffer-limit 22MiB --at 200ms --stall 4500ms --duration 5s --arms sse'.split(' '),
  );
  expect(run.arms.map(({ name }) => name)).toEqual(['sse', 'sse-calm']);
  expect(run.trials).toHaveLength(2);
  for (const { arm, stall, ledger } of run.trials) {
    const stalled = arm.endsWith('-calm') ? 0 : 1;
    expect(stall, arm).toMatchObject({ planned: stalled, stalled, readOn: 0, othersClosed: 0 });
    expect(stall?.healthy, arm).toMatchObject({ clients: 3 });
    expect(stall?.accounts, arm).toMatchObject({
      expected: 4 * MESSAGES,
      inFlight: 0,
      missed: 0,
      disagreement: 0,
    });
    expect(ledger?.lost, arm).toBe(stall?.accounts.dropped);
    if (stalled === 0) expect(ledger?.lost, arm).toBe(0);
    // 45 MiB are more than the kernel takes at one time and 22 MiB together. Those who read come near that only
    // when they are held up for two seconds.
    else expect(ledger?.lost, arm).toBeGreaterThan(0);
  }
  const counted = run.trials.map((trial) => ({
    ...trial,
    excluded: undefined,
    validity: { ...trial.validity, state: 'valid' as const },
  }));
  const [others = '', held = ''] = answersOf({ ...run, trials: counted });
  expect(others).toMatch(
    /^While 1 of 4 clients read nothing for 4\.5\d? s, messages to the others/,
  );
  expect(held).toMatch(/over SSE .* in the kernel and /);
  const page = renderHtml({ ...run, trials: counted });
  expect(page).toContain('id="stall"');
  expect(page).toContain('Buffered by the server in user space');
});

test('with block everybody waits for the one that does not read, and it alone lacks what was left out', async () => {
  const { trials } = await bench(
    ...'--policy block --buffer-limit 22MiB --at 200ms --stall 4500ms --duration 5s --arms ws'.split(
      ' ',
    ),
  );
  for (const { arm, stall, probes, ledger } of trials) {
    const { healthy, accounts } = stall ?? {};
    expect(stall, arm).toMatchObject({ policy: 'block', othersClosed: 0, evicted: 0 });
    expect(healthy?.during.received, arm).toBe(healthy?.during.expected);
    expect(accounts, arm).toMatchObject({ inFlight: 0, missed: 0, disagreement: 0 });
    expect(probes, arm).toMatchObject({
      serverDropped: accounts?.dropped,
      'drops.blocked': accounts?.dropped,
    });
    expect(ledger?.lost, arm).toBe(accounts?.dropped);
    if (arm === 'ws-calm') expect(probes['blockedNs'], arm).toBe(0);
    else expect(probes['blockedNs'], arm).toBeGreaterThan(0);
  }
});
