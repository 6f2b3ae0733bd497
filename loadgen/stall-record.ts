/**
 * Makes the record of clients that stopped reading from what all processes say of it: which of the others
 * suffered, where was what nobody read, and whether both ends tell the same. Takes values, returns values.
 */
import { NS_PER_MS, NS_PER_US } from '../core/clock.ts';
import type { Histogram } from '../core/histogram.ts';
import { createHistogram, encodeHistogram, HIGHEST_US } from '../core/histogram.ts';
import type { PhaseReport, ServerCounts } from '../core/process-reports.ts';
import type { StallRecord } from '../core/records/stall.ts';
import type { SlowPolicy, Stall } from '../core/scenario.ts';
import type { FlowPlan } from './flows.ts';
import { slowCount } from './slow-readers.ts';
import { accountsOf } from './stall-accounts.ts';
import type { StallSample } from './stall-watch.ts';

const STEP_NS = 100 * NS_PER_MS;
/** What a client had read from its socket when it stopped may come a moment later; beyond it, it has not stopped. */
const STOPPING_NS = 100 * NS_PER_MS;

export interface StallEvidence {
  readonly stall: Stall;
  readonly policy: SlowPolicy;
  readonly limitBytes: number;
  /** Clients that are supposed to be there. */
  readonly clients: number;
  readonly publish: NonNullable<FlowPlan['publish']>;
  readonly startNs: number;
  readonly endNs: number;
  readonly reports: readonly PhaseReport[];
  readonly samples: readonly StallSample[];
  readonly countsBefore: ServerCounts;
  readonly countsAfter: ServerCounts;
}

/** When they did not read, ns since the epoch; where nobody stopped, when they would have. */
interface Window {
  readonly from: number;
  readonly until: number;
}

export function stallRecord(evidence: StallEvidence): StallRecord {
  const { stall, policy, limitBytes, clients, publish, startNs, reports } = evidence;
  const stalls = reports.flatMap((report) => report.stall ?? []);
  const stopped = stalls.reduce((sum, one) => sum + one.stopped, 0);
  const window = windowOf(evidence);
  const evictedAt = (evidence.countsAfter.slowAt ?? []).filter((at) => at >= window.from);
  const look = lastLook(evidence, window, evictedAt[0]);
  const held = heldOf(evidence, look, stopped);
  const memory = memoryOf(evidence, window, look);
  const closed = stopped === 0 ? 0 : closedOf(reports, (client, first) => client >= first);
  const othersClosed = closedOf(reports, (client, first) => client < first);
  return {
    policy,
    limitBytes,
    planned: stall.stalls ? slowCount(stall, clients) : 0,
    stalled: stopped,
    readBytesPerS: stall.readBytesPerS,
    fromMs: (window.from - startNs) / NS_PER_MS,
    untilMs: (window.until - startNs) / NS_PER_MS,
    readOn: stopped === 0 ? 0 : readOn(evidence, window),
    offeredBytes: rowsDue(evidence, window).length * publish.load.payloadBytes,
    healthy: healthyOf(evidence, window),
    ...(held === undefined ? {} : { held }),
    ...(memory === undefined ? {} : { memory }),
    accounts: accountsOf(evidence),
    closed,
    evicted: evictedOf(evidence, window, { closed, othersClosed }),
    evictedMs: evictedAt.map((at) => (at - window.from) / NS_PER_MS),
    othersClosed,
    recovery: recoveryOf(evidence, window, stopped),
    timeline: timelineOf(evidence),
  };
}

/** Number of the first client of a worker that is not to keep up; as many as it has, where all are. */
const firstStaller = ({ stall, columns }: PhaseReport): number => stall?.firstClient ?? columns;

/** Clients whose connection ended, of those that `counts` by their number and by that of the first staller. */
function closedOf(
  reports: readonly PhaseReport[],
  counts: (client: number, first: number) => boolean,
): number {
  return reports.reduce((sum, report) => {
    const first = firstStaller(report);
    return sum + (report.closedClients ?? []).filter((client) => counts(client, first)).length;
  }, 0);
}

/**
 * Of those that had stopped and are gone. The server knows whom it sent away, and not whether it was to stop, so
 * that others who are gone are taken off; and so are those whom it sent away before anybody stopped.
 */
function evictedOf(
  evidence: StallEvidence,
  { from }: Window,
  { closed, othersClosed }: { readonly closed: number; readonly othersClosed: number },
): number {
  const { startNs, countsAfter } = evidence;
  const early = (countsAfter.slowAt ?? []).filter((at) => at >= startNs && at < from).length;
  return Math.min(closed, Math.max(0, expelledOf(evidence) - Math.max(othersClosed, early)));
}

