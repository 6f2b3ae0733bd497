/** Runs what was asked for to its end: all rounds of it, or the search for a limit. */
import type { RunResult, Trial } from '../core/result.ts';
import { runRounds } from '../loadgen/run.ts';
import { runSearches } from '../loadgen/search-run.ts';
import { judgeStep } from '../reports/step-judge.ts';
import type { Request } from './request.ts';
import type { SessionOptions } from './run-session.ts';
import { runSession } from './run-session.ts';

/** @throws HarnessError for what the machine cannot do, and when interrupted */
export function runRequest(
  request: Request,
  options: SessionOptions,
): Promise<{ readonly run: RunResult; readonly folder: string }> {
  const { signal } = options.io;
  return runSession(request, options, async (ready) => {
    const { plan, supervisor, events, searchAt } = ready;
    const { search } = request;
    if (search === undefined || searchAt === undefined) {
      await runRounds(plan, supervisor, events, signal);
    } else {
      const judge = (trial: Trial) => judgeStep(trial, search.objective);
      await runSearches({ ...plan, search: searchAt, judge }, supervisor, events, signal);
    }
  });
}
