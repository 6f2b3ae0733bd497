/**
 * All rounds of a run: which trial comes when, which are left out and run again, and what is told to
 * whoever listens. It writes no file and derives no metric.
 */
import { createRandom } from '../core/random.ts';
import type { Arm, ControlTrial, Point, Trial, Yardstick } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import type { Supervisor } from './child-process.ts';
import type { TrialEvents, TrialMaking } from './one-trial.ts';
import { runOneTrial } from './one-trial.ts';
import { createOrder } from './order.ts';
import { runYardstick, yardstickLoad } from './plain-http.ts';

export interface RunPlan extends TrialMaking {
  readonly arms: readonly Arm[];
  /** At least one; an empty point when nothing is swept. */
  readonly points: readonly Point[];
  /** Number of the first of them, where others came before; left out: 0. */
  readonly firstRound?: number;
  readonly seed: number;
  /** Whether the control is run in every round. */
  readonly control: boolean;
}

export interface RunEvents extends TrialEvents {
  /** A trial that was told before is now left out, for the reason in it. */
  /** For one reason, which each of them holds. */
  onExcluded(trials: readonly Trial[]): void;
  onControl(control: ControlTrial): Promise<void>;
  onYardstick(yardstick: Yardstick): Promise<void>;
}

/** With fewer rounds there is no verdict to save, and a quick look should stay quick. */
const FEWEST_ROUNDS = 6;
/** How often one round is run again. */
const MOST_ATTEMPTS = 2;
/** Steal of two arms of one round may differ by this much before the round means nothing. */
const STEAL_GAP = 0.1;
/** Processes, connections and the end of a trial take about this long on top of its phases. */
const TRIAL_OVERHEAD_MS = 1_200;
const CONTROL_MS = 1_800;
/** The control waits for every delivery, so it would wait for ever for one that cannot come. */
const CONTROL_TIMEOUT_MS = 30_000;

/** @throws AbortError of the signal; HarnessError for what no retry can mend. */
export async function runRounds(
  plan: RunPlan,
  supervisor: Supervisor,
  events: RunEvents,
  signal: AbortSignal,
): Promise<void> {
  const random = createRandom(plan.seed);
  const orders = new Map(
    plan.points.map((point) => [pointName(point), createOrder(plan.arms, random)]),
  );
  const budget = plan.rounds < FEWEST_ROUNDS ? 0 : Math.floor(plan.rounds / 2);
  const replacements = new Map(plan.points.map((point) => [pointName(point), budget]));
  const time = estimateTime(plan);

  const { firstRound = 0 } = plan;
  for (let round = firstRound; round < firstRound + plan.rounds; round += 1) {
    // The same arrivals for every arm of a round, other arrivals in every round.
    const seed = random.int(2 ** 31);
    for (const point of plan.points) {
      const name = pointName(point);
      // Once per round and not per try, or a repeated round would use up its mirror image.
      const order = orders.get(name)?.() ?? plan.arms;
      for (let attempt = 0; ; attempt += 1) {
        const trials = await runRound(
          plan,
          { round, attempt, seed, point, order },
          supervisor,
          events,
          time,
          signal,
        );
        const defect = defectOf(trials, plan.arms);
        // Not all replacements in one disturbance: what outlasts two tries is not waited out.
        const left = attempt < MOST_ATTEMPTS ? (replacements.get(name) ?? 0) : 0;
        if (defect === undefined || left === 0) {
          if (defect?.ofRound === true) leaveOutRound(trials, defect.says, events);
          else leaveOutInvalid(trials, events);
          break;
        }
        leaveOutRound(trials, `its round was run again: ${defect.says}`, events);
        replacements.set(name, left - 1);
        time.addRound(point);
      }
    }
    await runControl(plan, round, supervisor, events, time, signal);
    for (const point of plan.points) {
      signal.throwIfAborted();
      const yardstick = await runYardstick(
        { phases: plan.phases(point), point, round },
        { ...plan.setup, ...plan.server(point) },
        supervisor,
      );
      signal.throwIfAborted();
      if (yardstick === undefined) continue;
      if ('says' in yardstick) {
        events.onIncident({ round, point, what: 'the row of plain HTTP', says: yardstick.says });
      } else await events.onYardstick(yardstick);
    }
  }
}

interface RoundPlan {
  readonly round: number;
  readonly attempt: number;
  readonly seed: number;
  readonly point: Point;
  readonly order: readonly Arm[];
}

async function runRound(
  plan: RunPlan,
  { round, attempt, seed, point, order }: RoundPlan,
  supervisor: Supervisor,
  events: RunEvents,
  time: TimeLeft,
  signal: AbortSignal,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const [position, arm] of order.entries()) {
    const which = { arm, point, round, order: position, attempt, seed };
    trials.push(await runOneTrial(plan, which, supervisor, events, time, signal));
  }
  return trials;
}

