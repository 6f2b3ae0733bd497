/**
 * The loads that one phase puts on the server at the same time: what each is to be, before it starts,
 * and the orders that start them all at one moment.
 */
import { channelsOf } from '../core/audience.ts';
import { NS_PER_MS } from '../core/clock.ts';
import type {
  AskBehaviour,
  AskOrder,
  Expectation,
  PublishOrder,
  RequestOrder,
} from '../core/control.ts';
import { decodeHistogram } from '../core/histogram.ts';
import { carriesTimes } from '../core/message.ts';
import type { Published, TripReport } from '../core/process-reports.ts';
import type { Flow } from '../core/result.ts';
import type { AskLoad, LoadPhase, PublishLoad, RequestLoad } from '../core/scenario.ts';
import type { Schedule, ScheduleOptions } from '../core/schedule.ts';
import { createSchedule } from '../core/schedule.ts';
import { flowOfPhase } from './offered-load.ts';
import type { TrialContext } from './trial-context.ts';
import { mergeEncoded, mergeTrips } from './trips.ts';

/** Single latencies kept per trial; beyond it only every n-th message keeps its own. */
const MAX_CELLS = 16_000_000;

interface Planned<Load> {
  readonly load: Load;
  readonly options: ScheduleOptions;
  readonly schedule: Schedule;
}

/** What a phase is going to do. */
export interface FlowPlan {
  readonly phase: LoadPhase;
  readonly publish:
    | (Planned<PublishLoad> & {
        readonly firstSeq: number;
        readonly sampleEvery: number;
        /** Whether the server may put a newer message in the place of one that waits. */
        readonly coalesces: boolean;
      })
    | undefined;
  readonly request: Planned<RequestLoad> | undefined;
  readonly ask: Planned<AskLoad> | undefined;
  /** What the phase is about first. */
  readonly flow: Flow;
  /** When the last event of all is due, ns after the start. */
  readonly lastDueNs: number;
}

export function planFlows(phase: LoadPhase, context: TrialContext): FlowPlan {
  // Arrivals of the three loads are independent of each other, and the same in every arm of a round.
  const publish = planOne(phase.publish, phase, context.seed);
  const request = planOne(phase.request, phase, context.seed + 1);
  const ask = planOne(phase.ask, phase, context.seed + 2);
  const planned = [publish, request, ask].filter((one) => one !== undefined);
  if (planned.length === 0) throw new Error('a load phase without a load');
  return {
    phase,
    publish:
      publish === undefined
        ? undefined
        : {
            ...publish,
            ...numbering(publish, phase, context),
            coalesces: context.policy === 'keep-latest',
          },
    request,
    ask,
    flow: flowOfPhase(phase),
    lastDueNs: Math.max(...planned.map(({ schedule }) => schedule.dueAt(schedule.count - 1))),
  };
}

function planOne<Load extends { readonly ratePerS: number }>(
  load: Load | undefined,
  { pacing, durationMs }: LoadPhase,
  seed: number,
): Planned<Load> | undefined {
  if (load === undefined) return undefined;
  const options = { pacing, ratePerS: load.ratePerS, durationMs, seed };
  return { load, options, schedule: createSchedule(options) };
}