/** Sessions that the server sent away in this phase because they were slow. */
function expelledOf({ countsBefore, countsAfter }: StallEvidence): number {
  // A server of before this was counted tells their times only.
  const count = ({ expelled, slowAt = [] }: ServerCounts): number => expelled ?? slowAt.length;
  return Math.max(0, count(countsAfter) - count(countsBefore));
}

function windowOf({ stall, startNs, reports }: StallEvidence): Window {
  const planned = startNs + stall.atMs * NS_PER_MS;
  const stops = reports.flatMap((report) =>
    report.stall === undefined || report.stall.stopped === 0 ? [] : [report.stall],
  );
  return {
    from: stops.length === 0 ? planned : Math.max(...stops.map(({ from }) => from)),
    until:
      stops.length === 0
        ? planned + stall.forMs * NS_PER_MS
        : Math.min(...stops.map(({ until }) => until)),
  };
}

/** Kept messages that were due in the window. */
function rowsDue({ publish, startNs }: StallEvidence, { from, until }: Window): number[] {
  const { schedule, sampleEvery } = publish;
  const rows: number[] = [];
  for (let row = 0; row * sampleEvery < schedule.count; row += 1) {
    const due = startNs + schedule.dueAt(row * sampleEvery);
    if (due >= from && due < until) rows.push(row);
  }
  return rows;
}

/** One kept delivery, the time of which is ns since the epoch; those that never came are left out. */
type OnDelivery = (row: number, column: number, us: number, arrivedAt: number) => void;

function eachDelivery(
  { publish, startNs }: StallEvidence,
  { cells, columns }: PhaseReport,
  [first, end]: readonly [number, number],
  act: OnDelivery,
): void {
  const { schedule, sampleEvery } = publish;
  for (let row = 0; row * sampleEvery < schedule.count; row += 1) {
    const due = startNs + schedule.dueAt(row * sampleEvery);
    for (let column = first; column < end; column += 1) {
      const cell = cells[row * columns + column] ?? 0;
      if (cell > 0) act(row, column, cell - 1, due + (cell - 1) * NS_PER_US);
    }
  }
}

const record = (histogram: Histogram, us: number): void =>
  histogram.recordValue(Math.min(HIGHEST_US, Math.max(0, Math.floor(us))));

function healthyOf(evidence: StallEvidence, window: Window): StallRecord['healthy'] {
  const { reports } = evidence;
  const clients = reports.reduce((sum, report) => sum + firstStaller(report), 0);
  const part = (rows: readonly number[]) => {
    const due = createHistogram();
    const wanted = new Set(rows);
    for (const report of reports) {
      eachDelivery(evidence, report, [0, firstStaller(report)], (row, _, us) => {
        if (wanted.has(row)) record(due, us);
      });
    }
    return {
      expected: rows.length * clients,
      received: due.totalCount,
      due: encodeHistogram(due),
    };
  };
  return {
    clients,
    during: part(rowsDue(evidence, window)),
    after: part(rowsDue(evidence, { from: window.until, until: Number.POSITIVE_INFINITY })),
  };
}

/** Messages that came to those who had stopped, beyond what they were to read. */
function readOn(evidence: StallEvidence, { from, until }: Window): number {
  const { stall, publish, reports } = evidence;
  const seconds = (until - from) / NS_PER_MS / 1_000;
  // A message is read whole: one more than fits is begun before it is known to be too much.
  const allowed =
    stall.readBytesPerS === 0
      ? 0
      : Math.ceil((stall.readBytesPerS * seconds) / publish.load.payloadBytes) + 1;
  let beyond = 0;
  for (const report of reports) {
    const perClient = new Map<number, number>();
    eachDelivery(evidence, report, [firstStaller(report), report.columns], (_, client, __, at) => {
      if (at > from + STOPPING_NS && at < until)
        perClient.set(client, (perClient.get(client) ?? 0) + 1);
    });
    for (const count of perClient.values()) beyond += Math.max(0, count - allowed);
  }
  return beyond;
}

/** The last one at which everything was still held: before they read again, and before anybody was sent away. */
function lastLook(
  { samples }: StallEvidence,
  { from, until }: Window,
  firstEvicted: number | undefined,
): StallSample | undefined {
  const latest = Math.min(until, firstEvicted ?? Number.POSITIVE_INFINITY);
  return samples.findLast(({ at }) => at > from && at < latest);
}

/**
 * Where all that was published and not read by a client that had stopped was, on average. Only what the server
 * buffered and left out is counted anywhere; the rest of it can be nowhere but in the kernel.
 */
