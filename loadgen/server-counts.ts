/** What the server counted over a phase: the difference of its counters before and after. */
import type { ServerCounts } from '../core/process-reports.ts';
import type { TrialContext } from './trial-context.ts';

/** Of a server that has just started. */
export const nothingCounted: ServerCounts = { drops: {}, bytesIn: 0, bytesOut: 0, blockedNs: 0 };

export async function countServer({ server, setup }: TrialContext): Promise<ServerCounts> {
  const counted = server.next('counted', setup.replyTimeoutMs);
  server.send({ kind: 'count' });
  return (await counted).counts;
}

/** As probes: `drops.<reason>` for each reason, and their sum. */
export function serverProbes(before: ServerCounts, after: ServerCounts): Record<string, number> {
  const drops = Object.entries(after.drops).map(
    ([reason, count]) => [reason, count - (before.drops[reason] ?? 0)] as const,
  );
  return {
    serverDropped: drops.reduce((sum, [, count]) => sum + count, 0),
    ...Object.fromEntries(drops.map(([reason, count]) => [`drops.${reason}`, count])),
    serverBytesIn: after.bytesIn - before.bytesIn,
    serverBytesOut: after.bytesOut - before.bytesOut,
    blockedNs: after.blockedNs - before.blockedNs,
  };
}
