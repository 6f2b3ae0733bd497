/**
 * Tries one transport of a target, a step at a time, with the same processes that a trial has: the server is
 * started, clients connect, a few messages are published, then a short load. Every step leaves its evidence;
 * what it means is said elsewhere.
 */
import { decodeHistogram, valueAtQuantile } from '../core/histogram.ts';
import { isGone, ownerOf } from '../core/process-owner.ts';
import type { PhaseReport, Published, Stray, Tally } from '../core/process-reports.ts';
import type { Arm } from '../core/result.ts';
import type { LoadPhase, Phase } from '../core/scenario.ts';
import type { LoadedTarget } from '../core/target.ts';
import type { Endpoint } from '../core/transport.ts';
import { until } from '../core/until.ts';
import type { Supervisor } from './child-process.ts';
import { TrialFailure } from './child-process.ts';
import { runPhase } from './phases/registry.ts';
import type { CorePlan } from './pinning.ts';
import { plainSetup, startProcesses, stopAll } from './trial.ts';
import { childrenOfTrial } from './trial-children.ts';
import type { TrialContext } from './trial-context.ts';

const CLIENTS = 2;
const PAYLOAD_BYTES = 128;
/** Some way apart, so that what comes twice has time to do so before the last one. */
const FEW: Pick<LoadPhase, 'durationMs' | 'deadlineMs'> & { readonly ratePerS: number } = {
  durationMs: 300,
  deadlineMs: 3_000,
  ratePerS: 10,
};
const LOAD: typeof FEW = { durationMs: 500, deadlineMs: 3_000, ratePerS: 100 };

/** How long a process that was ended may take to go. */
const GONE_MS = 2_000;

export interface Failed {
  readonly step: Step;
  readonly says: string;
  /** The last words of whatever ended. */
  readonly lastWords: string;
}

export type Step = 'starts' | 'connects' | 'publishes' | 'load' | 'stops';

/** What came of some messages. */
export interface Sent {
  readonly messages: number;
  readonly clients: number;
  readonly received: number;
  /** Clients that got at least one. */
  readonly reached: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly foreign: number;
  readonly p50Us: number | undefined;
  readonly p99Us: number | undefined;
  /** Why publishing failed. */
  readonly failures: readonly Tally[];
  readonly ignored: number;
  /** Names of events that were ignored because of their name. */
  readonly ignoredEvents: readonly string[];
  readonly strays: readonly Stray[];
  readonly closed: readonly Tally[];
  /** CPU of the server per delivery, ns; undefined where its processes are not known. */
  readonly cpuNs: number | undefined;
}

export interface Tryout {
  readonly transport: string;
  readonly started?: {
    readonly ms: number;
    readonly endpoint: Endpoint;
    readonly pids: readonly number[];
  };
  readonly connected?: {
    readonly clients: number;
    readonly open: number;
    readonly causes: readonly string[];
    readonly handshakeUs: number | undefined;
  };
  readonly few?: Sent;
  readonly load?: Sent;
  readonly stopped?: { readonly ms: number; readonly left: readonly number[] };
  /** What ended it before its end. */
  readonly failed?: Failed;
}

/** @throws nothing that has to do with the target: that is in the answer */
export async function tryTarget(
  transport: string,
  target: LoadedTarget,
  cores: CorePlan,
  supervisor: Supervisor,
): Promise<Tryout> {
  const tryout: { -readonly [K in keyof Tryout]: Tryout[K] } = { transport };
  const children = childrenOfTrial(supervisor);
  let step: Step = 'starts';
  try {
    await children.unlessCrashed(
      (async () => {
        const phases: readonly Phase[] = [{ kind: 'connect', clients: CLIENTS }];
        const before = performance.now();
        const context = await startProcesses(
          planOf(transport, target, phases),
          { ...plainSetup(cores, 1), connectTimeoutMs: 5_000, target },
          children.supervisor,
          [],
          () => undefined,
        );
        const { serverPids: pids, endpoint } = context;
        tryout.started = { ms: performance.now() - before, endpoint, pids };

        step = 'connects';
        for (const phase of phases) await runPhase(phase, context);
        tryout.connected = connectedOf(context);
        if (tryout.connected.open === CLIENTS) {
          step = 'publishes';
          tryout.few = await send(FEW, context);
          if (isGood(tryout.few)) {
            step = 'load';
            tryout.load = await send(LOAD, context);
          }
        }
        step = 'stops';
        const stoppedFrom = performance.now();
        // One that ran before goes on running.
        const started = target.start === undefined ? [] : context.serverPids;
        const owners = started.map((pid) => ({ pid, owner: ownerOf(pid) }));
        await stopAll(context);
        const ms = performance.now() - stoppedFrom;
        tryout.stopped = {
          ms,
          left: await leftOf(owners),
        };
      })(),
    );
  } catch (error) {
    if (!(error instanceof TrialFailure)) throw error;
    tryout.failed = { step, says: error.message, lastWords: error.stderrTail };
  } finally {
    await children.end();
  }
  return tryout;
}

