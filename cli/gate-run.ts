/** Runs what a gate needs: batches of interleaved rounds of head and base, until the rule has decided. */
import type { Faults } from '../core/faults.ts';
import { noFaults } from '../core/faults.ts';
import type { GateBatch, GateFinding, GateOutcome, GateRound, Judge } from '../core/gate.ts';
import { nextGateStep } from '../core/gate.ts';
import { informationOn, judgeAgainst } from '../core/gate-baseline.ts';
import { createRandom } from '../core/random.ts';
import type { GateRecord } from '../core/records/gate.ts';
import type { Arm, RunResult } from '../core/result.ts';
import { runRounds } from '../loadgen/run.ts';
import { baselineFigures, isTimeless } from '../reports/gate/baseline.ts';
import { BASE_VARIANT, baseOf, gateRounds } from '../reports/gate/rounds.ts';
import type { ArmRule } from '../reports/gate/rules.ts';
import type { Io } from './io.ts';
import type { Request, ServerChoice } from './request.ts';
import type { ReadyRun } from './run-session.ts';
import type { TargetChoice } from './target-file.ts';

/** What differs between head and base. */
export interface Sides {
  /** What is run as the base; nothing, where it is what head is. */
  readonly base: ServerChoice;
  readonly baseTitle: string;
  /** Where it is no server of ours. */
  readonly baseTarget?: TargetChoice | undefined;
  /** Injected into head only. */
  readonly faults: Faults;
}

/** The same request, with an arm of the base behind each arm of head. */
export function withBase(
  request: Request,
  { base, baseTitle, baseTarget, faults }: Sides,
): Request {
  const heads = request.arms.filter(
    ({ role, variant }) => role === 'candidate' && variant === undefined,
  );
  const arms = heads.flatMap((head): Arm[] => [
    head,
    {
      ...head,
      name: baseOf(head.name),
      title: `${head.title}, ${baseTitle}`,
      variant: BASE_VARIANT,
      ...(baseTarget === undefined ? {} : { target: baseTarget.name }),
    },
  ]);
  const headOf = (arm: Arm | undefined): Arm | undefined =>
    arm?.variant === BASE_VARIANT ? heads.find(({ name }) => baseOf(name) === arm.name) : arm;
  return {
    ...request,
    arms,
    targets: baseTarget === undefined ? request.targets : [...request.targets, baseTarget],
    // Both sides run the same load, also where it was made to fit a target.
    phases: (point, arm) => request.phases(point, headOf(arm)),
    // The injected faults are head's; the session's own would be in every arm.
    faults: noFaults,
    server: (point, arm) => ({
      ...request.server(point, headOf(arm)),
      ...(arm?.variant === BASE_VARIANT ? base : { faults }),
    }),
  };
}

export interface Decided {
  readonly outcome: GateOutcome;
  readonly findings: readonly GateFinding[];
  readonly batches: GateRecord['batches'];
}

/** @param batchRounds of each batch */
export async function decide(
  ready: ReadyRun,
  rules: readonly ArmRule[],
  batchRounds: number,
  io: Io,
  judge?: Judge,
): Promise<Decided> {
  const { run, plan } = ready;
  const batches: GateBatch[] = [];
  const kept: GateRecord['batches'] = [];
  for (;;) {
    const step = nextGateStep(batches, rules, judge);
    if (step.kind === 'decided') {
      return { outcome: step.outcome, findings: step.findings, batches: kept };
    }
    const firstRound = kept.length * batchRounds;
    if (step.batch === 'extension') io.err('unclear so far: as many rounds again, once\n');
    if (step.batch === 'confirmation') {
      io.err(`${step.suspects?.join(', ')} looks worse: a second batch has to find it again\n`);
    }
    run.options.rounds = firstRound + batchRounds;
    await runBatch(ready, firstRound, batchRounds, plan.seed + kept.length, io.signal);
    kept.push({ kind: step.batch, firstRound, rounds: batchRounds });
    batches.push({ kind: step.batch, rounds: gateRounds(run, rules, firstRound, batchRounds) });
  }
}

/** Against a saved run: what does not depend on the hour decides, and the rest is shown. */
export async function decideAgainst(
  ready: ReadyRun,
  baseline: RunResult,
  rules: readonly ArmRule[],
  batchRounds: number,
  io: Io,
): Promise<Decided> {
  const figures = baselineFigures(baseline, rules);
  const deciding = rules.filter(isTimeless);
  const decided = await decide(ready, deciding, batchRounds, io, judgeAgainst(figures));
  const measured = gateRounds(ready.run, rules, 0, decided.batches.length * batchRounds);
  const shown = rules
    .filter((rule) => !isTimeless(rule))
    .map((rule) =>
      informationOn(
        measured.flatMap((round) => round[rule.metric]?.head ?? []),
        figures[rule.metric] ?? [],
        rule,
        'timings of another hour do not decide',
      ),
    );
  return { ...decided, findings: [...decided.findings, ...shown] };
}

/** Rounds of the same two builds, for error rates to be resampled from. */
export async function measurePool(
  ready: ReadyRun,
  rules: readonly ArmRule[],
  rounds: number,
  signal: AbortSignal,
): Promise<readonly GateRound[]> {
  ready.run.options.rounds = rounds;
  await runBatch(ready, 0, rounds, ready.plan.seed, signal);
  return gateRounds(ready.run, rules, 0, rounds);
}

async function runBatch(
  { plan, supervisor, events }: ReadyRun,
  firstRound: number,
  rounds: number,
  seed: number,
  signal: AbortSignal,
): Promise<void> {
  // Other orders and other arrivals than in the batches before.
  const batch = { ...plan, firstRound, rounds, seed: createRandom(seed).int(2 ** 31) };
  await runRounds(batch, supervisor, events, signal);
}
