/**
 * Runs for programs: `run()` is `bench` without a terminal. It prints nothing, ends nothing but what it
 * started, leaves no file where no folder is given, and says what is wrong by rejecting with a HarnessError.
 */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fault } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Params } from '../core/params.ts';
import type { DefinedScenario, Scenario } from '../core/scenario.ts';
import { createTemporaryFolder } from '../core/temporary-folder.ts';
import type { Progress } from '../loadgen/one-trial.ts';
import { renderHtml } from '../reports/formats/html.ts';
import { writeWhole } from '../reports/run-file.ts';
import { scenarios } from '../scenarios/registry.ts';
import type { Io } from './io.ts';
import { readRequest } from './request.ts';
import type { RunOptions, ScenarioName, TargetInput } from './run-options.ts';
import { commandOf, isList, refuseUnknown, runOptionNames, textsOf } from './run-options.ts';
import type { RunOutcome } from './run-outcome.ts';
import { createOutcome } from './run-outcome.ts';
import { runRequest } from './run-request.ts';
import { checkScenario } from './scenario-check.ts';
import type { TargetChoice } from './target-file.ts';
import { checkTarget, loadTargets } from './target-file.ts';

/** Runs of this process that are not over: two would take the cores from each other. */
const underWay = new Set<symbol>();

/**
 * Runs a scenario: one of ours by its name, or one made with `defineScenario`.
 * @throws HarnessError (as a rejection) for what cannot be run as it was asked for, for what the machine
 *   cannot do, and when `signal` is aborted
 */
export function run<N extends ScenarioName>(
  scenario: N,
  options?: RunOptions<(typeof scenarios)[N]['params']>,
): Promise<RunOutcome>;
export function run<P extends Params>(
  scenario: DefinedScenario<P>,
  options?: RunOptions<P>,
): Promise<RunOutcome>;
export async function run(
  wanted: string | Scenario,
  options: RunOptions = {},
): Promise<RunOutcome> {
  if (underWay.size > 0) throw fault('run-under-way');
  const mark = Symbol('run');
  underWay.add(mark);
  try {
    return await runOne(wanted, options);
  } finally {
    underWay.delete(mark);
  }
}

async function runOne(wanted: string | Scenario, options: RunOptions): Promise<RunOutcome> {
  refuseUnknown('option of run()', Object.keys(options), runOptionNames);
  const scenario = typeof wanted === 'string' ? builtIn(wanted) : ownScenario(wanted);
  const given = textsOf(scenario, options);
  const targets = await targetsOf(options.target);
  const request = readRequest(scenario, given, {
    quick: options.quick === true,
    tls: options.tls === true,
    fastTimers: options.fastTimers === true,
    ...(targets === undefined ? {} : { targets }),
  });
  const own = createOwnAbort(options);
  const out = options.out === undefined ? createTemporaryFolder('run') : resolve(options.out);
  try {
    const { run: result, folder } = await runRequest(request, {
      io: silent(own.signal),
      out,
      command: commandOf(wanted, options, given),
      onProgress: own.onProgress,
      keeps: options.out !== undefined,
      // A server that runs already may well be in this process: it is not to be moved to the generator's cores.
      pins: !(targets ?? []).some(
        ({ target }) => target !== undefined && target.start === undefined,
      ),
    });
    if (options.out === undefined) return createOutcome(result, undefined);
    writeWhole(join(folder, 'report.html'), renderHtml(result));
    return createOutcome(result, folder);
  } catch (error) {
    throw own.thrown() ?? error;
  } finally {
    if (options.out === undefined) rmSync(out, { recursive: true, force: true });
  }
}

/** @throws HarnessError `unknown-name` */
function builtIn(name: string): Scenario {
  const all: Readonly<Record<string, Scenario>> = scenarios;
  const scenario = Object.hasOwn(all, name) ? all[name] : undefined;
  if (scenario !== undefined) return scenario;
  const known = Object.keys(all);
  throw fault('unknown-name', { what: 'scenario', name, nearest: nearestOf(name, known), known });
}

/** One of ours may also be handed over as it is. */
function ownScenario(value: Scenario): Scenario {
  const isOurs = Object.values<Scenario>(scenarios).includes(value);
  return isOurs ? value : checkScenario(value, 'the scenario given to run()');
}

/** @throws HarnessError `target-unusable`, `unknown-name`, `bad-value` */
async function targetsOf(
  target: RunOptions['target'],
): Promise<readonly TargetChoice[] | undefined> {
  if (target === undefined) return undefined;
  const folder = process.cwd();
  const all: readonly TargetInput[] = isList(target) ? target : [target];
  const choices: TargetChoice[] = [];
  for (const one of all) {
    const found =
      typeof one === 'string'
        ? await loadTargets(one, { folder, named: {} }, 'target')
        : [checkTarget(one, join(folder, 'the target given to run()'))];
    choices.push(...found);
  }
  const names = choices.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return choices;
  throw fault('bad-value', {
    flag: 'target',
    problem: `two targets are named '${twice}'; give each a name of its own`,
  });
}

function silent(signal: AbortSignal): Io {
  const nothing = (): void => undefined;
  return {
    args: [],
    env: {},
    out: nothing,
    err: nothing,
    terminal: undefined,
    columns: 100,
    color: false,
    signal,
  };
}

/** An error of the caller's own must not be thrown into the middle of our message handlers. */
function createOwnAbort({ signal, onProgress }: RunOptions): {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  thrown(): unknown;
} {
  const abort = new AbortController();
  let thrown: unknown;
  return {
    signal: signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]),
    onProgress(progress) {
      if (abort.signal.aborted) return;
      try {
        onProgress?.(progress);
      } catch (error) {
        thrown = error;
        abort.abort();
      }
    },
    thrown: () => thrown,
  };
}
