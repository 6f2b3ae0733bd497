/** Runs one load phase: everything on schedule, every event accounted for, cost read before and after. */
import { NS_PER_MS } from '../../core/clock.ts';
import type { FromWorker } from '../../core/control.ts';
import type { LoadPhase } from '../../core/scenario.ts';
import { meterCost } from '../cost-meter.ts';
import { faultRecord } from '../cuts/fault-record.ts';
import { startFault } from '../cuts/fault-run.ts';
import type { FlowPlan } from '../flows.ts';
import { behaviourOf, expectationOf, planFlows, startFlows } from '../flows.ts';
import { measure } from '../measure.ts';
import { answerMs } from '../offered-load.ts';
import { pause } from '../pause.ts';
import { countServer, nothingCounted } from '../server-counts.ts';
import { watchSoak } from '../soak-watch.ts';
import { stallRecord } from '../stall-record.ts';
import { watchStall } from '../stall-watch.ts';
import type { TrialContext } from '../trial-context.ts';
import { mergeTrips } from '../trips.ts';

/** Time for the orders to reach everybody before the first event is due. */
const LEAD_NS = 50 * NS_PER_MS;
/** What is still missing this long after it should have come is waited for, but not as load. */
const DRAIN_MS = 250;

export async function load(phase: LoadPhase, context: TrialContext): Promise<void> {
  const { clock, workers, clients } = context;
  const { replyTimeoutMs } = context.setup;
  const plan = planFlows(phase, context);
  // Before anything is started: a worker without clients has nothing to wait for and says so at once.
  const complete = Promise.all(workers.map(nextComplete));
  const open = await expectAll(plan, context);
  if (plan.request !== undefined) await tellHandler(plan.request.load, context);
  const countsBefore = await countServer(context);

  const { ratePerS = 0 } = phase.publish ?? {};
  const watch = phase.soak && (await watchSoak({ ...phase.soak, ratePerS, clients }, context));
  const startNs = clock() + LEAD_NS;
  const soak = watch?.start(startNs);
  const lastDueMs = (LEAD_NS + plan.lastDueNs) / NS_PER_MS;
  const stopWatching = watchProgress(phase, context);
  const { server } = context;
  const serverFailure = context.fault?.injector.endsServer === true ? [] : [server.failure];
  const anyFailure = [
    ...serverFailure,
    ...workers.map(({ failure }) => failure),
    ...(soak === undefined ? [] : [soak.failure]),
  ];
  const unlessFailed = <T>(promise: Promise<T>): Promise<T> =>
    Promise.race([promise, ...anyFailure]);
  // Not completing by the deadline is an outcome, which the counts show, not a failure.
  const overdue = pause(lastDueMs + phase.deadlineMs);
  const stall = phase.slow?.kind === 'stall' ? phase.slow : undefined;
  const stallWatch = stall && watchStall(context);
  let stopFault: () => void = () => undefined;
  try {
    const flows = startFlows(plan, startNs, context, open);
    const fault =
      phase.fault === undefined
        ? undefined
        : startFault(phase.fault, startNs, context, flows.published);
    if (fault !== undefined) stopFault = fault.stop;
    const over = Promise.all([Promise.race([complete, overdue]), flows.asked, fault?.over]);
    over.catch(() => undefined);
    // The cost is that of the load. Where something is missing, the wait for it comes after it: seconds of
    // idling would make an overloaded generator look half busy.
    const { outcome: publication, cost } = await meterCost(context, async () => {
      const published = fault?.published ?? flows.published;
      const sent = Promise.all([published, flows.requested, pause(lastDueMs)]);
      const [publication] = await unlessFailed(sent);
      await unlessFailed(Promise.race([over, pause(DRAIN_MS + answerMs(phase))]));
      return publication;
    });
    for (const worker of workers) worker.send({ kind: 'load-over' });
    const [, asks, struck] = await unlessFailed(over);
    if (soak !== undefined) context.records.soak = await soak.finish();
    const countsAfter = await countServer(context);
    // Another server has counted from nothing.
    const since = context.server === server ? countsBefore : nothingCounted;
    const endNs = clock();

    const collected = workers.map((worker) => worker.next('phase-report', replyTimeoutMs));
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
    if (struck !== undefined) {
      context.records.fault = faultRecord({
        outcome: struck,
        plan,
        startNs,
        endNs,
        open: open.reduce((sum, one) => sum + one, 0),
        reports,
        countsBefore: since,
        countsAfter,
      });
    }
    if (stall !== undefined && stallWatch !== undefined && plan.publish !== undefined) {
      context.records.stall = stallRecord({
        stall,
        policy: context.policy,
        limitBytes: context.setup.bufferLimitBytes,
        clients,
        publish: plan.publish,
        startNs,
        endNs,
        reports,
        samples: stallWatch.samples,
        countsBefore: since,
        countsAfter,
      });
    }
    if (!phase.measured) return;
    context.measurement = measure({
      plan,
      context,
      isTarget: context.setup.target !== undefined,
      startNs,
      publication,
      requests: requests.length === 0 ? undefined : mergeTrips(requests),
      asks,
      reports,
      cost,
      countsBefore: since,
      countsAfter,
    });
  } finally {
    stopFault();
    stallWatch?.stop();
    soak?.stop();
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
  const { workers, clients, seed, setup } = context;
  const expecting = workers.map((worker) => worker.next('expecting', setup.replyTimeoutMs));
  const { slow } = plan.phase;
  for (const [index, worker] of workers.entries()) {
    worker.send({
      kind: 'expect',
      deliveries: expectationOf(plan),
      requests: plan.request !== undefined,
      asks: behaviourOf(plan, seed + index),
      slow: slow === undefined ? undefined : { ...slow, totalClients: clients },
      // From the warm-up on: what a client saw last is what it comes back with.
      comeback: context.fault && { ...context.fault.plan.comeback, seed: seed + index },
    });
  }
  return (await Promise.all(expecting)).map(({ open }) => open);
}

async function tellHandler(
  { work, payloadBytes }: NonNullable<LoadPhase['request']>,
  { server, setup }: TrialContext,
): Promise<void> {
  const handling = server.next('handling', setup.replyTimeoutMs);
  server.send({ kind: 'handle', work, payloadBytes });
  await handling;
}

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
