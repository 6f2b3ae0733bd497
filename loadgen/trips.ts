/** Puts together what several processes say of round trips of one kind: counts, histograms and cells are added. */

import type { EncodedHistogram } from '../core/histogram.ts';
import { decodeHistogram, encodeHistogram, mergeHistograms } from '../core/histogram.ts';
import type { TripCounts, TripReport } from '../core/process-reports.ts';
import type { Trips } from '../core/result.ts';

/** @param reports at least one, all of the same schedule */
export function mergeTrips(reports: readonly TripReport[]): TripReport {
  const [first] = reports;
  if (first === undefined) throw new Error('there are no round trips to put together');
  if (reports.length === 1) return first;
  const senders = reports.filter(({ counts }) => counts.sent > 0);
  // Those that sent nothing have no times; where that is true of all, any of them will do.
  const sending = senders.length > 0 ? senders : reports;
  const answers = reports.flatMap(({ lastAnsweredAt }) => lastAnsweredAt ?? []);
  const cells = new Uint32Array(first.cells.length);
  for (const report of reports) {
    for (const [row, cell] of report.cells.entries()) if (cell > 0) cells[row] = cell;
  }
  const optional = (pick: (report: TripReport) => EncodedHistogram | undefined) => {
    const found = reports.flatMap((report) => pick(report) ?? []);
    return found.length === 0 ? undefined : mergeEncoded(found);
  };
  return {
    counts: addCounts(reports.map(({ counts }) => counts)),
    due: mergeEncoded(reports.map(({ due }) => due)),
    sent: mergeEncoded(reports.map(({ sent }) => sent)),
    slip: mergeEncoded(reports.map(({ slip }) => slip)),
    first: optional((report) => report.first),
    gap: optional((report) => report.gap),
    overhead: optional((report) => report.overhead),
    cells,
    firstSentAt: Math.min(...sending.map(({ firstSentAt }) => firstSentAt)),
    lastSentAt: Math.max(...sending.map(({ lastSentAt }) => lastSentAt)),
    lastAnsweredAt: answers.length === 0 ? undefined : Math.max(...answers),
  };
}

/** As it is stored in the run file. */
export function tripsRecord(report: TripReport): Trips {
  const { beforeDue: _, ...counts } = report.counts;
  const { due, sent, slip, first, gap, overhead } = report;
  return {
    counts: { ...counts, unanswered: counts.planned - counts.answered },
    due,
    sent,
    slip,
    ...(first === undefined ? {} : { first }),
    ...(gap === undefined ? {} : { gap }),
    ...(overhead === undefined ? {} : { overhead }),
  };
}

export function mergeEncoded(encoded: readonly EncodedHistogram[]): EncodedHistogram {
  return encodeHistogram(mergeHistograms(encoded.map(decodeHistogram)));
}

function addCounts(all: readonly TripCounts[]): TripCounts {
  const sum = (pick: (counts: TripCounts) => number): number =>
    all.reduce((total, counts) => total + pick(counts), 0);
  const inParts = all.some(({ partsMissing }) => partsMissing !== undefined);
  return {
    planned: sum(({ planned }) => planned),
    sent: sum(({ sent }) => sent),
    answered: sum(({ answered }) => answered),
    late: sum(({ late }) => late),
    errors: sum(({ errors }) => errors),
    duplicated: sum(({ duplicated }) => duplicated),
    foreign: sum(({ foreign }) => foreign),
    cancelled: sum(({ cancelled }) => cancelled),
    parts: sum(({ parts }) => parts),
    partsAfterCancel: sum(({ partsAfterCancel }) => partsAfterCancel),
    ...(inParts
      ? {
          partsMissing: sum(({ partsMissing = 0 }) => partsMissing),
          partsOutOfTurn: sum(({ partsOutOfTurn = 0 }) => partsOutOfTurn),
        }
      : {}),
    beforeDue: sum(({ beforeDue }) => beforeDue),
  };
}
