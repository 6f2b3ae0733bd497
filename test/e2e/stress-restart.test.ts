/**
 * A server of two real processes behind one port whose processes are replaced one by one in the middle of
 * a broadcast: every message is accounted for, whichever way they end, and nothing is left behind.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Trial } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { startProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
/** Of the programs of this file alone: whatever is in it after they ended was left there. */
const temporary = temporaryFolder();
/** Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here. */
const FINISHED = [0, 5];
const CLIENTS = 24;
const SECONDS = 5;
const RATE = 20;

async function bench(scenario: string, options: string): Promise<Trial[]> {
  const program = startProgram(
    ['bench', scenario, ...`${options} --warmup 0ms --rounds 1 --json --out ${out}`.split(' ')],
    { TMPDIR: temporary },
  );
  const { stdout, stderr, code } = await program.finished;
  expect(FINISHED, stderr).toContain(code);
  expect(program.processes()).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
  return runResultSchema.parse(JSON.parse(stdout)).trials;
}

describe('a server of several processes', () => {
  test('loses nothing and tells nothing twice while its processes are replaced', async () => {
    const trials = await bench(
      'restart',
      `--clients ${CLIENTS} --rate ${RATE}/s --duration ${SECONDS}s --at 5% --retry 300ms --arms ws`,
    );
    expect(trials.map(({ arm }) => arm).sort()).toEqual(['ws', 'ws-kill']);
    const expected = CLIENTS * RATE * SECONDS;
    for (const { arm, ledger, fault, outcome } of trials) {
      expect({ arm, outcome, ...ledger }).toMatchObject({
        outcome: 'completed',
        expected,
        received: expected,
        lost: 0,
        duplicated: 0,
        reordered: 0,
        foreign: 0,
      });
      expect(fault?.cut).toBe(arm === 'ws' ? 'drain' : 'rolling-kill');
      // All of them once, and again who came back to the one that was still to be replaced.
      expect(fault?.noticed).toBeGreaterThanOrEqual(CLIENTS);
      expect(fault?.confirmed.count).toBe(fault?.noticed);
      expect([fault?.away, fault?.gaps, fault?.refused]).toEqual([0, 0, 0]);
      expect(fault?.replayed).toBeGreaterThan(0);
    }
  });

  test('without replay loses what was due each time a client was away, and says so', async () => {
    const [rate, seconds] = [4, 12];
    const [trial] = await bench(
      'restart',
      // Eight messages in a usual time away; two are more than a busy machine is late.
      `--clients ${CLIENTS} --rate ${rate}/s --duration ${seconds}s --at 5% --retry 4s --cap 4s --arms sse --way kill --resume off`,
    );
    const { fault, ledger, validity } = trial ?? {};
    const { predicted = 0, found = 0 } = fault?.loss ?? {};
    // Once at least is each of them away, most of them twice.
    const times = fault?.noticed ?? 0;
    expect(times).toBeGreaterThanOrEqual(CLIENTS);
    expect([fault?.cut, fault?.resume, fault?.away, fault?.early]).toEqual([
      'rolling-kill',
      false,
      0,
      0,
    ]);
    expect(found).toBe(ledger?.lost);
    expect(fault?.replayed ?? 0).toBe(0);
    // A message at each end of a time away may fall to either side of it.
    expect(Math.abs(found - predicted)).toBeLessThanOrEqual(2 * times);
    expect(found).toBeGreaterThan(2 * times);
    // From the first kill to the last return would be far more.
    expect(found).toBeLessThan(0.5 * CLIENTS * rate * seconds);
    expect(validity?.checks.find(({ id }) => id === 'fault-confirmed')?.ok).toBe('pass');
  });

  test('gives answers of one stream though its POSTs reach any process, and asks all its clients', async () => {
    const options = '--processes 2 --clients 8 --duration 500ms --timeout 30s --arms sse';
    const [requests] = await bench('request', `--rate 100/s ${options}`);
    expect(requests?.trips?.request?.counts).toMatchObject({
      planned: 50,
      answered: 50,
      errors: 0,
    });
    const [asks] = await bench('ask', `--rate 100/s ${options}`);
    expect(asks?.trips?.ask?.counts).toMatchObject({ planned: 50, answered: 50, errors: 0 });
  });
});
