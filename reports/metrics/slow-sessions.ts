/** What the server did about sessions that did not keep up: what it left out, and how long it waited. */
import type { Trial } from '../../core/result.ts';
import type { Metric, Unit } from '../metric.ts';

export function sumOfProbe(trials: readonly Trial[], probe: string): number | undefined {
  const counts = trials.flatMap(({ probes }) => probes[probe] ?? []);
  return counts.length === 0 ? undefined : counts.reduce((sum, one) => sum + one, 0);
}

function drops(title: string, explain: string, probe: string) {
  const unit: Unit = 'count';
  return {
    title,
    unit,
    better: 'lower',
    explain,
    derive: ({ probes }: Trial) => probes[probe],
    // Counts of what should not happen are added up: a median would hide the one round that had them.
    merge: (trials: readonly Trial[]) => sumOfProbe(trials, probe),
  } as const satisfies Metric;
}

export const slowSessionMetrics = {
  'drops.slow': drops(
    'dropped by the server',
    'deliveries the server left out, for whatever reason: too much was buffered for the session, or it had gone',
    'serverDropped',
  ),
  'drops.newest': drops(
    'drops of the newest',
    'deliveries left out as they came, because the session had too much buffered',
    'drops.newest',
  ),
  'drops.coalesced': drops(
    'drops by coalescing',
    'deliveries left out because a newer message under the same key took their place',
    'drops.coalesced',
  ),
  'drops.oldest': drops(
    'drops of the oldest',
    'deliveries left out as the oldest that waited, to make room for a newer one',
    'drops.oldest',
  ),
  'drops.disconnected': drops(
    'drops by disconnecting',
    'deliveries to sessions that the server was ending because they were slow',
    'drops.disconnected',
  ),
  'drops.blocked': drops(
    'drops by blocking',
    'deliveries left out because publishing had waited for the session as long as it may',
    'drops.blocked',
  ),
  'drops.gone': drops(
    'drops to the gone',
    'deliveries to sessions whose connection had ended, or was being ended',
    'drops.gone',
  ),
  'block.time': {
    title: 'blocked time',
    unit: 'us',
    better: 'lower',
    explain: 'how long publishing stood still in all, waiting for a slow session',
    derive: ({ probes }) => {
      const blockedNs = probes['blockedNs'];
      return blockedNs === undefined ? undefined : blockedNs / 1_000;
    },
  },
} satisfies Record<string, Metric>;

/** What `drops.slow` is made up of. */
export const DROP_REASONS = [
  'drops.newest',
  'drops.oldest',
  'drops.coalesced',
  'drops.disconnected',
  'drops.blocked',
  'drops.gone',
] as const satisfies readonly (keyof typeof slowSessionMetrics)[];
