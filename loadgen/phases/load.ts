/** Runs one load phase: everything on schedule, every event accounted for, cost read before and after. */
import { NS_PER_MS } from '../../core/clock.ts';
import type { FromWorker } from '../../core/control.ts';
import type { LoadPhase } from '../../core/scenario.ts';
import { meterCost } from '../cost-meter.ts';
import type { FlowPlan } from '../flows.ts';
import { behaviourOf, expectationOf, planFlows, startFlows } from '../flows.ts';
import { measure } from '../measure.ts';
import { answerMs } from '../offered-load.ts';
import { countServer } from '../server-counts.ts';
import type { TrialContext } from '../trial-context.ts';
import { mergeTrips } from '../trips.ts';

/** Time for the orders to reach everybody before the first event is due. */
const LEAD_NS = 50 * NS_PER_MS;
const PATIENCE_MS = 30_000;
/** What is still missing this long after it should have come is waited for, but not as load. */
const DRAIN_MS = 250;

export async function load(phase: LoadPhase, context: TrialContext): Promise<void> {
  const { clock, workers, clients } = context;
  const plan = planFlows(phase, context);
  // Before anything is started: a worker without clients has nothing to wait for and says so at once.
  const complete = Promise.all(workers.map(nextComplete));
  const open = await expectAll(plan, context);
  if (plan.request !== undefined) await tellHandler(plan.request.load, context);
  const countsBefore = await countServer(context);

  const startNs = clock() + LEAD_NS;
  const lastDueMs = (LEAD_NS + plan.lastDueNs) / NS_PER_MS;
  const stopWatching = watchProgress(phase, context);
  const anyFailure = [context.server.failure, ...workers.map(({ failure }) => failure)];
  const unlessFailed = <T>(promise: Promise<T>): Promise<T> =>
    Promise.race([promise, ...anyFailure]);
  // Not completing by the deadline is an outcome, which the counts show, not a failure.
  const overdue = pause(lastDueMs + phase.deadlineMs);
  try {
    const flows = startFlows(plan, startNs, context, open);
    const over = Promise.all([Promise.race([complete, overdue]), flows.asked]);
    over.catch(() => undefined);
    // The cost is that of the load. Where something is missing, the wait for it comes after it: seconds of
    // idling would make an overloaded generator look half busy.
    const { outcome: publication, cost } = await meterCost(context, async () => {
      const sent = Promise.all([flows.published, flows.requested, pause(lastDueMs)]);
      const [published] = await unlessFailed(sent);
      await unlessFailed(Promise.race([over, pause(DRAIN_MS + answerMs(phase))]));
      return published;
    });
    for (const worker of workers) worker.send({ kind: 'load-over' });
    const [, asks] = await unlessFailed(over);
    const countsAfter = await countServer(context);
    const endNs = clock();

    const collected = workers.map((worker) => worker.next('phase-report', PATIENCE_MS));
    for (const worker of workers) worker.send({ kind: 'collect' });
    const reports = await Promise.all(collected);
    const requests = reports.flatMap((report) => report.requests ?? []);

    context.phases.push({
      kind: phase.kind,
      measured: phase.measured,
      startNs,
      endNs,
      says: describe(plan, clients),
    });
    if (!phase.measured) return;
    context.measurement = measure({
      plan,
      context,
      startNs,
      publication,
      requests: requests.length === 0 ? undefined : mergeTrips(requests),
      asks,
      reports,
      cost,
      countsBefore,
      countsAfter,
    });
  } finally {
    stopWatching();
  }
}

/** Not rejected when the worker is stopped later: by then nobody waits for it any more. */
function nextComplete(worker: TrialContext['workers'][number]): Promise<unknown> {
  return worker.next('complete', LONGER_THAN_ANY_PHASE_MS).catch(() => undefined);
}
/** The longest a timer of Node can be. */
const LONGER_THAN_ANY_PHASE_MS = 2 ** 31 - 1;

/** Tells the workers what is coming. @returns how many clients each of them has connected */
async function expectAll(plan: FlowPlan, context: TrialContext): Promise<number[]> {
  const { workers, clients, seed } = context;
  const expecting = workers.map((worker) => worker.next('expecting', PATIENCE_MS));
  const { slow } = plan.phase;
  for (const [index, worker] of workers.entries()) {
    worker.send({
      kind: 'expect',
      deliveries: expectationOf(plan),
      requests: plan.request !== undefined,
      asks: behaviourOf(plan, seed + index),
      slow: slow === undefined ? undefined : { ...slow, totalClients: clients },
      comeback: plan.phase.fault?.comeback,
    });
  }
  return (await Promise.all(expecting)).map(({ open }) => open);
}

async function tellHandler(
  { work, payloadBytes }: NonNullable<LoadPhase['request']>,
  { server }: TrialContext,
): Promise<void> {
  const handling = server.next('handling', PATIENCE_MS);
  server.send({ kind: 'handle', work, payloadBytes });
  await handling;
}

/** Its timer keeps no process alive: what is waited for is always something that a child does. */
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

function describe({ publish, request, ask }: FlowPlan, clients: number): string {
  const parts = [
    ...(publish === undefined ? [] : [`${publish.schedule.count} messages to ${clients} clients`]),
    ...(request === undefined ? [] : [`${request.schedule.count} requests of ${clients} clients`]),
    ...(ask === undefined ? [] : [`${ask.schedule.count} questions to ${clients} clients`]),
  ];
  return parts.join(', ');
}

type WorkerSample = Extract<FromWorker, { kind: 'worker-sample' }>;

function watchProgress(phase: LoadPhase, { workers, onProgress }: TrialContext): () => void {
  const latest = new Map<number, WorkerSample>();
  let watching = true;
  for (const [index, worker] of workers.entries()) {
    worker.on('worker-sample', (sample) => {
      if (!watching) return;
      latest.set(index, sample);
      const all = [...latest.values()];
      const known = all.flatMap(({ p99 }) => p99 ?? []);
      onProgress({
        phase: phase.measured ? 'measuring' : 'warming up',
        received: all.reduce((sum, { received }) => sum + received, 0),
        p99: known.length === 0 ? undefined : Math.max(...known),
      });
    });
  }
  return () => {
    watching = false;
  };
}
