/**
 * A cut in the middle of a broadcast, with real processes and real sockets: every connection that was to
 * be hit was hit, everybody comes back, what they missed is accounted for, and nothing is left behind.
 */
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { startProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
/** Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here. */
const FINISHED = [0, 5];
const CLIENTS = 20;
const SECONDS = 1.5;
const RATE = 20;
/**
 * Half-way between two messages, so that none of them is on its way. Nobody listens for silence: on a busy
 * machine that would end connections of its own.
 */
const SMALL = `--clients ${CLIENTS} --rate ${RATE}/s --duration ${SECONDS}s --warmup 0ms --at 225ms --for 300ms --retry 200ms --cap 400ms --silence 0ms --rounds 1 --json`;
const EXPECTED = CLIENTS * RATE * SECONDS;

async function bench(options: string): Promise<RunResult> {
  const program = startProgram([
    'bench',
    'reconnect',
    ...`${SMALL} ${options}`.split(' '),
    '--out',
    out,
  ]);
  const { stdout, stderr, code } = await program.finished;
  expect(FINISHED, stderr).toContain(code);
  expect(program.processes()).toEqual([]);
  return runResultSchema.parse(JSON.parse(stdout));
}

describe('a cut in the middle of a broadcast', () => {
  test('costs nothing where what was missed is replayed, and every cut is in the log of the relay', async () => {
    const { trials } = await bench('--cut rst --share 50% --arms sse,ws');
    expect(trials.map(({ arm }) => arm).sort()).toEqual(['sse', 'ws']);
    for (const { arm, ledger, fault, outcome } of trials) {
      expect({ arm, outcome, ...ledger }).toMatchObject({
        outcome: 'completed',
        expected: EXPECTED,
        received: EXPECTED,
        lost: 0,
        duplicated: 0,
        reordered: 0,
        foreign: 0,
      });
      expect(fault, arm).toMatchObject({
        planned: CLIENTS / 2,
        confirmed: { by: 'the log of the relay', count: CLIENTS / 2 },
        noticed: CLIENTS / 2,
        away: 0,
        gaps: 0,
      });
      expect(fault?.replayed, arm).toBeGreaterThan(0);
      // Whoever came back needed one attempt that was not refused.
      expect((fault?.attempts ?? 0) - (fault?.refused ?? 0), arm).toBe(CLIENTS / 2);
    }
  });

  test('loses with the server what was due while it was away, and the gaps are told', async () => {
    // What was never sent is waited for in vain, so not for long. At this rate two messages are a second.
    const [rate, seconds] = [2, 8];
    const load = `--rate ${rate}/s --duration ${seconds}s --for 4s`;
    const [trial] = (await bench(`--cut restart --arms ws --deadline 4s ${load}`)).trials;
    const { ledger, fault, outcome } = trial ?? {};
    expect(outcome).toBe('completed');
    const expected = CLIENTS * rate * seconds;
    expect(ledger).toMatchObject({ expected, duplicated: 0, reordered: 0, foreign: 0 });
    expect(fault).toMatchObject({ planned: CLIENTS, noticed: CLIENTS, away: 0, gaps: CLIENTS });
    expect(fault?.confirmed.by).toContain('SIGKILL');
    // On a busy machine the next server may not be there before the schedule is over.
    const backMs = Math.min(fault?.mendedAtMs ?? 0, seconds * 1_000);
    const away = (backMs - (fault?.confirmed.atMs ?? 0)) / 1_000;
    expect(away).toBeGreaterThan(4);
    // Never sent, so nobody has it: all that was due, but for a message or two at either end.
    expect(ledger?.lost).toBeGreaterThanOrEqual((away * rate - 2) * CLIENTS);
    expect(ledger?.lost).toBeLessThanOrEqual((away * rate + 2) * CLIENTS);
  });

  test('of everybody at once brings all back, to whichever of two processes, with all that they missed', async () => {
    const clients = 500;
    const [trial] = (await bench(`--clients ${clients} --processes 2 --deadline 60s --arms sse`))
      .trials;
    const expected = clients * RATE * SECONDS;
    expect({ outcome: trial?.outcome, ...trial?.ledger }).toMatchObject({
      outcome: 'completed',
      expected,
      received: expected,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      foreign: 0,
    });
    expect(trial?.fault).toMatchObject({
      planned: clients,
      confirmed: { count: clients },
      noticed: clients,
      away: 0,
      gaps: 0,
    });
    // While nobody was let in, at least one message was due to each of them.
    expect(trial?.fault?.replayed).toBeGreaterThanOrEqual(clients);
  });
});
