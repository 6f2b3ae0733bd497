/**
 * Faults that are known exactly where they are made, found again by the instrument. Where the answer is
 * a time, the tolerance stands beside it.
 */
import { describe, expect, test } from 'vitest';
import type { RunResult, Trial } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();

async function bench(inject: string, ...args: string[]): Promise<RunResult> {
  const { stdout, stderr, code } = await runProgram([
    'bench',
    'broadcast',
    '--rounds',
    '1',
    '--clients',
    '50',
    '--rate',
    '50/s',
    '--warmup',
    '300ms',
    '--duration',
    '2s',
    '--inject',
    inject,
    '--json',
    '--out',
    out,
    ...args,
  ]);
  // A busy machine may call a trial invalid (5); what is counted must be right all the same.
  expect([0, 5], stderr).toContain(code);
  return runResultSchema.parse(JSON.parse(stdout));
}

const MESSAGES = 100;
const CLIENTS = 50;
const KINDS = ['--arms', 'sse,ws', '--client', 'lean,library'] as const;

const counted = ({ arm, ledger, injected }: Trial) => ({ arm, ...ledger, injected });

describe('what was injected is what is found', () => {
  test('messages the hub drops are exactly those the ledger misses', async () => {
    const { trials } = await bench('drop=1%', ...KINDS);
    expect(trials).toHaveLength(4);
    for (const trial of trials) {
      const { arm, ledger, injected } = trial;
      expect(injected?.dropped, arm).toBeGreaterThan(0);
      expect(counted(trial)).toMatchObject({
        expected: MESSAGES * CLIENTS,
        received: MESSAGES * CLIENTS - (injected?.dropped ?? 0),
        lost: injected?.dropped,
        duplicated: 0,
        reordered: 0,
      });
      expect((ledger?.received ?? 0) + (ledger?.lost ?? 0)).toBe(ledger?.expected);
    }
  });

  test('a lost delivery counts as later than the deadline in the percentiles', async () => {
    const [trial] = (await bench('drop=5%', '--arms', 'ws', '--deadline', '1s')).trials;
    expect(trial?.metrics['latency.p99']).toBeGreaterThanOrEqual(1_000_000);
    expect(trial?.metrics['latency.p90']).toBeLessThan(1_000_000);
    // The wait for what never comes is not part of the load: 100 messages to 50 clients in 2 s.
    expect(trial?.metrics['throughput.deliveries']).toBeGreaterThan(2_000);
    expect(trial?.metrics['reach']).toBe(
      1 - (trial?.injected?.dropped ?? 0) / (MESSAGES * CLIENTS),
    );
  });

  test('deliveries made twice are counted as duplicates and not as received', async () => {
    const { trials } = await bench('duplicate=1%', ...KINDS);
    for (const trial of trials) {
      expect(trial.injected?.duplicated, trial.arm).toBeGreaterThan(0);
      expect(counted(trial)).toMatchObject({
        received: MESSAGES * CLIENTS,
        lost: 0,
        duplicated: trial.injected?.duplicated,
        reordered: 0,
      });
    }
  });

  test('broadcasts that overtake another are counted as reordered at every client', async () => {
    const { trials } = await bench('swap=5%', ...KINDS);
    for (const trial of trials) {
      expect(trial.injected?.swapped, trial.arm).toBeGreaterThan(0);
      expect(counted(trial)).toMatchObject({
        received: MESSAGES * CLIENTS,
        lost: 0,
        duplicated: 0,
        reordered: (trial.injected?.swapped ?? 0) * CLIENTS,
      });
    }
  });
});

describe('times', () => {
  test('a stall of the server shows from the due time and hides from the time of sending', async () => {
    const stallMs = 500;
    const { trials } = await bench(
      `stall=${stallMs}ms`,
      '--arms',
      'sse,ws,raw',
      '--duration',
      '5s',
    );
    expect(trials).toHaveLength(3);
    for (const { arm, metrics, ledger } of trials) {
      expect(ledger?.lost, arm).toBe(0);
      // 250 messages; those due first in the stall waited longest. The slowest 1 % are the 2 or 3 due in
      // its first 60 ms, so p99 lies 40–60 ms below the stall; 60 ms more either way for a busy machine.
      expect(metrics['latency.p99'], arm).toBeGreaterThan((stallMs - 120) * 1_000);
      expect(metrics['latency.p99'], arm).toBeLessThan((stallMs + 60) * 1_000);
      expect(metrics['latency.max'], arm).toBeGreaterThan((stallMs - 25) * 1_000);
      // What was due meanwhile is sent at once and arrives at once: the sender's clock saw no stall.
      expect(metrics['latency.sent.p99'], arm).toBeLessThan((stallMs * 1_000) / 4);
    }
  });

  test('a generator that is kept busy makes the trial invalid, and the run says so', async () => {
    const { trials, warnings } = await bench('generator=90%', '--arms', 'ws');
    const [trial] = trials;
    expect(trial?.validity.state).toBe('invalid');
    const loop = trial?.validity.checks.find(({ id }) => id === 'generator-loop');
    expect(loop?.ok).toBe('invalid');
    expect(loop?.says).toContain('the generator, not the server, may be the limit');
    expect(loop?.value).toBeGreaterThan(0.8);
    expect(trial?.excluded).toBeDefined();
    expect(warnings.map(({ code }) => code)).toContain('invalid-trials');
  });
});
