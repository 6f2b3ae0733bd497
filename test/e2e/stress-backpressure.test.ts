/** Clients that stop reading, with real sockets and small numbers: what both ends count, and what the report says of it. */
import { expect, test } from 'vitest';
import { runResultSchema } from '../../core/result.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
const MESSAGES = 100;

test('clients that stop reading lack what the server left out, and the others lack nothing', async () => {
  const { stdout, stderr, code } = await runProgram([
    'bench',
    'backpressure',
    ...'--clients 4 --stalled 25% --rate 40/s --payload 512KiB --buffer-limit 64KiB'.split(' '),
    ...'--at 200ms --stall 1800ms --warmup 0ms --duration 2500ms --rounds 1 --arms sse,ws'.split(
      ' ',
    ),
    ...['--json', '--out', out],
  ]);
  // Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here.
  expect([0, 5], stderr).toContain(code);
  const run = runResultSchema.parse(JSON.parse(stdout));
  expect(run.arms.map(({ name }) => name)).toEqual(['sse', 'ws', 'sse-calm', 'ws-calm']);
  expect(run.trials).toHaveLength(4);
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
    // 36 MiB are more than the kernel takes at one time, and 64 KiB less than one message.
    else expect(ledger?.lost, arm).toBeGreaterThan(0);
  }
  const counted = run.trials.map((trial) => ({
    ...trial,
    excluded: undefined,
    validity: { ...trial.validity, state: 'valid' as const },
  }));
  const [others = '', held = ''] = answersOf({ ...run, trials: counted });
  expect(others).toMatch(
    /^While 1 of 4 clients read nothing for 1\.8\d? s, messages to the others/,
  );
  expect(held).toMatch(/over SSE .* over WebSocket /);
  const page = renderHtml({ ...run, trials: counted });
  expect(page).toContain('id="stall"');
  expect(page).toContain('Buffered by the server in user space');
});
