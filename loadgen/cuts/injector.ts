/**
 * What brings a fault about in the middle of a load. It stands outside of both ends of the connections,
 * and what it says it did is looked up and not assumed: a trial whose fault did not come about as planned
 * counts for nothing.
 *
 *     prepare        strike           mend
 *        │   connect    │     forMs     │
 *     ───┴──────┴───────┴───────────────┴─────────▶ time
 */
import type { Published } from '../../core/process-reports.ts';
import type { FaultPlan } from '../../core/scenario.ts';
import type { TrialContext } from '../trial-context.ts';

export interface Strike {
  /** Who says so, as a part of a sentence: 'the log of the relay'. */
  readonly by: string;
  /** Connections that it hit. */
  readonly count: number;
  /** How many it was to hit, where that is known only when it has been done. */
  readonly planned?: number;
  /** Before the first of them, ns since the epoch. */
  readonly atNs: number;
  /** They are hit one after the other, over a time, and not at one moment. */
  readonly inTurn?: true;
}

export interface Mended {
  /** Of an injector that has put another publisher in place: all that was published in the end. */
  readonly published?: Promise<Published>;
}

/** Made anew for every trial, so it may remember what it did. */
export interface Injector {
  /** Whether it ends the server process, so that its end is no failure. */
  readonly endsServer?: boolean;
  /** How many connections it is going to hit; left out, the share of the plan. */
  planned?(plan: FaultPlan, context: TrialContext): number;
  /** Before anybody connects; may put other endpoints into the context. @param clients that will connect */
  prepare?(plan: FaultPlan, context: TrialContext, clients: number): Promise<void>;
  /** The fault itself. Resolves when it has happened. */
  strike(plan: FaultPlan, context: TrialContext): Promise<Strike>;
  /** The end of the fault, `forMs` after it. Resolves when clients could come back. */
  mend(plan: FaultPlan, context: TrialContext): Promise<Mended | undefined>;
}

export function plannedCount(injector: Injector, plan: FaultPlan, context: TrialContext): number {
  return injector.planned?.(plan, context) ?? shareOfClients(plan, context);
}

export function shareOfClients({ share }: FaultPlan, { clients }: TrialContext): number {
  return Math.round(share * clients);
}
