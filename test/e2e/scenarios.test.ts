/**
 * Each use case once, with real processes and real sockets, and one answer that is known before: what was
 * to come, came, and as often as it should, whatever the protocol and however busy the machine.
 */
import { describe, expect, test } from 'vitest';
import type { RunResult, Trial } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { scenarios } from '../../scenarios/registry.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
/** Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here. */
const FINISHED = [0, 5];
const SECONDS = 0.5;

/** Both arms of one round. */
async function bench(scenario: keyof typeof scenarios, options: string): Promise<RunResult> {
  const small = `--duration ${SECONDS * 1_000}ms --warmup 100ms --rounds 1 --arms sse,ws --json`;
  const { stdout, stderr, code } = await runProgram([
    'bench',
    scenario,
    ...`${options} ${small}`.split(' '),
    '--out',
    out,
  ]);
  expect(FINISHED, stderr).toContain(code);
  const run = runResultSchema.parse(JSON.parse(stdout));
  expect(run.trials.map(({ arm }) => arm).sort()).toEqual(['sse', 'ws']);
  return run;
}

interface Case {
  readonly scenario: Exclude<keyof typeof scenarios, 'broadcast' | 'request' | 'ask' | 'duplex'>;
  readonly finds: string;
  readonly options: string;
  check(trial: Trial): void;
}

/** Nothing but what is named: no losses, no copies, nothing that belongs elsewhere. */
const clean = { lost: 0, duplicated: 0, foreign: 0 };
const answered = (count: number) => ({
  planned: count,
  sent: count,
  answered: count,
  unanswered: 0,
  late: 0,
  errors: 0,
  duplicated: 0,
  foreign: 0,
});
const inOrder = { partsMissing: 0, partsOutOfTurn: 0 };

