/**
 * Every delivery of a phase in which clients did not keep up, by what both ends say of it: the server counts
 * what it writes and what it leaves out, the clients find gaps in the numbers of what they get.
 *
 *     expected = written + dropped + missed            written = received + in flight
 *
 * Where all connections last, nothing is missed or in flight, so every gap must be a drop and every drop a
 * gap. Where a connection ends, what is missing behind the last message that came over it was in flight,
 * dropped or missed, and only gaps before that have to be drops.
 */
import { deliveriesOf } from '../core/audience.ts';
import type { ServerCounts } from '../core/process-reports.ts';
import type { StallRecord } from '../core/records/stall.ts';
import type { StallEvidence } from './stall-record.ts';

/** Drops to a session that is being ended, or has ended: they are no gap before its last message. */
const AT_THE_END: ReadonlySet<string> = new Set(['disconnected', 'gone']);

type Evidence = Pick<
  StallEvidence,
  'policy' | 'clients' | 'publish' | 'reports' | 'countsBefore' | 'countsAfter'
>;

export function accountsOf(evidence: Evidence): StallRecord['accounts'] {
  const { publish, clients, reports, countsBefore, countsAfter } = evidence;
  const expected = deliveriesOf(publish.load.to, publish.schedule.count, clients);
  const received = reports.reduce((sum, { counts }) => sum + counts.received, 0);
  const written = Math.max(0, (countsAfter.delivered ?? 0) - (countsBefore.delivered ?? 0));
  const dropped = dropsOf(evidence, () => true);
  const disagreement = disagreementOf(evidence);
  return {
    expected,
    received,
    written,
    dropped,
    inFlight: Math.max(0, written - received),
    missed: Math.max(0, expected - written - dropped),
    ...(disagreement === undefined ? {} : { disagreement }),
  };
}

function dropsOf(
  { countsBefore, countsAfter }: { countsBefore: ServerCounts; countsAfter: ServerCounts },
  counts: (reason: string) => boolean,
): number {
  return Object.entries(countsAfter.drops ?? {}).reduce(
    (sum, [reason, count]) =>
      counts(reason) ? sum + count - (countsBefore.drops?.[reason] ?? 0) : sum,
    0,
  );
}

/** Gaps that no drop explains, and drops that left no gap; undefined where gaps cannot be told from ends. */
function disagreementOf(evidence: Evidence): number | undefined {
  const { policy, publish, reports, countsBefore, countsAfter } = evidence;
  // Messages of which nobody kept who got them.
  if (publish.sampleEvery !== 1 || publish.load.to.kind !== 'everybody') return undefined;
  if (countsAfter.delivered === undefined) return undefined;
  const ended = reports.some(({ closedClients = [] }) => closedClients.length > 0);
  // A connection that ends under another policy takes drops with it that left no gap before its end.
  if (ended && policy !== 'disconnect') return undefined;
  const written = countsAfter.delivered - (countsBefore.delivered ?? 0);
  const received = reports.reduce((sum, { counts }) => sum + counts.received, 0);
  const gaps = reports.reduce((sum, report) => sum + gapsOf(report, publish.schedule.count), 0);
  const drops = dropsOf(evidence, (reason) => !ended || !AT_THE_END.has(reason));
  // More received than written would be a message that nobody sent; of what lasts, neither may be more.
  const strange = ended ? Math.max(0, received - written) : Math.abs(written - received);
  return Math.abs(gaps - drops) + strange;
}

/** Messages that a client of this worker lacks; of one whose connection ended, before the last that it got. */
function gapsOf(
  { cells, columns, closedClients = [] }: StallEvidence['reports'][number],
  rows: number,
): number {
  const closed = new Set(closedClients);
  let gaps = 0;
  for (let column = 0; column < columns; column += 1) {
    let last = rows - 1;
    if (closed.has(column)) while (last >= 0 && cells[last * columns + column] === 0) last -= 1;
    for (let row = 0; row <= last; row += 1) if (cells[row * columns + column] === 0) gaps += 1;
  }
  return gaps;
}