/** Sequence numbers go on from phase to phase. */
function numbering(
  { load, schedule: { count } }: Planned<PublishLoad>,
  { measured }: LoadPhase,
  context: TrialContext,
): { firstSeq: number; sampleEvery: number } {
  const channels = channelsOf(load.to);
  const firstSeq = context.nextSeq;
  context.nextSeq += Math.ceil(count / channels);
  if (!measured) return { firstSeq, sampleEvery: 0 };
  let sampleEvery = Math.max(1, Math.ceil((count * context.clients) / MAX_CELLS));
  // With a common divisor some channels would never be among the kept.
  while (sampleEvery > 1 && greatestCommonDivisor(sampleEvery, channels) > 1) sampleEvery += 1;
  return { firstSeq, sampleEvery };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** What a worker is to count. */
export function expectationOf({ publish, phase }: FlowPlan): Expectation | undefined {
  if (publish === undefined) return undefined;
  return {
    firstSeq: publish.firstSeq,
    count: publish.schedule.count,
    audience: publish.load.to,
    ordered: publish.load.ordered === true,
    // What several clients send at one time may arrive in another order: then the last says nothing.
    // After a fault or a stall the last is all there is to wait for: what was lost does not come any more.
    coalesces:
      (publish.coalesces && publish.load.from === 'server') ||
      phase.fault !== undefined ||
      phase.slow?.kind === 'stall',
    deadlineMs: phase.deadlineMs,
    sampleEvery: publish.sampleEvery,
    ...(carriesTimes(publish.load.payloadBytes) ? {} : { schedule: publish.options }),
  };
}

/** How the clients of a worker answer. */
export function behaviourOf({ ask }: FlowPlan, seed: number): AskBehaviour | undefined {
  if (ask === undefined) return undefined;
  const { workMs, work, parts, gapMs, payloadBytes } = ask.load;
  return { workMs, work, parts, gapMs, payloadBytes, seed };
}

export interface StartedFlows {
  /** All that was to be published has been; undefined where nothing was. */
  readonly published: Promise<Published | undefined>;
  /** All requests have been sent. */
  readonly requested: Promise<unknown>;
  /** All questions have their outcome. */
  readonly asked: Promise<TripReport | undefined>;
}

/**
 * Gives the orders.
 * @param open connected clients of each worker
 */
export function startFlows(
  plan: FlowPlan,
  startNs: number,
  context: TrialContext,
  open: readonly number[],
): StartedFlows {
  const { phase, request, ask } = plan;
  const { clock, server, workers } = context;
  const patienceMs =
    (startNs + plan.lastDueNs - clock()) / NS_PER_MS +
    phase.deadlineMs +
    context.setup.replyTimeoutMs;
  const started: StartedFlows = {
    published: startPublishing(plan, startNs, context, open, patienceMs),
    requested:
      request === undefined
        ? Promise.resolve()
        : Promise.all(workers.map((worker) => worker.next('requested', patienceMs))),
    asked:
      ask === undefined
        ? Promise.resolve(undefined)
        : server
            .next('asked', patienceMs)
            .then(({ report, others = [] }) => mergeTrips([report, ...others])),
  };
  if (request !== undefined) {
    const { payloadBytes, cancelShare, work } = request.load;
    const order: RequestOrder = {
      schedule: request.options,
      startNs,
      payloadBytes,
      timeoutMs: phase.deadlineMs,
      workers: workers.length,
      cancelShare,
      work,
    };
    for (const worker of workers) worker.send({ kind: 'request', order });
  }
  if (ask !== undefined) {
    const order: AskOrder = {
      schedule: ask.options,
      startNs,
      payloadBytes: ask.load.payloadBytes,
      timeoutMs: phase.deadlineMs,
    };
    server.send({ kind: 'ask', order });
  }
  // They are waited for one after the other; until then a failure of one has nobody to hear it.
  for (const one of Object.values(started)) one.catch(() => undefined);
  return started;
}

/** By the server, by the first worker that has a client to publish from, or by all workers. */
async function startPublishing(
  { publish, phase }: FlowPlan,
  startNs: number,
  context: TrialContext,
  open: readonly number[],
  patienceMs: number,
): Promise<Published | undefined> {
  if (publish === undefined) return undefined;
  const { server, workers } = context;
  const { from, to, payloadBytes } = publish.load;
  if (!carriesTimes(payloadBytes) || phase.slow?.kind === 'stall') {
    for (const worker of workers) worker.send({ kind: 'starts', startNs });
  }
  const order: PublishOrder = {
    schedule: publish.options,
    startNs,
    firstSeq: publish.firstSeq,
    payloadBytes,
    audience: to,
    measured: phase.measured,
    deadlineMs: phase.deadlineMs,
  };
  if (from === 'server') {
    const published = server.next('published', patienceMs);
    context.publishing = order;
    server.send({ kind: 'publish', order });
    return published;
  }
  const everyone = from === 'everyone';
  const first = workers[open.findIndex((clients) => clients > 0)];
  if (first === undefined) throw new Error('the connect phase lets nobody pass without a client');
  const published = (everyone ? workers : [first]).map((worker) => {
    const next = worker.next('published', patienceMs);
    worker.send({ kind: 'publish', order, everyone });
    return next;
  });
  return mergePublished(await Promise.all(published));
}

/** @param parts of processes that published on one schedule, at least one */
export function mergePublished(parts: readonly Published[]): Published {
  const [first] = parts;
  if (first === undefined) throw new Error('nobody published');
  if (parts.length === 1) return first;
  const senders = parts.filter(({ sent }) => sent > 0);
  // Those that sent nothing have no times; where that is true of all, any of them will do.
  const sending = senders.length > 0 ? senders : parts;
  const slip = mergeEncoded(parts.map((part) => part.slip));
  return {
    kind: 'published',
    sent: decodeHistogram(slip).totalCount,
    slip,
    firstSentAt: Math.min(...sending.map(({ firstSentAt }) => firstSentAt)),
    lastSentAt: Math.max(...sending.map(({ lastSentAt }) => lastSentAt)),
    injected: first.injected,
    failed: parts.reduce((sum, { failed }) => sum + failed, 0),
  };
}
