/** One fault in the course of a load: struck and mended in time, and what was seen of it from outside. */
import { NS_PER_MS } from '../../core/clock.ts';
import type { Published } from '../../core/process-reports.ts';
import type { FaultPlan, Phase } from '../../core/scenario.ts';
import { cpuOf } from '../procfs.ts';
import type { TrialContext } from '../trial-context.ts';
import type { Injector, Mended, Strike } from './injector.ts';
import { plannedCount } from './injector.ts';
import { createInjector } from './registry.ts';

/** CPU of the server is read this often: a herd is over in a second. */
const CPU_EVERY_MS = 100;

/** CPU time of all server processes together. */
export interface CpuReading {
  /** ns since the epoch */
  readonly at: number;
  readonly cpuNs: number;
  /** Those that were read: what one has used before it joined is no cost of the moment in which it did. */
  readonly pids?: readonly number[];
}

export interface FaultOutcome {
  readonly plan: FaultPlan;
  readonly planned: number;
  readonly strike: Strike;
  readonly mendedAtNs: number;
  /** All through the load; a gap where the server was not there. */
  readonly cpu: readonly CpuReading[];
}

export interface FaultRun {
  /** Rejects when the fault could not be brought about, or mended. */
  readonly over: Promise<FaultOutcome>;
  /** What was published in the end, by whomever. */
  readonly published: Promise<Published | undefined>;
  /** Looks at nothing any more. */
  stop(): void;
}

/** Gets ready for the fault that one of the phases has, before anybody connects. */
export async function prepareFault(phases: readonly Phase[], context: TrialContext): Promise<void> {
  const plan = phases.flatMap((phase) => ('fault' in phase ? (phase.fault ?? []) : []))[0];
  if (plan === undefined) return;
  const injector = createInjector(plan.cut);
  context.fault = { plan, injector };
  const clients = phases.reduce(
    (most, phase) => (phase.kind === 'connect' ? Math.max(most, phase.clients) : most),
    0,
  );
  await injector.prepare?.(plan, context, clients);
}

/** @param published by the server that was there at the start */
export function startFault(
  plan: FaultPlan,
  startNs: number,
  context: TrialContext,
  published: Promise<Published | undefined>,
): FaultRun {
  const injector = context.fault?.injector;
  if (injector === undefined) throw new Error('a fault that nobody has prepared');
  const cpu: CpuReading[] = [];
  const sampler = setInterval(() => readCpu(context, cpu), CPU_EVERY_MS);
  const timers = new Set<NodeJS.Timeout>([sampler]);
  const until = (ns: number): Promise<void> =>
    new Promise((resolve) => {
      timers.add(setTimeout(resolve, Math.max(0, (ns - context.clock()) / NS_PER_MS)));
    });
  const run = carryOut(plan, startNs, context, injector, until);
  const over = run.then(({ outcome }) => ({ ...outcome, cpu }));
  const all = run.then(({ mended }) => mended?.published ?? published);
  // Both are waited for together with others; until then a failure has nobody to hear it.
  over.catch(() => undefined);
  all.catch(() => undefined);
  return {
    over,
    published: all,
    stop() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

async function carryOut(
  plan: FaultPlan,
  startNs: number,
  context: TrialContext,
  injector: Injector,
  until: (ns: number) => Promise<void>,
): Promise<{ outcome: Omit<FaultOutcome, 'cpu'>; mended: Mended | undefined }> {
  await until(startNs + plan.atMs * NS_PER_MS);
  const planned = plannedCount(injector, plan, context);
  const strike = await injector.strike(plan, context);
  context.expectedClosures += strike.count;
  await until(strike.atNs + plan.forMs * NS_PER_MS);
  const mended = await injector.mend(plan, context);
  const mendedAtNs = context.clock();
  return {
    outcome: { plan, planned: strike.planned ?? planned, strike, mendedAtNs },
    mended,
  };
}

function readCpu({ clock, serverPids }: TrialContext, into: CpuReading[]): void {
  const cpuNs = cpuOf(serverPids);
  if (cpuNs !== undefined) into.push({ at: clock(), cpuNs, pids: [...serverPids] });
}
