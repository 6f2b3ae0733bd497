/**
 * A scenario is the script of a load, as data: a question, typed parameters, and the phases that follow
 * from their values. It imports no server and no generator; runners are looked up by `Phase['kind']`.
 */
import type { Params, ParamValues, PlainValues } from './params.ts';
import type { Pacing } from './schedule.ts';

/** Opens `clients` connections and waits until each is established or has failed. */
export interface ConnectPhase {
  readonly kind: 'connect';
  readonly clients: number;
}

/**
 * Publishes to everybody on a schedule and waits until every message has arrived or its deadline has
 * passed, so that nothing of one phase is in flight in the next.
 */
export interface PublishPhase {
  readonly kind: 'publish';
  /** Whether this phase is the measurement; otherwise it is a warm-up and kept apart. */
  readonly measured: boolean;
  readonly ratePerS: number;
  readonly durationMs: number;
  readonly payloadBytes: number;
  readonly pacing: Pacing;
  readonly publishFrom: 'server' | 'client';
  /** How long after its due time a delivery still counts as on time. */
  readonly deadlineMs: number;
}

export type Phase = ConnectPhase | PublishPhase;

export interface Scenario {
  readonly name: string;
  /** The question it answers, one sentence. */
  readonly question: string;
  readonly params: Params;
  /** Parameter values that `--quick` puts in place of the defaults. */
  readonly quick: PlainValues;
  /** A pure function of the parameter values. */
  phases(values: PlainValues): readonly Phase[];
  /** Metrics the verdict speaks of, most important first. At most five. */
  readonly headline: readonly string[];
  /** The sweep to suggest to somebody who wants to look around the operating point. */
  readonly explore: string;
}

/** Checks the phases against the parameters' types, then forgets those types. */
export function defineScenario<const P extends Params>(
  scenario: Omit<Scenario, 'params' | 'phases'> & {
    readonly params: P;
    phases(values: ParamValues<P>): readonly Phase[];
  },
): Scenario {
  return {
    ...scenario,
    // The values come from fillParams over these same params, which is what makes this cast true.
    phases: (values) => scenario.phases(values as ParamValues<P>),
  };
}
