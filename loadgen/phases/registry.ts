/** How each kind of phase is run. To add one: a member of `Phase`, a file here, and a line below. */
import type { Phase } from '../../core/scenario.ts';
import type { TrialContext } from '../trial-context.ts';
import { beat } from './beat.ts';
import { connect } from './connect.ts';
import { flood } from './flood.ts';
import { load } from './load.ts';
import { rest } from './rest.ts';

type Runners = {
  readonly [K in Phase['kind']]: (
    phase: Extract<Phase, { kind: K }>,
    context: TrialContext,
  ) => Promise<void>;
};

const runners = { connect, load, rest, beat, flood } satisfies Runners;

export function runPhase(phase: Phase, context: TrialContext): Promise<void> {
  // The table has a runner for exactly this kind; TypeScript cannot follow the correlation.
  const run = runners[phase.kind] as (phase: Phase, context: TrialContext) => Promise<void>;
  return run(phase, context);
}
