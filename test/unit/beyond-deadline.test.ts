/** A percentile that reaches what never came is a lower bound, and takes part in no ratio. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunResult, Trial } from '../../core/result.ts';
import { compareArms } from '../../reports/compare-arms.ts';
import { valueText } from '../../reports/figure-text.ts';
import { allMetrics } from '../../reports/metrics/registry.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { stallTrial } from '../stall-run.ts';
import {
  histogramOf,
  NO_HISTOGRAMS,
  NO_LEDGER,
  TIMEOUT_US,
  trialOf,
  tripsOf,
} from '../trip-run.ts';

/** The recorded run, with one trial of `sse` changed. */
function withLosses(change: (trial: Trial) => void): RunResult {
  const run = readRunFile(join(import.meta.dirname, '..', 'fixtures', 'run.json'));
  const trial = run.trials.find(({ arm, excluded }) => arm === 'sse' && excluded === undefined);
  if (trial === undefined) throw new Error('the recorded run has no trial of sse');
  change(trial);
  return run;
}

function verdictOf(run: RunResult, metric: string): { verdict: string; says: string } | undefined {
  return compareArms(run).find(
    (one) => one.metric === metric && one.arm === 'sse' && one.against === 'ws',
  );
}

test('a p99 at the deadline of a trial that lost deliveries is not comparable', () => {
  const run = withLosses((trial) => {
    trial.metrics['latency.p99'] = trial.probes['deadlineUs'] ?? 0;
    if (trial.ledger !== undefined) trial.ledger.lost = 100;
  });
  expect(verdictOf(run, 'latency.p99')).toMatchObject({
    verdict: 'not-comparable',
    says: expect.stringContaining('it lies beyond the deadline in 1 trials'),
  });
  expect(verdictOf(run, 'latency.p50')?.verdict).not.toBe('not-comparable');
});

test('a p99 as late as the deadline of a trial that lost nothing is a measurement', () => {
  const run = withLosses((trial) => {
    trial.metrics['latency.p99'] = trial.probes['deadlineUs'] ?? 0;
  });
  expect(verdictOf(run, 'latency.p99')?.verdict).not.toBe('not-comparable');
});

test('every percentile that what never came pushes to the deadline is written as beyond it', () => {
  const [none, ten] = [histogramOf([]), histogramOf(new Array<number>(10).fill(100))];
  const lost = { expected: 10, received: 0, due: none };
  const { stall } = stallTrial({
    arm: 'sse',
    stall: { healthy: { clients: 1, during: lost, after: lost } },
  });
  // Nothing of anything ever came, but for what is cut at the deadline when it is recorded.
  const atDeadline = histogramOf([TIMEOUT_US]);
  const trips = tripsOf([], { unanswered: 10 }, { first: none, gap: ten, overhead: none });
  const trials = [
    trialOf({
      flow: 'delivery',
      stall,
      ledger: { ...NO_LEDGER, expected: 10, lost: 10 },
      histograms: {
        ...NO_HISTOGRAMS,
        ...{ spreadFirst: atDeadline, spreadMedian: atDeadline, spreadLast: atDeadline },
        history: none,
      },
      probes: { historyIncomplete: 10 },
    }),
    trialOf({ flow: 'request', trips: { request: trips } }),
    trialOf({ flow: 'ask', trips: { ask: trips } }),
  ];
  const beyond = allMetrics.flatMap(([id, { unit }]) => {
    const values = trials.flatMap(({ metrics }) => metrics[id] ?? []);
    const isBeyond = unit === 'us' && values.some((value) => value >= TIMEOUT_US * 0.999);
    return isBeyond ? [[id, valueText(id, TIMEOUT_US, TIMEOUT_US)] as const] : [];
  });
  expect(beyond.filter(([, text]) => text !== '> 5.00 s')).toEqual([]);
  const families = new Set(beyond.map(([id]) => id.split('.')[0]));
  expect(families).toEqual(new Set(['latency', 'healthy', 'spread', 'history', 'request', 'ask']));
});
