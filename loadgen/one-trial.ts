/**
 * One trial of a run, whatever the run is made of: the generator's ceiling before it, its progress while it
 * lasts, and its end told. Which trial comes next is the business of whoever calls.
 */
import type { Arm, Flow, Incident, Point, Trial } from '../core/result.ts';
import type { Phase } from '../core/scenario.ts';
import type { Supervisor } from './child-process.ts';
import type { Load } from './head-room.ts';
import { measureCeiling } from './head-room.ts';
import { floodableLoad, flowOfPhases } from './offered-load.ts';
import type { TrialPlan, TrialSetup } from './trial.ts';
import { runTrial } from './trial.ts';

/** What a run says about each of its trials. */
export interface TrialMaking {
  /** @param arm left out: the first variant */
  phases(point: Point, arm?: Arm): readonly Phase[];
  /** What differs from the setup at this point, and in this arm: most often what the server is told. */
  server(point: Point, arm?: Arm): Partial<TrialSetup>;
  readonly rounds: number;
  /** Whether the generator's ceiling is known or measured before a trial. */
  readonly headRoom: boolean;
  readonly setup: TrialSetup;
  readonly ceilings: CeilingCache;
}

/** Generator ceilings measured earlier on this machine, deliveries per second. */
export interface CeilingCache {
  get(arm: Arm, load: Load): number | undefined;
  set(arm: Arm, load: Load, ceiling: number): void;
}

export interface Progress {
  readonly round: number;
  readonly rounds: number;
  readonly arm: string;
  readonly point: Point;
  readonly phase: string;
  /** What `received` counts and `p99` is of. */
  readonly flow: Flow;
  readonly received: number;
  readonly p99: number | undefined;
  readonly msLeft: number;
}

export interface TrialEvents {
  onProgress(progress: Progress): void;
  /** Called after every trial, in order; awaited before the next one starts. */
  onTrial(trial: Trial): Promise<void>;
  /** Something beside the trials went wrong; nothing has been told of it otherwise. */
  onIncident(incident: Incident): void;
  /** A look at a load that goes on; what it throws ends the run. Left out: nobody keeps it. */
  onSnapshot?: Parameters<typeof runTrial>[4];
}

/** How long the run takes still. */
interface TimeLeft {
  left(): number;
  trialDone(point: Point): void;
}

/** The ceiling over the offered rate that the validity rule asks for. */
const ENOUGH_HEAD_ROOM = 2;

/** @throws AbortError of the signal; HarnessError for what no retry can mend. */
export async function runOneTrial(
  making: TrialMaking,
  which: Omit<TrialPlan, 'phases' | 'headRoom'>,
  supervisor: Supervisor,
  events: TrialEvents,
  time: TimeLeft,
  signal: AbortSignal,
): Promise<Trial> {
  signal.throwIfAborted();
  const { arm, point, round } = which;
  const phases = making.phases(point, arm);
  const report = (phase: string, received = 0, p99?: number): void =>
    events.onProgress({
      round,
      rounds: making.rounds,
      arm: arm.name,
      point,
      phase,
      flow: flowOfPhases(phases),
      received,
      p99,
      msLeft: time.left(),
    });
  const plan = { ...which, phases, headRoom: undefined };
  const load = making.headRoom ? floodableLoad(phases) : undefined;
  const ceiling =
    load === undefined
      ? undefined
      : await ceilingOf(making, plan, load, supervisor, events, () =>
          report('measuring the generator’s ceiling'),
        );
  signal.throwIfAborted();
  report('starting');
  const headRoom =
    load === undefined || ceiling === undefined
      ? undefined
      : ceiling / (load.clients * load.ratePerS);
  const trial = await runTrial(
    { ...plan, headRoom },
    { ...making.setup, ...making.server(point, arm) },
    supervisor,
    (progress) => report(progress.phase, progress.received, progress.p99),
    events.onSnapshot,
  );
  signal.throwIfAborted();
  time.trialDone(point);
  await events.onTrial(trial);
  return trial;
}

/**
 * What is known from before, or else measured. A flood that fell into a disturbance must not condemn
 * every later trial: a ceiling too low for this load is measured again, and the highest one counts.
 */
async function ceilingOf(
  { ceilings, setup }: TrialMaking,
  trial: TrialPlan,
  load: Load & { readonly ratePerS: number },
  supervisor: Supervisor,
  events: Pick<TrialEvents, 'onIncident'>,
  onMeasure: () => void,
): Promise<number | undefined> {
  const known = ceilings.get(trial.arm, load);
  const enough = ENOUGH_HEAD_ROOM * load.clients * load.ratePerS;
  if (known !== undefined && (known >= enough || trial.round + trial.attempt > 0)) return known;
  onMeasure();
  const measured = await measureCeiling(trial, load, setup, supervisor);
  if (typeof measured !== 'number') {
    const { round, point } = trial;
    events.onIncident({ round, point, what: 'the generator’s ceiling', says: measured.says });
    return known;
  }
  if (measured <= (known ?? 0)) return known;
  ceilings.set(trial.arm, load, measured);
  return measured;
}
