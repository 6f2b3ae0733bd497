/** `bench <scenario>`: runs it, keeps the run file up to date, and ends with the verdict and the report. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createCertificate } from '../core/certificate.ts';
import { newEpoch } from '../core/clock.ts';
import { exitCodes, fault } from '../core/errors.ts';
import type { Params } from '../core/params.ts';
import type { RunResult } from '../core/result.ts';
import { SCHEMA_VERSION } from '../core/result.ts';
import type { Scenario } from '../core/scenario.ts';
import { createSupervisor } from '../loadgen/child-process.ts';
import { describeEnvironment } from '../loadgen/environment.ts';
import { checkClients, chooseWorkers, readLimits } from '../loadgen/limits.ts';
import { clientsOf, eventsPerS } from '../loadgen/offered-load.ts';
import { pinSelf, planCores } from '../loadgen/pinning.ts';
import { runRounds } from '../loadgen/run.ts';
import { compareArms } from '../reports/compare-arms.ts';
import { deriveMetrics } from '../reports/derive.ts';
import { renderHtml } from '../reports/formats/html.ts';
import { renderTerminal } from '../reports/formats/terminal.ts';
import { createRunFolder, writeRunFile, writeWhole } from '../reports/run-file.ts';
import { validityOf } from '../reports/summary.ts';
import { findWarnings } from '../reports/warnings.ts';
import { scenarios } from '../scenarios/registry.ts';
import { createCeilingCache } from './ceiling-cache.ts';
import type { CommandFactory } from './commands.ts';
import type { Io } from './io.ts';
import { addCommonOptions, addParams, givenValues, runParams, textOptions } from './options.ts';
import { createProgress } from './progress.ts';
import { defaultArms, readRequest } from './request.ts';
import { measuredPackages, packageFolder, toolCommit, toolVersion } from './tool.ts';

interface Flags {
  readonly quick?: true;
  readonly tls?: true;
  readonly json?: true;
  readonly open?: true;
}

export const bench: CommandFactory = (program, io, finish) => {
  const command = program
    .command('bench')
    .description('run a scenario; ends with a verdict, a run file and a report');
  for (const scenario of Object.values<Scenario>(scenarios)) {
    const one = command.command(scenario.name).description(scenario.question);
    addParams(one, scenario.params, scenario.quick);
    addParams(one, runParamsOf(scenario), { rounds: 2 });
    addCommonOptions(one, { arms: defaultArms(scenario), client: 'lean', out: defaultOut() });
    one.action(async (flags: Flags) => {
      const names = [scenario.params, runParams, textOptions].flatMap((table) =>
        Object.keys(table),
      );
      const given = givenValues(one, names);
      finish(await runBench(scenario, given, flags, io));
    });
  }
};

/** The options of every scenario, with the defaults of this one. */
function runParamsOf({ rounds }: Scenario): Params {
  if (rounds === undefined) return runParams;
  return { ...runParams, rounds: { ...runParams.rounds, default: rounds } };
}

function defaultOut(): string {
  return join('reports', 'runs');
}

