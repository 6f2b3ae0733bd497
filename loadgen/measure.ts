/** Makes the record of a measured phase from what all processes say of it. Takes values, returns values. */
import { NS_PER_MS } from '../core/clock.ts';
import { decodeHistogram, valueAtQuantile } from '../core/histogram.ts';
import { median } from '../core/median.ts';
import type { PhaseReport, TripReport } from '../core/process-reports.ts';
import type { SlowReaders } from '../core/scenario.ts';
import type { TimedLatency } from './backlog.ts';
import { backlogGrowth } from './backlog.ts';
import { sumHistories } from './history.ts';
import { orderDisagreements } from './orders.ts';
import { serverProbes } from './server-counts.ts';
import { slowCount } from './slow-readers.ts';
import { strayCauses } from './stray-causes.ts';
import type { PhaseOutcome, Subject } from './subject.ts';
import { subjectOf } from './subject.ts';
import { timelineOf } from './timeline.ts';
import type { Measurement } from './trial-context.ts';
import { tripsRecord } from './trips.ts';

/** Steadiness is judged on medians over steps of the schedule: this long, or longer and this many. */
const SERIES_STEP_NS = 100 * NS_PER_MS;
const SERIES_STEPS = 200;

export function measure(outcome: PhaseOutcome): Measurement {
  const { plan, publication, requests, asks, reports, cost } = outcome;
  const subject = subjectOf(outcome);
  const total = (pick: (report: PhaseReport) => number): number =>
    reports.reduce((sum, report) => sum + pick(report), 0);
  const worst = (pick: (report: PhaseReport) => number): number => Math.max(...reports.map(pick));
  const slip = decodeHistogram(subject.slip);
  const trips = [requests, asks].filter((one) => one !== undefined);
  const tripSum = (pick: (counts: TripReport['counts']) => number): number | undefined =>
    trips.length === 0 ? undefined : trips.reduce((sum, { counts }) => sum + pick(counts), 0);
  const deliveries = total(({ counts }) => counts.received);
  const orders = reports.flatMap((report) => report.orders ?? []);
  const wire = sumWire(reports);
  const fromServer = (plan.publish?.load.from ?? 'server') === 'server';
  const isTarget = outcome.isTarget === true;
  const history = sumHistories(reports);

  const probes: Record<string, number | undefined> = {
    planned: subject.planned,
    sent: subject.sent,
    failedSends: publication?.failed,
    tripsPlanned: tripSum(({ planned }) => planned),
    tripsSent: tripSum(({ sent }) => sent),
    roundTrips: tripSum(({ answered }) => answered),
    requestsTimedOut: requests === undefined ? undefined : timedOut(requests),
    asksTimedOut: asks === undefined ? undefined : timedOut(asks),
    failedAnswers: asks === undefined ? undefined : total((report) => report.failedAnswers),
    deliveries: plan.publish === undefined ? undefined : deliveries,
    staleClients: plan.publish === undefined ? undefined : total((report) => report.staleClients),
    orderDisagreements:
      plan.publish?.load.ordered === true ? orderDisagreements(orders) : undefined,
    // To the last arrival: a wait for what was lost is no time in which anything was delivered.
    durationNs: subject.lastAt === undefined ? undefined : subject.lastAt - outcome.startNs,
    sendingNs: subject.sendingNs,
    backlogGrowth: backlogGrowth(latenciesOf(subject), plan.phase.durationMs * NS_PER_MS),
    payloadBytes: plan.publish?.load.payloadBytes,
    clientSends: publication === undefined || fromServer ? undefined : publication.sent,
    slipP50Us: valueAtQuantile(slip, 0.5),
    slipP99Us: valueAtQuantile(slip, 0.99),
    generatorSlipP99Us: generatorSlip(outcome),
    wireBytes: wire?.bytes,
    wireMessages: wire?.messages,
    upstreamConnections: total((report) => report.upstreamConnections),
    generatorUtilization: worst(({ loop }) => loop.utilization),
    generatorGcMs: total(({ loop }) => loop.gcMs),
    generatorGcLongestMs: worst(({ loop }) => loop.gcLongestMs),
    generatorRssBytes: total(({ loop }) => loop.rssBytes),
    generatorProbeP99Us: worst(({ probe }) => probe.p99),
    generatorProbeMaxUs: worst(({ probe }) => probe.max),
    sampleEvery: subject.sampleEvery,
    deadlineUs: plan.phase.deadlineMs * 1_000,
    ...serverProbes(outcome.countsBefore, outcome.countsAfter),
    ...cost.probes,
    ...history?.probes,
  };
  const audience = plan.publish?.load.to;
  return {
    flow: plan.flow,
    trips:
      trips.length === 0
        ? undefined
        : {
            ...(requests === undefined ? {} : { request: tripsRecord(requests) }),
            ...(asks === undefined ? {} : { ask: tripsRecord(asks) }),
          },
    ledger: subject.ledger,
    // Of all that goes on, whatever the ledger is about.
    foreign: total(({ counts }) => counts.foreign) + (tripSum(({ foreign }) => foreign) ?? 0),
    beforeDue:
      total(({ counts }) => counts.beforeDue) + (tripSum(({ beforeDue }) => beforeDue) ?? 0),
    slowClosed: slowClosed(reports, plan.phase.slow, outcome.context.clients),
    histograms: {
      due: subject.due,
      sent: subject.sinceSent,
      ...subject.spread,
      slip: subject.slip,
      ...(history === undefined ? {} : { history: history.latency }),
    },
    timeline: timelineOf(subject, cost, outcome.startNs),
    injected: publication?.injected,
    closed: reports.flatMap(({ closed }) => closed),
    strays: strayCauses(reports),
    failedPosts: [
      ...reports.flatMap(({ failedPosts = [] }) => failedPosts),
      ...(publication?.failures ?? []),
    ],
    probes: Object.fromEntries(
      Object.entries(probes).filter((entry): entry is [string, number] => entry[1] !== undefined),
    ),
    series: seriesOf(subject, plan.phase.durationMs * NS_PER_MS),
    toEverybody: audience === undefined || audience.kind === 'everybody',
    generatorSends: requests !== undefined || !fromServer || isTarget,
  };
}

