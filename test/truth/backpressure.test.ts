/**
 * Clients that really stop reading, and two ends that count independently: whoever is to be sent away is, and
 * nobody else; and what the server left out is what the clients miss, to the last delivery. No tolerances:
 * these are counts. Only what is read of a trickle is told by the time, to a tenth of a second of the load.
 */
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
const CLIENTS = 40;
/** 10 % of them: more than one, so that it shows whether each is counted, and whether it is the right ones. */
const STALLED = 4;
const RATE = 50;
const STALL_S = 8;
/** Receive buffers grow to 32 MiB where the kernel may let them: each is offered half as much again. */
const PAYLOAD_KIB = 128;

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
    for (const { arm, stall, ledger, closed, validity } of trials) {
      const stalls = arm.endsWith('-calm') ? 0 : STALLED;
      expect(stall, arm).toMatchObject({
        planned: stalls,
        stalled: stalls,
        readOn: 0,
        closed: stalls,
        evicted: stalls,
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
      for (const id of ['healthy-kept', 'connections-kept']) {
        expect(validity.checks, arm).toContainEqual(
          expect.objectContaining({ id, value: 0, ok: 'pass' }),
        );
      }
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

  test('read as much as they may where they read a trickle, and no more', async () => {
    const [mib, readMib, stallS] = [2 ** 20, 2, 2];
    const { trials } = await bench('drop-newest', stallS, '--read', `${readMib}MiB`);
    const perS = (RATE * PAYLOAD_KIB) / 1_024;
    for (const { arm, stall } of trials.filter(({ arm }) => !arm.endsWith('-calm'))) {
      expect(stall, arm).toMatchObject({ readBytesPerS: readMib * mib, readOn: 0 });
      const { held, fromMs = 0 } = stall ?? {};
      const seconds = ((held?.ms ?? 0) - fromMs) / 1_000;
      expect(seconds, arm).toBeGreaterThan(stallS / 2);
      // Published meanwhile, and not read at the last look. The look comes between two messages and two reads.
      const readBytes = perS * mib * seconds - (held?.offeredBytes ?? 0);
      const tolerance = 0.1 * perS + (2 * PAYLOAD_KIB) / 1_024;
      expect(Math.abs(readBytes / mib - readMib * seconds), arm).toBeLessThan(tolerance);
    }
  });
});
