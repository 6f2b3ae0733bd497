/** A percentile that reaches what never came is a lower bound, and takes part in no ratio. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunResult, Trial } from '../../core/result.ts';
import { compareArms } from '../../reports/compare-arms.ts';
import { readRunFile } from '../../reports/run-file.ts';

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