/** Why a round cannot be used. */
interface Defect {
  readonly says: string;
  /** Whether it lies in the round as a whole, so that none of its trials is evidence by itself. */
  readonly ofRound: boolean;
}

/** A candidate's trial is no evidence, or the machine treated the arms of the round unequally. */
function defectOf(trials: readonly Trial[], arms: readonly Arm[]): Defect | undefined {
  const candidates = trials.filter(
    (trial) => arms.find(({ name }) => name === trial.arm)?.role === 'candidate',
  );
  for (const trial of candidates) {
    const broken = trial.validity.checks.find(({ ok }) => ok === 'invalid');
    if (broken !== undefined) {
      return { says: `${trial.arm}: ${broken.says} (${broken.title})`, ofRound: false };
    }
  }
  // At rest there is so little work that one stolen tick is a large share of it, and no time is measured.
  const loaded = candidates.filter(({ rest }) => rest === undefined);
  const steal = loaded.flatMap(({ probes }) => probes['stealShare'] ?? []);
  const gap = Math.max(...steal) - Math.min(...steal);
  if (steal.length < 2 || gap <= STEAL_GAP) return undefined;
  const points = Math.round(gap * 100);
  return {
    says: `other guests stole ${points} points more time from one arm than from another`,
    ofRound: true,
  };
}

function leaveOutRound(trials: readonly Trial[], reason: string, events: RunEvents): void {
  for (const trial of trials) trial.excluded = reason;
  events.onExcluded(trials);
}

function leaveOutInvalid(trials: readonly Trial[], events: RunEvents): void {
  for (const trial of trials) {
    const broken = trial.validity.checks.find(({ ok }) => ok === 'invalid');
    if (broken === undefined) continue;
    trial.excluded = `${broken.says} (${broken.title})`;
    events.onExcluded([trial]);
  }
}

export async function runControl(
  plan: Pick<RunPlan, 'points' | 'rounds' | 'setup' | 'control'>,
  round: number,
  supervisor: Supervisor,
  events: Pick<RunEvents, 'onProgress' | 'onControl' | 'onIncident'>,
  time: Pick<TimeLeft, 'left' | 'controlDone'>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (!plan.control) {
    time.controlDone();
    return;
  }
  const [point = {}] = plan.points;
  events.onProgress({
    round,
    rounds: plan.rounds,
    arm: 'control',
    point,
    phase: 'running',
    flow: 'delivery',
    received: 0,
    p99: undefined,
    msLeft: time.left(),
  });
  const { server, generator } = plan.setup.cores;
  const outcome = await supervisor.runScript(
    './control-broadcast',
    [server.join(','), generator.join(',')],
    CONTROL_TIMEOUT_MS,
  );
  signal.throwIfAborted();
  time.controlDone();
  if ('says' in outcome) {
    events.onIncident({ round, point: {}, what: 'the control', says: `it ${outcome.says}` });
    return;
  }
  const { p50, p99, cpu, deliveries } = JSON.parse(outcome.output) as Omit<
    ControlTrial,
    'round' | 'point'
  >;
  await events.onControl({ round, point: {}, p50, p99, cpu, deliveries });
}

interface TimeLeft {
  left(): number;
  trialDone(point: Point): void;
  controlDone(): void;
  addRound(point: Point): void;
}

function estimateTime(plan: RunPlan): TimeLeft {
  const trialMs = (point: Point): number =>
    plan
      .phases(point)
      .reduce(
        (sum, phase) => sum + ('durationMs' in phase ? phase.durationMs : 0),
        TRIAL_OVERHEAD_MS,
      );
  const yardstickMs = (point: Point): number => {
    const load = yardstickLoad(plan.phases(point));
    return load === undefined ? 0 : load.durationMs + TRIAL_OVERHEAD_MS;
  };
  const perRound = plan.points.reduce(
    (sum, point) => sum + trialMs(point) * plan.arms.length + yardstickMs(point),
    plan.control ? CONTROL_MS : 0,
  );
  let remaining = perRound * plan.rounds;
  return {
    left: () => Math.max(0, remaining),
    trialDone: (point) => {
      remaining -= trialMs(point);
    },
    controlDone: () => {
      if (plan.control) remaining -= CONTROL_MS;
      // What follows it in every round, and is not worth a line of its own.
      for (const point of plan.points) remaining -= yardstickMs(point);
    },
    addRound: (point) => {
      remaining += trialMs(point) * plan.arms.length;
    },
  };
}
