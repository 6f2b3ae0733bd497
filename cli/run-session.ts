/**
 * Everything around the rounds of a run, whichever command asked for it: what the machine allows, the run
 * file that is kept up to date, progress, and an end on every path.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '../core/certificate.ts';
import { createCertificate } from '../core/certificate.ts';
import { newEpoch } from '../core/clock.ts';
import { fault } from '../core/errors.ts';
import { mostLoopbackAddresses } from '../core/loopback.ts';
import { typesOf } from '../core/params.ts';
import type { SearchRecord } from '../core/records/search.ts';
import type { Point, RunResult } from '../core/result.ts';
import { pointName, SCHEMA_VERSION } from '../core/result.ts';
import type { Supervisor } from '../loadgen/child-process.ts';
import { createSupervisor } from '../loadgen/child-process.ts';
import { describeEnvironment } from '../loadgen/environment.ts';
import type { Spread } from '../loadgen/limits.ts';
import { addressesFor, checkClients, chooseWorkers, readLimits } from '../loadgen/limits.ts';
import { namespacesUnavailable } from '../loadgen/namespaces.ts';
import { clientsOf, connectsDirectly, eventsPerS, needsNetwork } from '../loadgen/offered-load.ts';
import type { Progress } from '../loadgen/one-trial.ts';
import { pinSelf, planCores } from '../loadgen/pinning.ts';
import type { RunEvents, RunPlan } from '../loadgen/run.ts';
import type { BoundedSearch, SearchEvents } from '../loadgen/search-run.ts';
import { compareArms } from '../reports/compare-arms.ts';
import { deriveMetrics } from '../reports/derive.ts';
import { abortInPlace, createRunFolder, writeRunFile } from '../reports/run-file.ts';
import { appendSnapshot, hasSnapshots } from '../reports/soak-file.ts';
import { findWarnings } from '../reports/warnings.ts';
import { createCeilingCache } from './ceiling-cache.ts';
import type { Io } from './io.ts';
import {
  clearLeftovers,
  clearNetworks,
  clearRoutes,
  clearTargets,
  markRunning,
} from './leftovers.ts';
import { fitToNetworks } from './network-request.ts';
import { createProgress } from './progress.ts';
import { moreTimeFor } from './report-limits.ts';
import type { Request } from './request.ts';
import { DIRECT } from './route-options.ts';
import { readyRoutes } from './route-ready.ts';
import { idOf, runsFolder } from './runs-folder.ts';
import { hashOfScenario } from './scenario-hash.ts';
import { boundSearch } from './search-request.ts';
import { buildTargets } from './target-build.ts';
import { builtIn } from './target-file.ts';
import { recordOfTargets } from './target-record.ts';
import { measuredPackages, toolCommit, toolVersion } from './tool.ts';

/** A run that is ready to begin. */
export interface ReadyRun {
  readonly plan: RunPlan;
  readonly supervisor: Supervisor;
  readonly events: RunEvents & SearchEvents;
  /** What is added to it is in the run file after the next `save`. */
  readonly run: RunResult;
  save(): void;
  /** Where the request looks for a limit: what is searched at a point, within what the machine can do. */
  readonly searchAt: ((point: Point) => BoundedSearch) | undefined;
}

export interface SessionOptions {
  readonly io: Io;
  /** Folder of run folders, as given; left out: the default. */
  readonly out: string | undefined;
  /** The command that runs this again. */
  readonly command: string;
  /** Told of every step, beside what is shown. */
  readonly onProgress?: (progress: Progress) => void;
  /** Whether the folder outlives the run; left out, it does. */
  readonly keeps?: boolean;
  /** Whether this process keeps to the generator's cores meanwhile; left out, it does. */
  readonly pins?: boolean;
}

/**
 * Runs what was asked for.
 * @param act runs the rounds; what it throws ends the run, and what was measured by then is kept
 * @throws HarnessError for what the machine cannot do, and when interrupted
 */
