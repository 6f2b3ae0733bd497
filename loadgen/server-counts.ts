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

/** As probes: `drops.<reason>` for each reason, and their sum. What the server does not tell is undefined. */
export function serverProbes(
  before: ServerCounts,
  after: ServerCounts,
): Record<string, number | undefined> {
  return {
    ...dropProbes(before.drops, after.drops),
    serverBytesIn: difference(before.bytesIn, after.bytesIn),
    serverBytesOut: difference(before.bytesOut, after.bytesOut),
    blockedNs: difference(before.blockedNs, after.blockedNs),
    ...reportedProbes(before.reported, after.reported),
  };
}

function dropProbes(
  before: ServerCounts['drops'],
  after: ServerCounts['drops'],
): Record<string, number> {
  if (before === undefined || after === undefined) return {};
  const drops = Object.entries(after).map(
    ([reason, count]) => [reason, count - (before[reason] ?? 0)] as const,
  );
  return {
    serverDropped: drops.reduce((sum, [, count]) => sum + count, 0),
    ...Object.fromEntries(drops.map(([reason, count]) => [`drops.${reason}`, count])),
  };
}

/** Asked for just before and after the load; replaced by what the kernel says, where it can be asked. */
function reportedProbes(
  before: ServerCounts['reported'],
  after: ServerCounts['reported'],
): Record<string, number | undefined> {
  if (after === undefined) return {};
  return {
    serverCpuNs: difference(before?.cpuNs, after.cpuNs),
    serverCpuStepNs: after.cpuStepNs,
    serverRssBytes: after.rssBytes,
  };
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before;
}
