/**
 * All rounds of a run: which trial comes when, which are left out and run again, and what is told to
 * whoever listens. It writes no file and derives no metric.
 */
import { createRandom } from '../core/random.ts';
import type { Arm, ControlTrial, Point, Trial } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import type { Phase } from '../core/scenario.ts';
import type { Supervisor } from './child-process.ts';
import type { Load } from './head-room.ts';
import { measureCeiling } from './head-room.ts';
import { createOrder } from './order.ts';
import type { TrialSetup } from './trial.ts';
import { runTrial } from './trial.ts';

export interface RunPlan {
  readonly arms: readonly Arm[];
  /** At least one; an empty point when nothing is swept. */
  readonly points: readonly Point[];
  phases(point: Point): readonly Phase[];
  readonly rounds: number;
  readonly seed: number;
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
  readonly received: number;
  readonly p99: number | undefined;
  readonly msLeft: number;
}

export interface RunEvents {
  onProgress(progress: Progress): void;
  /** Called after every trial, in order; awaited before the next one starts. */
  onTrial(trial: Trial): Promise<void>;
  /** A trial that was told before is now left out, for the reason in it. */
  onExcluded(trial: Trial): void;
  onControl(control: ControlTrial): Promise<void>;
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

  for (let round = 0; round < plan.rounds; round += 1) {
    // The same arrivals for every arm of a round, other arrivals in every round.
    const seed = random.int(2 ** 31);
    for (const point of plan.points) {
      const name = pointName(point);
      for (let attempt = 0; ; attempt += 1) {
        const order = orders.get(name)?.() ?? plan.arms;
        const trials = await runRound(
          plan,
          { round, attempt, seed, point, order },
          supervisor,
          events,
          time,
          signal,
        );
        const reason = whyLeftOut(trials, plan.arms);
        if (reason === undefined) {
          leaveOutInvalid(trials, events);
          break;
        }
        // Not all of them in one disturbance: what lasts longer than two tries is not waited out.
        const left = attempt < MOST_ATTEMPTS ? (replacements.get(name) ?? 0) : 0;
        leaveOut(trials, reason, left > 0, events);
        if (left === 0) break;
        replacements.set(name, left - 1);
        time.addRound(point);
      }
    }
    await runControl(plan, round, supervisor, events, time, signal);
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
  const phases = plan.phases(point);
  for (const [position, arm] of order.entries()) {
    signal.throwIfAborted();
    const trialPlan = {
      arm,
      phases,
      point,
      round,
      order: position,
      attempt,
      seed,
      headRoom: undefined,
    };
    const report = (phase: string, received = 0, p99?: number): void =>
      events.onProgress({
        round,
        rounds: plan.rounds,
        arm: arm.name,
        point,
        phase,
        received,
        p99,
        msLeft: time.left(),
      });
    const load = loadOf(phases);
    let ceiling = plan.ceilings.get(arm, load);
    if (ceiling === undefined) {
      report('measuring the generator’s ceiling');
      ceiling = await measureCeiling(trialPlan, load, plan.setup, supervisor);
      signal.throwIfAborted();
      if (ceiling !== undefined) plan.ceilings.set(arm, load, ceiling);
    }
    report('starting');
    const headRoom = ceiling === undefined ? undefined : ceiling / (load.clients * load.ratePerS);
    const trial = await runTrial({ ...trialPlan, headRoom }, plan.setup, supervisor, (progress) =>
      report(progress.phase, progress.received, progress.p99),
    );
    signal.throwIfAborted();
    time.trialDone(point);
    trials.push(trial);
    await events.onTrial(trial);
  }
  return trials;
}

/** The load of the measured phase, as far as it decides what the generator must take. */
function loadOf(phases: readonly Phase[]): Load & { readonly ratePerS: number } {
  let clients = 0;
  let payloadBytes = 0;
  let ratePerS = 0;
  for (const phase of phases) {
    if (phase.kind === 'connect') clients = phase.clients;
    if (phase.kind === 'publish' && phase.measured) ({ payloadBytes, ratePerS } = phase);
  }
  return { clients, payloadBytes, ratePerS };
}

/** Why a round cannot be used: a candidate's trial is no evidence, or the machine treated arms unequally. */
function whyLeftOut(trials: readonly Trial[], arms: readonly Arm[]): string | undefined {
  const candidates = trials.filter(
    (trial) => arms.find(({ name }) => name === trial.arm)?.role === 'candidate',
  );
  for (const trial of candidates) {
    const broken = trial.validity.checks.find(({ ok }) => ok === 'invalid');
    if (broken !== undefined) return `${trial.arm}: ${broken.says} (${broken.title})`;
  }
  const steal = candidates.flatMap(({ probes }) => probes['stealShare'] ?? []);
  const gap = Math.max(...steal) - Math.min(...steal);
  return steal.length > 1 && gap > STEAL_GAP
    ? `other guests stole ${Math.round(gap * 100)} points more time from one arm than from another`
    : undefined;
}

/** With a replacement coming the whole round goes; without, only the trials that are no evidence. */
function leaveOut(
  trials: readonly Trial[],
  reason: string,
  replaced: boolean,
  events: RunEvents,
): void {
  if (!replaced) {
    leaveOutInvalid(trials, events);
    return;
  }
  for (const trial of trials) {
    trial.excluded = `its round was run again: ${reason}`;
    events.onExcluded(trial);
  }
}

function leaveOutInvalid(trials: readonly Trial[], events: RunEvents): void {
  for (const trial of trials) {
    const broken = trial.validity.checks.find(({ ok }) => ok === 'invalid');
    if (broken === undefined) continue;
    trial.excluded = `${broken.says} (${broken.title})`;
    events.onExcluded(trial);
  }
}

async function runControl(
  plan: RunPlan,
  round: number,
  supervisor: Supervisor,
  events: RunEvents,
  time: TimeLeft,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const [point = {}] = plan.points;
  events.onProgress({
    round,
    rounds: plan.rounds,
    arm: 'control',
    point,
    phase: 'running',
    received: 0,
    p99: undefined,
    msLeft: time.left(),
  });
  const figures = await supervisor.runScript('./control-broadcast', [
    plan.setup.cores.server.join(','),
    plan.setup.cores.generator.join(','),
  ]);
  signal.throwIfAborted();
  time.controlDone();
  if (figures !== undefined) {
    const { p50, p99, cpu, deliveries } = JSON.parse(figures) as Omit<
      ControlTrial,
      'round' | 'point'
    >;
    await events.onControl({ round, point: {}, p50, p99, cpu, deliveries });
  }
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
  const perRound = plan.points.reduce(
    (sum, point) => sum + trialMs(point) * plan.arms.length,
    CONTROL_MS,
  );
  let remaining = perRound * plan.rounds;
  return {
    left: () => Math.max(0, remaining),
    trialDone: (point) => {
      remaining -= trialMs(point);
    },
    controlDone: () => {
      remaining -= CONTROL_MS;
    },
    addRound: (point) => {
      remaining += trialMs(point) * plan.arms.length;
    },
  };
}
