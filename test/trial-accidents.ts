/**
 * Runs one trial of the compiled program and lets a test strike at a moment of its script: when a process is
 * started, or when the controller tells one of them something.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fillParams } from '../core/params.ts';
import type { Trial } from '../core/result.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Supervisor } from '../loadgen/child-process.ts';
import type { TrialSetup } from '../loadgen/trial.ts';
import { DIST } from './program.ts';

/** Where they run is not what is tested. */
const UNPINNED = { server: [], generator: [], unpinned: 'a test' };

/** A process of the trial, while it runs. */
export interface Process {
  readonly title: string;
  readonly pid: number;
}

export interface Moment {
  /** Whom it is about. */
  readonly of: Process;
  /** `start`, or the kind of the message that it is about to be sent. */
  readonly event: string;
  /** Of the message. */
  readonly message: Readonly<Record<string, unknown>>;
  /** All that were started so far. */
  readonly processes: readonly Process[];
}

export interface AccidentPlan {
  readonly scenario: Scenario;
  readonly params: Readonly<Record<string, string>>;
  readonly transport?: string;
  readonly setup?: Partial<TrialSetup>;
  onMoment?(moment: Moment): void;
}

/** @returns the trial, and the processes that it has left behind */
export async function runWithAccident(
  plan: AccidentPlan,
): Promise<{ trial: Trial; left: readonly Process[] }> {
  const { scenario, params, transport = 'ws', setup = {}, onMoment = () => undefined } = plan;
  const { createSupervisor } = await compiled<typeof import('../loadgen/child-process.ts')>(
    'loadgen/child-process.js',
  );
  const { plainSetup, runTrial } =
    await compiled<typeof import('../loadgen/trial.ts')>('loadgen/trial.js');
  const { moreTimeFor } =
    await compiled<typeof import('../cli/report-limits.ts')>('cli/report-limits.js');
  const real = createSupervisor(1_000, moreTimeFor);
  const processes: Process[] = [];
  const watched: Supervisor = {
    ...real,
    start(options) {
      const child = real.start<never, never>(options);
      const { title, pid } = child;
      const of = { title, pid };
      processes.push(of);
      onMoment({ of, event: 'start', message: {}, processes });
      const watchedChild = {
        ...child,
        send(message: { readonly kind: string }): void {
          onMoment({ of, event: message.kind, message: { ...message }, processes });
          child.send(message as never);
        },
        stop(message: { readonly kind: string }): Promise<void> {
          onMoment({ of, event: message.kind, message: { ...message }, processes });
          return child.stop(message as never);
        },
      };
      return watchedChild as never;
    },
  };
  const values = fillParams(scenario.params, params);
  try {
    const trial = await runTrial(
      {
        arm: {
          name: transport,
          title: transport,
          transport,
          client: 'lean',
          target: 'built-in',
          route: 'direct',
          role: 'candidate',
        },
        phases: scenario.phases(values),
        point: {},
        round: 0,
        order: 0,
        attempt: 0,
        seed: 1,
        headRoom: undefined,
      },
      { ...plainSetup(UNPINNED, 1), ...scenario.server?.(values), ...setup },
      watched,
      () => undefined,
    );
    return { trial, left: processes.filter(({ pid }) => isAlive(pid)) };
  } finally {
    real.close();
  }
}

/** The row of plain HTTP of a scenario, with another server. */
export async function runYardstickOn(
  serverScript: string,
  scenario: Scenario,
  params: Readonly<Record<string, string>>,
): Promise<unknown> {
  const { createSupervisor } = await compiled<typeof import('../loadgen/child-process.ts')>(
    'loadgen/child-process.js',
  );
  const { plainSetup } = await compiled<typeof import('../loadgen/trial.ts')>('loadgen/trial.js');
  const { runYardstick } =
    await compiled<typeof import('../loadgen/plain-http.ts')>('loadgen/plain-http.js');
  const supervisor = createSupervisor();
  try {
    return await runYardstick(
      { phases: scenario.phases(fillParams(scenario.params, params)), point: {}, round: 0 },
      { ...plainSetup(UNPINNED, 1), serverScript },
      supervisor,
    );
  } finally {
    supervisor.close();
  }
}

function compiled<Module>(path: string): Promise<Module> {
  return import(pathToFileURL(join(DIST, path)).href) as Promise<Module>;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