async function runBench(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  flags: Flags,
  io: Io,
): Promise<number> {
  const request = readRequest(scenario, given, {
    quick: flags.quick === true,
    tls: flags.tls === true,
  });
  const limits = readLimits();
  const loads = request.points.flatMap((point) =>
    request.arms.map((arm) => request.phases(point, arm)),
  );
  const clients = Math.max(...loads.map(clientsOf));
  checkClients(clients, limits);
  const cores = planCores();
  const workers =
    request.run.workers ||
    chooseWorkers(clients, Math.max(...loads.map(eventsPerS)), cores.generator.length, limits);

  const needs = request.server({});
  const startedAt = new Date();
  const id = `${startedAt.toISOString().replace(/[-:]/g, '').replace(/\..*/, '')}-${scenario.name}`;
  const out = resolve(given['out'] ?? join(packageFolder(), defaultOut()));
  const folder = createRunFolder(out, id);
  const environment = describeEnvironment(cores, measuredPackages());
  const run: RunResult = {
    schema: SCHEMA_VERSION,
    id,
    startedAt: startedAt.toISOString(),
    state: 'running',
    tool: { version: toolVersion(), commit: toolCommit() },
    command: commandLine(scenario, given, flags),
    scenario: {
      name: scenario.name,
      question: scenario.question,
      headline: [...scenario.headline],
      explore: scenario.explore,
    },
    params: { ...request.values },
    options: {
      rounds: request.run.rounds,
      seed: request.run.seed,
      margin: request.run.margin,
      client: request.client,
      inject: request.inject,
      workers,
      policy: needs.policy,
      replay: needs.replay,
      tls: request.tls,
      connections: request.run.connections,
      pipelining: request.run.pipelining,
    },
    points: [...request.points],
    arms: [...request.arms],
    environment,
    trials: [],
    control: [],
    comparisons: [],
    warnings: [],
  };

  const certificate = request.tls ? await createCertificate() : undefined;
  const supervisor = createSupervisor();
  const progress = createProgress(io, request.run.rounds);
  const save = (): string => writeRunFile(folder, run);
  const stopChildren = (): void => supervisor.killAll();
  io.signal.addEventListener('abort', stopChildren, { once: true });
  try {
    save();
    pinSelf(cores.generator);
    await runRounds(
      {
        arms: request.arms,
        points: request.points,
        phases: request.phases,
        server: request.server,
        rounds: request.run.rounds,
        seed: request.run.seed,
        ceilings: createCeilingCache(
          join(out, 'ceilings.json'),
          environment.fingerprint,
          workers,
          run.tool.version,
        ),
        setup: {
          epoch: newEpoch(),
          cores,
          workers,
          host: '127.0.0.1',
          port: request.run.port,
          connectTimeoutMs: request.run['connect-timeout'],
          ...needs,
          tls: certificate && { cert: certificate.certPath, key: certificate.keyPath },
          upstream: {
            connections: request.run.connections,
            pipelining: request.run.pipelining,
          },
          faults: request.faults,
        },
      },
      supervisor,
      {
        onProgress: progress.show,
        onExcluded: (trial) => {
          progress.excluded(trial);
          save();
        },
        onTrial: async (trial) => {
          trial.metrics = deriveMetrics(trial);
          run.trials.push(trial);
          progress.trial(trial);
          save();
        },
        onYardstick: async (yardstick) => {
          run.yardstick = [...(run.yardstick ?? []), yardstick];
          progress.yardstick(yardstick);
          save();
        },
        onControl: async (control) => {
          run.control.push(control);
          progress.control(control);
        },
      },
      io.signal,
    );
    run.state = 'finished';
  } catch (error) {
    run.state = 'aborted';
    if (!io.signal.aborted) throw error;
  } finally {
    io.signal.removeEventListener('abort', stopChildren);
    supervisor.close();
    certificate?.remove();
    progress.close();
    if (run.state !== 'running') {
      run.finishedAt = new Date().toISOString();
      run.comparisons = compareArms(run);
      run.warnings = findWarnings(run);
      save();
    }
  }
  if (io.signal.aborted) {
    throw fault('interrupted', {
      kept: run.trials.length === 0 ? undefined : join(folder, 'run.json'),
    });
  }

  const report = join(folder, 'report.html');
  writeWhole(report, renderHtml(run));
  if (flags.json === true) io.out(`${JSON.stringify(run)}\n`);
  else
    io.out(
      renderTerminal(run, {
        runFile: join(folder, 'run.json'),
        report,
        color: io.color,
        columns: io.columns,
      }),
    );
  if (flags.open === true) openInBrowser(report);
  return exitCodeOf(run);
}

/** The command that runs this again, with everything that was given and nothing else. */
function commandLine(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  flags: Flags,
): string {
  const options = Object.entries(given)
    .filter(([name]) => name !== 'out')
    .map(([name, value]) => `--${name} ${/^[\w.,:=%/-]+$/.test(value) ? value : `'${value}'`}`);
  if (flags.quick === true) options.push('--quick');
  if (flags.tls === true) options.push('--tls');
  return ['npm run bench', scenario.name, ...(options.length > 0 ? ['--', ...options] : [])].join(
    ' ',
  );
}

function exitCodeOf(run: RunResult): number {
  if (validityOf(run).state !== 'invalid') return exitCodes.passed;
  const completed = run.trials.some(({ outcome }) => outcome === 'completed');
  return completed ? exitCodes.invalid : exitCodes.machineCannot;
}

function openInBrowser(path: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(opener, [path], { stdio: 'ignore', detached: true });
  // Without a desktop there is no opener; the path of the report is on the screen.
  child.on('error', () => undefined);
  child.unref();
}