interface Owner {
  readonly pid: number;
  readonly owner: string;
}

/** Those that are still there: one that has ended is counted until somebody has been told of it. */
async function leftOf(owners: readonly Owner[]): Promise<number[]> {
  const left = (): readonly Owner[] => owners.filter(({ owner }) => !isGone(owner));
  await until(() => left().length === 0, GONE_MS);
  return left().map(({ pid }) => pid);
}

/** Whether every client got every message once, and nothing else. */
export function isGood({
  messages,
  clients,
  received,
  duplicated,
  foreign,
  failures,
}: Sent): boolean {
  return (
    received === messages * clients && duplicated === 0 && foreign === 0 && failures.length === 0
  );
}

function planOf(transport: string, target: LoadedTarget, phases: readonly Phase[]) {
  const arm: Arm = {
    name: transport,
    title: transport,
    transport,
    client: 'lean',
    target: target.name,
    route: 'direct',
    role: 'candidate',
  };
  return { arm, phases, point: {}, round: 0, order: 0, attempt: 0, seed: 1, headRoom: undefined };
}

function connectedOf({ connect, clients }: TrialContext): NonNullable<Tryout['connected']> {
  if (connect === undefined) throw new Error('nobody was to connect');
  return {
    clients,
    open: clients - connect.failed,
    causes: connect.causes.map(({ cause }) => cause),
    handshakeUs: valueAtQuantile(connect.latency, 0.5),
  };
}

async function send(
  { ratePerS, durationMs, deadlineMs }: typeof FEW,
  context: TrialContext,
): Promise<Sent> {
  const reports: PhaseReport[] = [];
  let published: Published | undefined;
  for (const worker of context.workers) {
    worker.on('phase-report', (report) => void reports.push(report));
  }
  context.server.on('published', (one) => {
    published = one;
  });
  await runPhase(
    {
      kind: 'load',
      measured: true,
      durationMs,
      pacing: 'constant',
      deadlineMs,
      publish: { ratePerS, payloadBytes: PAYLOAD_BYTES, from: 'server', to: { kind: 'everybody' } },
    },
    context,
  );
  const { clients, measurement } = context;
  const total = (pick: (counts: PhaseReport['counts']) => number): number =>
    reports.reduce((sum, { counts }) => sum + pick(counts), 0);
  const [report] = reports;
  const due = report === undefined ? undefined : decodeHistogram(report.due);
  const received = total((counts) => counts.received);
  const cpuNs = measurement?.probes['serverCpuNs'];
  return {
    messages: Math.round((ratePerS * durationMs) / 1_000),
    clients,
    received,
    reached: reports.reduce((sum, one) => sum + reachedBy(one), 0),
    duplicated: total((counts) => counts.duplicated),
    reordered: total((counts) => counts.reordered),
    foreign: total((counts) => counts.foreign),
    p50Us: due && valueAtQuantile(due, 0.5),
    p99Us: due && valueAtQuantile(due, 0.99),
    failures: published?.failures ?? [],
    ignored: reports.reduce((sum, { strays }) => sum + (strays?.ignored ?? 0), 0),
    ignoredEvents: [...new Set(reports.flatMap(({ strays }) => strays?.ignoredEvents ?? []))],
    strays: reports.flatMap(({ strays }) => strays?.samples ?? []),
    closed: reports.flatMap(({ closed }) => closed),
    cpuNs: cpuNs === undefined || received === 0 ? undefined : cpuNs / received,
  };
}

/** Clients of a worker in whose column something stands. */
function reachedBy({ cells, columns }: PhaseReport): number {
  const reached = new Set<number>();
  for (const [index, cell] of cells.entries()) if (cell > 0) reached.add(index % columns);
  return reached.size;
}