function heldOf(
  evidence: StallEvidence,
  look: StallSample | undefined,
  stopped: number,
): StallRecord['held'] {
  const { publish, reports, countsBefore } = evidence;
  const { payloadBytes } = publish.load;
  const { published: publishedBefore } = countsBefore;
  if (stopped === 0 || publish.sampleEvery !== 1 || publishedBefore === undefined) return undefined;
  if (look === undefined) return undefined;
  let read = 0;
  for (const report of reports) {
    eachDelivery(evidence, report, [firstStaller(report), report.columns], (_, __, ___, at) => {
      if (at <= look.at) read += 1;
    });
  }
  const { gauge } = look;
  const offeredBytes = (gauge.published - publishedBefore - read / stopped) * payloadBytes;
  const bufferedBytes = gauge.bufferedBytes / stopped;
  const droppedBytes = ((gauge.dropped - sumOf(countsBefore.drops)) / stopped) * payloadBytes;
  return {
    ms: (look.at - evidence.startNs) / NS_PER_MS,
    offeredBytes,
    bufferedBytes,
    droppedBytes,
    kernelBytes: Math.max(0, offeredBytes - bufferedBytes - droppedBytes),
  };
}

/** Only our own server is watched while clients stop, and that one says what it left out. */
const sumOf = (drops: Readonly<Record<string, number>> = {}): number =>
  Object.values(drops).reduce((sum, one) => sum + one, 0);

function memoryOf(
  { samples }: StallEvidence,
  { from, until }: Window,
  end: StallSample | undefined,
): StallRecord['memory'] {
  const before = samples.findLast(({ at }) => at <= from);
  if (before?.rssBytes === undefined || end?.rssBytes === undefined) return undefined;
  const meanwhile = samples.filter(({ at }) => at > from && at <= until);
  return {
    rssBefore: before.rssBytes,
    rssEnd: end.rssBytes,
    rssMost: Math.max(...meanwhile.flatMap(({ rssBytes }) => rssBytes ?? [])),
    ...(before.socketBytes === undefined ? {} : { socketsBefore: before.socketBytes }),
    ...(end.socketBytes === undefined ? {} : { socketsEnd: end.socketBytes }),
  };
}

function recoveryOf(
  evidence: StallEvidence,
  { until }: Window,
  stopped: number,
): StallRecord['recovery'] {
  const { publish, startNs, reports } = evidence;
  const { schedule, sampleEvery } = publish;
  const caughtUp = createHistogram();
  const stale = createHistogram();
  let behind = 0;
  for (const report of stopped === 0 ? [] : reports) {
    const closed = new Set(report.closedClients);
    const first = new Map<number, number>();
    const range = [firstStaller(report), report.columns] as const;
    eachDelivery(evidence, report, range, (row, client, us, at) => {
      if (startNs + schedule.dueAt(row * sampleEvery) >= until) {
        first.set(client, Math.min(at, first.get(client) ?? at));
      } else if (at >= until && !closed.has(client)) record(stale, us);
    });
    for (let client = range[0]; client < range[1]; client += 1) {
      if (closed.has(client)) continue;
      const at = first.get(client);
      if (at === undefined) behind += 1;
      else record(caughtUp, (at - until) / NS_PER_US);
    }
  }
  return { caughtUp: encodeHistogram(caughtUp), behind, stale: encodeHistogram(stale) };
}

/** From the start of the load to its end, in steps. */
function timelineOf(evidence: StallEvidence): StallRecord['timeline'] {
  const { publish, startNs, endNs, reports, samples, countsBefore } = evidence;
  const { schedule, sampleEvery } = publish;
  const count = Math.max(1, Math.ceil((endNs - startNs) / STEP_NS));
  const latencies = Array.from({ length: count }, (): number[] => []);
  for (const report of reports) {
    eachDelivery(evidence, report, [0, firstStaller(report)], (row, _, us) => {
      latencies[Math.floor(schedule.dueAt(row * sampleEvery) / STEP_NS)]?.push(us);
    });
  }
  const droppedBefore = sumOf(countsBefore.drops);
  return latencies.map((values, step) => {
    const [start, end] = [startNs + step * STEP_NS, startNs + (step + 1) * STEP_NS];
    const look = samples.findLast(({ at }) => at >= start && at < end);
    const sorted = Float64Array.from(values).sort();
    const quantile = (share: number): number | undefined =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    const [p50, p99] = [quantile(0.5), quantile(0.99)];
    return {
      ms: (step * STEP_NS) / NS_PER_MS,
      ...(look?.rssBytes === undefined ? {} : { rssBytes: look.rssBytes }),
      ...(look === undefined
        ? {}
        : {
            bufferedBytes: look.gauge.bufferedBytes,
            dropped: Math.max(0, look.gauge.dropped - droppedBefore),
          }),
      ...(p50 === undefined || p99 === undefined ? {} : { p50, p99 }),
    };
  });
}
