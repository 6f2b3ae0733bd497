/** Round trips with real processes and real sockets: whoever asks, every answer is accounted for. */
import { describe, expect, test } from 'vitest';
import type { RunResult, Trips } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
/** Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here. */
const FINISHED = [0, 5];

async function bench(...args: string[]): Promise<RunResult> {
  const small = ['--clients', '20', '--duration', '1s', '--warmup', '100ms', '--rounds', '1'];
  const { stdout, stderr, code } = await runProgram([
    'bench',
    ...args,
    ...small,
    '--json',
    '--out',
    out,
  ]);
  expect(FINISHED, stderr).toContain(code);
  return runResultSchema.parse(JSON.parse(stdout));
}

function answered(planned: number): Trips['counts'] {
  return {
    planned,
    sent: planned,
    answered: planned,
    unanswered: 0,
    late: 0,
    errors: 0,
    duplicated: 0,
    foreign: 0,
    cancelled: 0,
    parts: 0,
    partsAfterCancel: 0,
  };
}

describe('every round trip of every transport is answered, once', () => {
  test.each([
    ['of requests', ['request']],
    ['of requests answered in the response', ['request', '--answer', 'response']],
    ['of requests of library clients', ['request', '--client', 'library', '--arms', 'sse,ws']],
    ['of requests over TLS, from two workers', ['request', '--tls', '--workers', '2']],
  ])('%s', async (_, args) => {
    const run = await bench(...args, '--rate', '100/s');
    expect(run.trials.length).toBeGreaterThan(1);
    for (const { flow, trips, ledger, phases } of run.trials) {
      expect(flow).toBe('request');
      expect(trips?.request?.counts).toEqual(answered(100));
      expect(ledger).toMatchObject({ expected: 100, received: 100, lost: 0, foreign: 0 });
      expect(phases.map(({ kind }) => kind)).toEqual(['connect', 'load', 'load']);
    }
  });

  test('of questions to clients that work on them', async () => {
    const run = await bench('ask', '--rate', '100/s', '--work', '30ms');
    expect(run.trials).toHaveLength(3);
    for (const { flow, trips, metrics } of run.trials) {
      expect(flow).toBe('ask');
      expect(trips?.ask?.counts).toEqual(answered(100));
      const { 'ask.p50': total = 0, 'ask.overhead.p50': overhead = 0 } = metrics;
      // The timers of Node may fire a millisecond early.
      expect(total - overhead).toBeGreaterThan(28_000);
    }
  });

  test('in both directions at one time', async () => {
    const run = await bench('duplex', '--rate', '200/s', '--ratio', '25%');
    for (const { flow, trips } of run.trials) {
      expect(flow).toBe('request');
      expect(trips?.request?.counts).toEqual(answered(50));
      expect(trips?.ask?.counts).toEqual(answered(150));
    }
  });
});
