/**
 * Runs that look for a limit: step k of every arm before step k + 1 of any, each a trial of its own in
 * fresh processes. Which load is next is decided in core/search, whether a trial meets the objective by
 * whoever calls. It writes no file and derives no metric.
 */
import { createRandom } from '../core/random.ts';
import type { SearchRecord, SearchStep, Stop } from '../core/records/search.ts';
import type { Arm, Point, Trial } from '../core/result.ts';
import type { SearchPlan } from '../core/scenario.ts';
import type { Search, SearchResult, StepOutcome } from '../core/search.ts';
import { createSearch } from '../core/search.ts';
import { formatCount } from '../core/units.ts';
import type { Supervisor } from './child-process.ts';
import type { TrialMaking } from './one-trial.ts';
import { runOneTrial } from './one-trial.ts';
import { createOrder } from './order.ts';
import type { RunEvents, RunPlan } from './run.ts';
import { runControl } from './run.ts';

/** What becomes of a step by its trial. */
export interface StepJudgement {
  readonly outcome: StepOutcome;
  /** Why it did not pass, or what else there is to say of it. */
  readonly stop: Stop | undefined;
  /** Why the trial says little and should be run again first; then the outcome is that of the last try. */
  readonly again: string | undefined;
}

/** A search as far as this machine can follow it. */
export interface BoundedSearch extends SearchPlan {
  /** Why `to` is no higher. */
  readonly bound: Stop;
}

export interface SearchRunPlan
  extends TrialMaking,
    Pick<RunPlan, 'arms' | 'points' | 'seed' | 'control'> {
  search(point: Point): BoundedSearch;
  /** A trial that has its metrics. */
  judge(trial: Trial): StepJudgement;
}

export interface SearchEvents
  extends Pick<
    RunEvents,
    'onProgress' | 'onTrial' | 'onExcluded' | 'onControl' | 'onIncident' | 'onSnapshot'
  > {
  /**
   * After every step, each time with all that is known of this arm, point and round. At the end the trial of the
   * last pass may have got a probe with what was found.
   */
  onSearch(search: SearchRecord): Promise<void>;
}

/** A search that needs more than this does not come to an end by itself. */
const MOST_STEPS = 60;
/** What a search takes about, for the time that is left. */
const USUAL_STEPS = 14;
const TRIAL_OVERHEAD_MS = 2_000;

interface Underway {
  readonly arm: Arm;
  readonly search: Search;
  readonly steps: SearchStep[];
  /** The trial of each step. */
  readonly trials: Trial[];
}

/** @throws AbortError of the signal; HarnessError for what no retry can mend. */
export async function runSearches(
  plan: SearchRunPlan,
  supervisor: Supervisor,
  events: SearchEvents,
  signal: AbortSignal,
): Promise<void> {
  const random = createRandom(plan.seed);
  const time = estimateTime(plan);
  for (let round = 0; round < plan.rounds; round += 1) {
    const seed = random.int(2 ** 31);
    for (const point of plan.points) {
      const bounded = plan.search(point);
      const order = createOrder(plan.arms, random);
      const all = new Map<Arm, Underway>(
        plan.arms.map((arm) => [arm, { arm, search: begin(bounded), steps: [], trials: [] }]),
      );
      for (let step = 0; ; step += 1) {
        const active = order().flatMap((arm) => {
          const one = all.get(arm);
          return one?.search.next() === undefined ? [] : [one];
        });
        if (active.length === 0) break;
        for (const one of active) {
          // The same arrivals for every arm of a step.
          const run = { plan, bounded, round, point, seed: seed + step, step, time };
          await takeStep(run, one, supervisor, events, signal);
          const result = one.search.result();
          if (result !== undefined) markLastPass(one, result, bounded);
          await events.onSearch(recordOf(one, bounded, round, point));
        }
      }
    }
    await runControl(plan, round, supervisor, events, time, signal);
  }
}

function begin({ from, to, factor, resolution, unit }: BoundedSearch): Search {
  const whole = unit === 'count';
  return createSearch({ from, to, factor, resolution, whole, mostSteps: MOST_STEPS });
}

interface StepRun {
  readonly plan: SearchRunPlan;
  readonly bounded: BoundedSearch;
  readonly round: number;
  readonly point: Point;
  readonly seed: number;
  readonly step: number;
  readonly time: TimeLeft;
}

