/**
 * What a trial is about first, in one form: its ledger, latencies and their order in time, whether they
 * are of deliveries, of requests or of questions.
 */
import { channelsOf, deliveriesOf, subscribersOf } from '../core/audience.ts';
import type { EncodedHistogram } from '../core/histogram.ts';
import { encodeHistogram } from '../core/histogram.ts';
import type { PhaseReport, Published, ServerCounts, TripReport } from '../core/process-reports.ts';
import type { Ledger } from '../core/result.ts';
import type { CellBlock } from './cells.ts';
import { spreadOf } from './cells.ts';
import type { Cost } from './cost-meter.ts';
import type { FlowPlan } from './flows.ts';
import type { Measurement, TrialContext } from './trial-context.ts';
import { mergeEncoded } from './trips.ts';

/** What all processes said of a measured phase. */
export interface PhaseOutcome {
  readonly plan: FlowPlan;
  readonly context: Pick<TrialContext, 'clients'>;
  /** Whether the server is somebody else's: then a process of ours beside it publishes. */
  readonly isTarget?: boolean;
  readonly startNs: number;
  readonly publication: Published | undefined;
  /** Of all workers. */
  readonly requests: TripReport | undefined;
  readonly asks: TripReport | undefined;
  readonly reports: readonly PhaseReport[];
  readonly cost: Cost;
  readonly countsBefore: ServerCounts;
  readonly countsAfter: ServerCounts;
}

export interface Subject {
  readonly ledger: Ledger;
  readonly planned: number;
  readonly sent: number;
  readonly due: EncodedHistogram;
  readonly sinceSent: EncodedHistogram;
  readonly slip: EncodedHistogram;
  readonly spread: Pick<Measurement['histograms'], 'spreadFirst' | 'spreadMedian' | 'spreadLast'>;
  readonly sendingNs: number;
  /** ns since the epoch */
  readonly lastAt: number | undefined;
  readonly cells: readonly CellBlock[];
  readonly sampleEvery: number;
  /** When the event of a row of the cells was due, ns after the start. */
  dueOfRow(row: number): number;
  readonly rows: number;
  /** Median latency of each row, µs; undefined where there is none. */
  readonly medians: readonly (number | undefined)[];
}

export function subjectOf(outcome: PhaseOutcome): Subject {
  const { plan, publication, requests, asks } = outcome;
  if (plan.flow === 'delivery') return deliverySubject(outcome, publication);
  const report = plan.flow === 'request' ? requests : asks;
  const planned = plan.flow === 'request' ? plan.request : plan.ask;
  if (report === undefined || planned === undefined) throw new Error(`no report of ${plan.flow}s`);
  const { counts, cells } = report;
  // Whoever gave up does not wait for an answer.
  const expected = counts.planned - counts.cancelled;
  return {
    ledger: {
      expected,
      received: counts.answered,
      lost: expected - counts.answered,
      duplicated: counts.duplicated,
      reordered: 0,
      late: counts.late,
      foreign: counts.foreign,
    },
    planned: counts.planned,
    sent: counts.sent,
    due: report.due,
    sinceSent: report.sent,
    slip: report.slip,
    spread: {},
    sendingNs: report.lastSentAt - report.firstSentAt,
    lastAt: report.lastAnsweredAt,
    cells: [{ cells, columns: 1 }],
    sampleEvery: 1,
    dueOfRow: (row) => planned.schedule.dueAt(row),
    rows: planned.schedule.count,
    medians: Array.from(cells, (cell) => (cell === 0 ? undefined : cell - 1)),
  };
}

function deliverySubject(
  { plan, context, reports, countsBefore, countsAfter }: PhaseOutcome,
  publication: Published | undefined,
): Subject {
  const { publish, phase } = plan;
  if (publish === undefined || publication === undefined) throw new Error('nothing was published');
  const { schedule, sampleEvery } = publish;
  const audience = publish.load.to;
  const expected = deliveriesOf(audience, schedule.count, context.clients);
  const total = (pick: (counts: PhaseReport['counts']) => number): number =>
    reports.reduce((sum, { counts }) => sum + pick(counts), 0);
  const received = total((counts) => counts.received);
  const coalesced = publish.coalesces
    ? (countsAfter.drops?.['coalesced'] ?? 0) - (countsBefore.drops?.['coalesced'] ?? 0)
    : undefined;
  const lost = expected - received - (coalesced ?? 0);
  const rows = Math.ceil(schedule.count / sampleEvery);
  const channels = channelsOf(audience);
  const subscribers = (row: number): number =>
    subscribersOf(audience, (row * sampleEvery) % channels, context.clients);
  // A cell does not say why it is empty; where nothing was lost, it is because of a newer message.
  const leftOut = lost === 0 && coalesced !== undefined;
  const spread = spreadOf(reports, rows, subscribers, phase.deadlineMs * 1_000, leftOut);
  const arrivals = reports.flatMap(({ lastReceivedAt }) => lastReceivedAt ?? []);
  return {
    ledger: {
      expected,
      received,
      lost,
      ...(coalesced === undefined ? {} : { coalesced }),
      duplicated: total(({ duplicated }) => duplicated),
      reordered: total(({ reordered }) => reordered),
      late: total(({ late }) => late),
      foreign: total(({ foreign }) => foreign),
    },
    planned: schedule.count,
    sent: publication.sent,
    due: mergeEncoded(reports.map(({ due }) => due)),
    sinceSent: mergeEncoded(reports.map(({ sent }) => sent)),
    slip: publication.slip,
    spread: {
      spreadFirst: encodeHistogram(spread.first),
      spreadMedian: encodeHistogram(spread.median),
      spreadLast: encodeHistogram(spread.last),
    },
    sendingNs: publication.lastSentAt - publication.firstSentAt,
    lastAt: arrivals.length === 0 ? undefined : Math.max(...arrivals),
    cells: reports,
    sampleEvery,
    dueOfRow: (row) => schedule.dueAt(row * sampleEvery),
    rows,
    medians: spread.medians,
  };
}