export async function runSession(
  asked: Request,
  { io, out: given, command, onProgress, keeps = true, pins = true }: SessionOptions,
  act: (ready: ReadyRun) => Promise<void>,
): Promise<{ readonly run: RunResult; readonly folder: string }> {
  const request = await fitToNetworks(asked, namespacesUnavailable);
  const { scenario, search } = request;
  const limits = readLimits();
  const spread = spreadOf(request);
  const searchAt = search && ((point: Point) => boundSearch(search.planAt(point), limits, spread));
  const loads = request.points
    .map((point) => hardest(point, searchAt?.(point)))
    .flatMap((point) => request.arms.map((arm) => request.phases(point, arm)));
  const clients = Math.max(...loads.map(clientsOf));
  checkClients(clients, limits, spread);
  const addresses = addressesFor(clients, limits, spread);
  const cores = planCores();
  const workers =
    request.run.workers ||
    chooseWorkers(clients, Math.max(...loads.map(eventsPerS)), cores.generator.length, limits);

  const needs = request.server({});
  // Of a server of somebody else's nobody knows them.
  const isOurs = request.targets.includes(builtIn);
  const { versions, records } = await readyRoutes(request.routes, request.tls);
  await buildTargets(request.targets, io);
  const startedAt = new Date();
  const id = idOf(startedAt, scenario.name);
  const out = runsFolder(given);
  const folder = createRunFolder(out, id);
  const left = [
    ...clearLeftovers(out),
    ...clearTargets(),
    ...(await clearRoutes()),
    ...(await clearNetworks()),
  ];
  for (const says of left) io.err(`${says}\n`);
  const hash = hashOfScenario(scenario);
  for (const { what, says } of request.skipped) io.err(`skipped: ${what}: ${says}\n`);
  const environment = describeEnvironment(cores, measuredPackages(), versions);
  const run: RunResult = {
    schema: SCHEMA_VERSION,
    id,
    startedAt: startedAt.toISOString(),
    state: 'running',
    tool: { version: toolVersion(), commit: toolCommit() },
    command,
    scenario: {
      name: scenario.name,
      question: scenario.question,
      headline: [...scenario.headline],
      explore: scenario.explore,
      paramTypes: typesOf(scenario.params),
      ...(scenario.origin === undefined ? {} : { origin: scenario.origin }),
      ...(hash === undefined ? {} : { hash }),
    },
    params: { ...request.values },
    options: {
      rounds: request.run.rounds,
      seed: request.run.seed,
      margin: request.run.margin,
      client: request.client,
      inject: request.inject,
      workers,
      ...(isOurs ? { policy: needs.policy, replay: needs.replay } : {}),
      tls: request.tls,
      connections: request.run.connections,
      pipelining: request.run.pipelining,
      ...(isOurs
        ? { processes: needs.processes, blockMs: needs.blockMs, slowMs: needs.slowMs }
        : {}),
      ...(addresses === 1 ? {} : { addresses }),
    },
    points: [...request.points],
    arms: [...request.arms],
    ...(records.length === 0 ? {} : { routes: [...records] }),
    ...recordOfTargets(request.targets),
    ...(request.skipped.length === 0 ? {} : { skipped: [...request.skipped] }),
    environment,
    trials: [],
    control: [],
    ...(search === undefined ? {} : { searches: [] }),
    comparisons: [],
    warnings: [],
  };

  const unmark = markOrRemove(folder);
  const supervisor = createSupervisor(request.run['stop-timeout'], moreTimeFor);
  const progress = createProgress(io, () => run.options.rounds);
  const save = (): void => void writeRunFile(folder, run);
  const stopChildren = (): void => supervisor.killAll();
  io.signal.addEventListener('abort', stopChildren, { once: true });
  // Whoever called may have other things to do afterwards; and where its server is in this very process, now.
  const unpin = pins ? pinSelf(cores.generator) : undefined;
  let certificate: Certificate | undefined;
  try {
    save();
    certificate = request.tls ? await createCertificate() : undefined;
    const plan: RunPlan = {
      arms: request.arms,
      points: request.points,
      phases: request.phases,
      server: request.server,
      rounds: request.run.rounds,
      seed: request.run.seed,
      control: request.run.control === 'on',
      headRoom: request.run['head-room'] === 'on',
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
        addresses,
        host: '127.0.0.1',
        port: request.run.port,
        connectTimeoutMs: request.run['connect-timeout'],
        startTimeoutMs: request.run['start-timeout'],
        replyTimeoutMs: request.run['reply-timeout'],
        ...needs,
        logFolder: folder,
        tls: certificate && { cert: certificate.certPath, key: certificate.keyPath },
        upstream: {
          connections: request.run.connections,
          pipelining: request.run.pipelining,
          timeoutMs: request.run['post-timeout'],
          connectTimeoutMs: request.run['connect-timeout'],
        },
        faults: request.faults,
      },
    };
    const events: RunEvents & SearchEvents = {
      onProgress: (step) => {
        progress.show(step);
        onProgress?.(step);
      },
      onExcluded: (trials) => {
        progress.excluded(trials);
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
      onIncident(incident) {
        run.incidents = [...(run.incidents ?? []), incident];
        save();
      },
      onControl: async (control) => {
        run.control.push(control);
        progress.control(control);
      },
      onSnapshot: (snapshot) => appendSnapshot(folder, snapshot),
      onSearch: async (found) => {
        run.searches = withSearch(run.searches ?? [], found);
        if (found.end !== 'unfinished') {
          for (const trial of run.trials) trial.metrics = deriveMetrics(trial);
          progress.search(found);
        }
        save();
      },
    };
    await act({ plan, supervisor, events, run, save, searchAt });
    run.state = 'finished';
  } catch (error) {
    run.state = 'aborted';
    if (!io.signal.aborted) throw error;
  } finally {
    io.signal.removeEventListener('abort', stopChildren);
    supervisor.close();
    unpin?.();
    certificate?.remove();
    progress.close();
    end(run, folder, unmark);
  }
  if (io.signal.aborted) {
    throw fault('interrupted', {
      kept: isEmpty(run, folder) ? undefined : join(folder, 'run.json'),
      given: keeps,
    });
  }
  return { run, folder };
}