/** One load of one arm; again where the trial says little. */
async function takeStep(
  { plan, bounded, round, point: base, seed, step: order, time }: StepRun,
  { arm, search, steps, trials }: Underway,
  supervisor: Supervisor,
  events: SearchEvents,
  signal: AbortSignal,
): Promise<void> {
  const load = search.next();
  if (load === undefined) return;
  const point = { ...base, [bounded.param]: load };
  for (let attempt = 0; ; attempt += 1) {
    const which = { arm, point, round, order, attempt, seed };
    const trial = await runOneTrial(plan, which, supervisor, events, time, signal);
    const { outcome, stop, again } = plan.judge(trial);
    if (again !== undefined && attempt < bounded.retries) {
      trial.excluded = `it was run again: ${again}`;
      events.onExcluded([trial]);
      continue;
    }
    const step = { load, outcome, order, attempt };
    steps.push(stop === undefined ? step : { ...step, stop });
    trials.push(trial);
    search.tell(outcome);
    return;
  }
}

/** The figure of a search belongs to the trial that shows it: its last pass, as it passed last in peace. */
function markLastPass(
  { steps, trials }: Underway,
  { end, lastPass }: SearchResult,
  { param }: BoundedSearch,
): void {
  if (lastPass === undefined || end !== 'bracketed') return;
  const passes = trials.filter((_, index) => {
    const step = steps[index];
    return step?.load === lastPass && step.outcome === 'pass';
  });
  const trial = passes.findLast(({ validity }) => validity.state !== 'invalid') ?? passes.at(-1);
  if (trial !== undefined) trial.probes[`highest.${param}`] = lastPass;
}

function recordOf(
  { arm, search, steps }: Underway,
  { param, unit, objective, from, to, resolution, bound }: BoundedSearch,
  round: number,
  point: Point,
): SearchRecord {
  const result = search.result();
  const { lastPass, firstFail, confirmed } = search.soFar();
  return {
    arm: arm.name,
    round,
    point,
    searched: param,
    unit,
    objective,
    from,
    to,
    resolution,
    end: result?.end ?? 'unfinished',
    ...(lastPass === undefined ? {} : { lastPass }),
    ...(firstFail === undefined ? {} : { firstFail }),
    confirmed,
    stop: result === undefined ? unfinished(steps.length) : stopOf(steps, result, bound),
    // As they are now: more may come.
    steps: [...steps],
  };
}

const unfinished = (steps: number): Stop => ({
  cause: 'unfinished',
  says: `the run ended after ${formatCount(steps, 'step')} of it`,
});

/** What stopped it: that of the load above the last pass, and of its tries the one that decided. */
export function stopOf(
  steps: readonly SearchStep[],
  { end, firstFail }: SearchResult,
  bound: Stop,
): Stop {
  if (end === 'steps') {
    return { cause: 'machine', says: `no end was found in ${steps.length} steps` };
  }
  if (firstFail === undefined) return bound;
  const tries = steps.filter(({ load, outcome }) => load === firstFail && outcome !== 'pass');
  const deciding =
    tries.find(({ outcome }) => end === 'limited' && outcome === 'limited') ?? tries.at(-1);
  return deciding?.stop ?? { cause: 'objective', says: 'no reason was given' };
}

interface TimeLeft {
  left(): number;
  trialDone(point: Point): void;
  controlDone(): void;
}

/** How many steps a search takes is not known before; the usual number of them is as good as it gets. */
function estimateTime(plan: SearchRunPlan): TimeLeft {
  const stepMs = (point: Point): number =>
    plan
      .phases(point)
      .reduce(
        (sum, phase) => sum + ('durationMs' in phase ? phase.durationMs : 0),
        TRIAL_OVERHEAD_MS,
      );
  let remaining =
    plan.rounds *
    plan.points.reduce(
      (sum, point) => sum + stepMs(point) * plan.arms.length * USUAL_STEPS,
      TRIAL_OVERHEAD_MS,
    );
  return {
    left: () => Math.max(0, remaining),
    trialDone: (point) => {
      remaining -= stepMs(point);
    },
    controlDone: () => {
      remaining -= TRIAL_OVERHEAD_MS;
    },
  };
}