const cases = [
  {
    scenario: 'chat',
    finds: 'that every message reaches all members of its room',
    options: '--clients 20 --members 5 --rate 100/s',
    check: ({ ledger }) => {
      const deliveries = 100 * SECONDS * 5;
      expect(ledger).toMatchObject({ ...clean, expected: deliveries, received: deliveries });
    },
  },
  {
    scenario: 'dashboard',
    finds: 'that each client gets its metrics and no others, and every action its answer',
    options: '--clients 10 --metrics 20 --window 5 --updates 4/s --actions 50/s',
    check: ({ ledger, trips }) => {
      const updates = 20 * 4 * SECONDS;
      // Every metric is in the windows of 10 × 5 / 20 clients on average: 5, 4, 3 … of clients 0 … 9.
      const deliveries = (updates / 20) * 10 * 5;
      expect(ledger).toMatchObject({ ...clean, expected: deliveries, received: deliveries });
      expect(trips?.request?.counts).toMatchObject(answered(50 * SECONDS));
    },
  },
  {
    scenario: 'ticker',
    finds: 'that slow readers miss quotes and end with the latest of every symbol',
    options: '--clients 4 --symbols 10 --slow 25% --pause 10s --rate 200/s --payload 128KiB',
    check: ({ ledger, probes, metrics }) => {
      const { expected = 0, received = 0, coalesced = 0, lost } = ledger ?? {};
      expect(expected).toBe(200 * SECONDS * 4);
      expect(received + coalesced).toBe(expected);
      expect([lost, ledger?.duplicated, ledger?.foreign]).toEqual([0, 0, 0]);
      // 100 quotes of 128 KiB are more than the system keeps for a reader that does not read.
      expect(coalesced).toBeGreaterThan(10);
      expect(metrics['drops.coalesced']).toBe(coalesced);
      expect(metrics['stale.clients']).toBe(0);
      expect(metrics['reach']).toBe(1);
      // Of a quote that was replaced nobody can say that it came late, let alone after the deadline.
      expect(metrics['latency.max']).toBeLessThan(probes['deadlineUs'] ?? 0);
    },
  },
  {
    scenario: 'remote-exec',
    finds: 'that every input has all its lines of output',
    options: '--clients 10 --rate 50/s --lines 20',
    check: ({ trips }) => {
      const inputs = 50 * SECONDS;
      expect(trips?.request?.counts).toMatchObject({
        ...answered(inputs),
        ...inOrder,
        parts: inputs * 20,
      });
    },
  },
  {
    scenario: 'llm-tokens',
    finds: 'that the tokens of answers that are read and given up add up',
    options: '--clients 10 --rate 50/s --tokens 10 --gap 10ms --cancel 30%',
    check: ({ trips, metrics }) => {
      const counts = trips?.request?.counts;
      const { answered: read = 0, cancelled = 0, parts = 0, partsAfterCancel = 0 } = counts ?? {};
      expect(counts).toMatchObject({ sent: 50 * SECONDS, errors: 0, late: 0, ...inOrder });
      expect(cancelled).toBeGreaterThan(0);
      expect(read + cancelled).toBe(50 * SECONDS);
      // Given up when the fifth of ten had come.
      expect(parts).toBe(read * 10 + cancelled * 5 + partsAfterCancel);
      expect(metrics['request.wasted']).toBe(partsAfterCancel);
    },
  },
  {
    scenario: 'approvals',
    finds: 'the way to a person apart from the time the person takes',
    options: '--clients 10 --rate 50/s --work 1s',
    check: ({ trips, metrics }) => {
      expect(trips?.ask?.counts).toMatchObject(answered(50 * SECONDS));
      // The median of exponential times with this mean is 693 ms.
      expect(metrics['ask.p50']).toBeGreaterThan(250_000);
      expect(metrics['ask.overhead.p50']).toBeLessThan((metrics['ask.p50'] ?? 0) / 2);
    },
  },
  {
    scenario: 'logs',
    finds: 'that every tail has its history exactly once, and then every line',
    options: '--clients 5 --rate 200/s --history 300',
    check: ({ ledger, probes, metrics }) => {
      expect(probes).toMatchObject({
        historyExpected: 5 * 300,
        historyReceived: 5 * 300,
        historyRepeated: 0,
        historyIncomplete: 0,
      });
      expect(metrics['history.missing']).toBe(0);
      expect(metrics['history.p50']).toBeGreaterThan(0);
      const lines = 200 * SECONDS * 5;
      expect(ledger).toMatchObject({ ...clean, expected: lines, received: lines, reordered: 0 });
    },
  },
  {
    scenario: 'progress',
    finds: 'that every job tells exactly its steps, in order',
    options: '--clients 10 --rate 50/s --steps 5 --interval 20ms',
    check: ({ trips, metrics }) => {
      const jobs = 50 * SECONDS;
      expect(trips?.request?.counts).toMatchObject({
        ...answered(jobs),
        ...inOrder,
        parts: jobs * 5,
      });
      expect(metrics['request.parts.missing']).toBe(0);
      // The last of five steps is due four intervals after the first.
      expect(metrics['request.p50']).toBeGreaterThan(79_000);
    },
  },
  {
    scenario: 'notifications',
    finds: 'a receipt for every private message, and what a connection takes of the memory',
    options: '--clients 100 --rate 50/s',
    check: ({ trips, metrics, probes }) => {
      expect(trips?.ask?.counts).toMatchObject(answered(50 * SECONDS));
      expect(metrics['server.rss']).toBe((probes['serverRssBytes'] ?? 0) / 100);
    },
  },
  {
    scenario: 'collab',
    finds: 'that all editors of a document see the same edits in the same order',
    options: '--clients 20 --editors 5 --rate 200/s',
    check: ({ ledger, metrics }) => {
      const deliveries = 200 * SECONDS * 5;
      expect(ledger).toMatchObject({ ...clean, expected: deliveries, received: deliveries });
      expect(metrics['order.disagree']).toBe(0);
    },
  },
  {
    scenario: 'sampling',
    finds: 'that all parts of every answer reach the server',
    options: '--clients 10 --rate 50/s --work 50ms --parts 4 --gap 5ms',
    check: ({ trips, metrics, probes }) => {
      const asks = 50 * SECONDS;
      expect(trips?.ask?.counts).toMatchObject({ ...answered(asks), parts: asks * 4 });
      expect(probes['failedAnswers']).toBe(0);
      // The timers of Node may fire a millisecond early.
      expect(metrics['ask.first.p50']).toBeGreaterThan(48_000);
      expect(metrics['ask.p50']).toBeGreaterThan(68_000);
    },
  },
] as const satisfies readonly Case[];

describe('a use case finds what is known to be there', () => {
  test.each<Case>(cases)('$scenario: $finds', async ({ scenario, options, check }) => {
    const { trials } = await bench(scenario, options);
    for (const trial of trials) {
      expect(trial.outcome, `${trial.arm}: ${trial.says}`).toBe('completed');
      check(trial);
    }
  });

  test('and there is a case for each of them', () => {
    const primitives = [
      // Each has a file of its own, stress-….test.ts.
      'backpressure',
      'reconnect',
      'restart',
      'heartbeat',
      'idle',
      'soak',
      'capacity',
      'sizes',
      'broadcast',
      'request',
      'ask',
      'duplex',
    ];
    const covered = [...cases.map(({ scenario }) => scenario), ...primitives];
    expect(covered.sort()).toEqual(Object.keys(scenarios).sort());
  });
});