/** The last that is written of a run. On a full disk too it is not taken for one that goes on, or was killed. */
function end(run: RunResult, folder: string, unmark: () => void): void {
  try {
    if (run.state === 'running') return;
    run.finishedAt = new Date().toISOString();
    run.comparisons = compareArms(run);
    run.warnings = findWarnings(run);
    writeRunFile(folder, run);
  } catch (error) {
    abortInPlace(folder);
    throw error;
  } finally {
    unmark();
    // Somebody who asks for the latest run means one that measured something.
    if (run.state === 'aborted' && isEmpty(run, folder)) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Where not even that fits on the disk, nothing of the run is left. */
function markOrRemove(folder: string): () => void {
  try {
    return markRunning(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Each search once, as it was told last. */
function withSearch(all: readonly SearchRecord[], found: SearchRecord): SearchRecord[] {
  const isSame = ({ arm, round, point }: SearchRecord): boolean =>
    arm === found.arm && round === found.round && pointName(point) === pointName(found.point);
  return all.some(isSame) ? all.map((one) => (isSame(one) ? found : one)) : [...all, found];
}

/** Whether nothing was measured of what was asked for. */
function isEmpty({ trials }: RunResult, folder: string): boolean {
  return trials.length === 0 && !hasSnapshots(folder);
}

/** The largest load at a point: where a search ends, or the point itself. */
function hardest(point: Point, search: BoundedSearch | undefined): Point {
  return search === undefined ? point : { ...point, [search.param]: search.to };
}

/** Of all that is to be run, the least that connections are spread over. */
function spreadOf({ points, arms, server, phases }: Request): Spread {
  const each = points.flatMap((point) =>
    arms.map((arm) => ({
      processes: server(point, arm).processes,
      // A library does not let us choose where it connects to; what is in between has one address, and so has
      // a server that is not ours, or one of a build that may not know better.
      isFree:
        arm.client === 'lean' &&
        arm.target === builtIn.name &&
        server(point, arm).serverScript === undefined &&
        arm.route === DIRECT &&
        connectsDirectly(phases(point, arm)),
      isOwnNetwork: needsNetwork(phases(point, arm)),
    })),
  );
  return {
    processes: Math.min(...each.map(({ processes }) => processes)),
    addresses: each.every(({ isFree }) => isFree) ? mostLoopbackAddresses(process.platform) : 1,
    // A proxy or a relay holds both sides of each.
    perClient: arms.every(({ route }) => route === DIRECT) ? 1 : 2,
    isOwnNetwork: each.every(({ isOwnNetwork }) => isOwnNetwork),
  };
}
