/**
 * Clients that really stop reading, and two ends that count independently: whoever is to be sent away is, and
 * nobody else; and what the server left out is what the clients miss, to the last delivery. No tolerances:
 * these are counts.
 */
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
const CLIENTS = 10;
const RATE = 100;
const STALL_S = 8;
/** Receive buffers grow to 32 MiB where the kernel may let them: each is offered half as much again. */
const PAYLOAD_KIB = 64;

async function bench(policy: string, stallS: number, ...args: string[]): Promise<RunResult> {
  const durationS = stallS + 2;
  const { stdout, stderr, code } = await runProgram([
    'bench',
    'backpressure',
    ...'--rounds 1 --arms sse,ws --warmup 300ms --at 500ms --stalled 10% --json'.split(' '),
    ...['--clients', `${CLIENTS}`, '--rate', `${RATE}/s`, '--payload', `${PAYLOAD_KIB}KiB`],
    ...['--stall', `${stallS}s`, '--duration', `${durationS}s`, '--policy', policy],
    ...['--out', out, ...args],
  ]);
  // A busy machine may call a trial invalid (5); what is counted must be right all the same.
  expect([0, 5], stderr).toContain(code);
  const run = runResultSchema.parse(JSON.parse(stdout));
  expect(run.trials.map(({ arm }) => arm).sort()).toEqual(['sse', 'sse-calm', 'ws', 'ws-calm']);
  return run;
}

describe('clients that stop reading', () => {
  test('are exactly those that disconnect sends away, over the limit of 1 MiB', async () => {
    const { trials } = await bench('disconnect', STALL_S, '--buffer-limit', '1MiB');
    for (const { arm, stall, ledger, closed } of trials) {
      const stalls = arm.endsWith('-calm') ? 0 : CLIENTS / 10;
      expect(stall, arm).toMatchObject({
        planned: stalls,
        stalled: stalls,
        readOn: 0,
        othersClosed: 0,
      });
      expect(stall?.evictedMs, arm).toHaveLength(stalls);
      for (const ms of stall?.evictedMs ?? []) {
        expect(ms, arm).toBeGreaterThan(0);
        expect(ms, arm).toBeLessThan(STALL_S * 1_000);
      }
      expect(
        closed.reduce((sum, { count }) => sum + count, 0),
        arm,
      ).toBe(stalls);
      const { healthy, accounts } = stall ?? {};
      expect(accounts?.disagreement, arm).toBe(0);
      // Nothing is missing to those who read; everything that is, is missing to those sent away.
      expect(healthy?.during.received, arm).toBe(healthy?.during.expected);
      expect(healthy?.after.received, arm).toBe(healthy?.after.expected);
      const { expected = 0, received = 0, dropped = 0, inFlight = 0, missed = 0 } = accounts ?? {};
      expect(received + dropped + inFlight + missed, arm).toBe(expected);
      expect(ledger?.lost, arm).toBe(expected - received);
      if (stalls > 0) expect(ledger?.lost, arm).toBeGreaterThan(0);
      else expect(ledger?.lost, arm).toBe(0);
    }
  });

  test.each(['drop-newest', 'drop-oldest', 'keep-latest'])(
    'lack exactly what %s left out',
    async (policy) => {
      const { trials } = await bench(policy, 5, '--buffer-limit', '256KiB');
      for (const { arm, stall, ledger, validity } of trials) {
        const { expected = 0, received = 0, dropped, ...accounts } = stall?.accounts ?? {};
        expect(accounts, arm).toMatchObject({ inFlight: 0, missed: 0, disagreement: 0 });
        expect(expected - received, arm).toBe(dropped);
        expect((ledger?.lost ?? 0) + (ledger?.coalesced ?? 0), arm).toBe(dropped);
        expect(ledger, arm).toMatchObject({ duplicated: 0, reordered: 0, foreign: 0 });
        expect(stall?.evictedMs, arm).toEqual([]);
        expect(stall?.recovery.behind, arm).toBe(0);
        expect(validity.checks, arm).toContainEqual(
          expect.objectContaining({ id: 'drop-accounts', value: 0, ok: 'pass' }),
        );
        if (!arm.endsWith('-calm')) expect(dropped, arm).toBeGreaterThan(0);
      }
    },
  );
});