/**
 * Of the slow ones, which are the last, those whose connection ended. Those that only stand for the slow ones
 * of another arm read as all the others do.
 */
function slowClosed(
  reports: readonly PhaseReport[],
  slow: SlowReaders | undefined,
  clients: number,
): number {
  if (slow === undefined || (slow.kind === 'stall' && !slow.stalls)) return 0;
  const firstSlow = clients - slowCount(slow, clients);
  let count = 0;
  let first = 0;
  for (const { columns, closedClients = [] } of reports) {
    const offset = first;
    count += closedClients.filter((client) => offset + client >= firstSlow).length;
    first += columns;
  }
  return count;
}

/** Sent, and without any outcome at the end. */
function timedOut({ counts }: TripReport): number {
  return Math.max(0, counts.sent - counts.answered - counts.errors - counts.cancelled);
}

/** How late the generator sent the worst of its loads; undefined where it sends none. */
function generatorSlip({
  plan,
  publication,
  requests,
  isTarget = false,
}: PhaseOutcome): number | undefined {
  const published =
    plan.publish?.load.from === 'server' && !isTarget ? undefined : publication?.slip;
  const slips = [published, requests?.slip].flatMap((slip) =>
    slip === undefined ? [] : (valueAtQuantile(decodeHistogram(slip), 0.99) ?? []),
  );
  return slips.length === 0 ? undefined : Math.max(...slips);
}

function sumWire(reports: readonly PhaseReport[]): { bytes: number; messages: number } | undefined {
  let bytes = 0;
  let messages = 0;
  for (const { wire } of reports) {
    if (wire === undefined) return undefined;
    bytes += wire.bytes;
    messages += wire.messages;
  }
  return { bytes, messages };
}

/** Of each event of the schedule its median, in order. */
function latenciesOf({ medians, dueOfRow }: Subject): TimedLatency[] {
  return medians.flatMap((latencyUs, row) =>
    latencyUs === undefined ? [] : [{ dueNs: dueOfRow(row), latencyUs }],
  );
}

/** Median of what was due in each step of the schedule. Steps without anything are left out. */
function seriesOf({ medians, dueOfRow }: Subject, spanNs: number): number[] {
  const stepNs = Math.max(SERIES_STEP_NS, spanNs / SERIES_STEPS);
  const steps = new Map<number, number[]>();
  for (const [row, value] of medians.entries()) {
    if (value === undefined) continue;
    const step = Math.floor(dueOfRow(row) / stepNs);
    const members = steps.get(step);
    if (members === undefined) steps.set(step, [value]);
    else members.push(value);
  }
  return [...steps.values()].map((values) => median(values) ?? 0);
}
