/**
 * Clients that read only now and then: all of them stop and start together, as long as a phase runs. Those
 * that stop only once, and are watched while they do, are in stall.ts.
 */
import type { IntervalReaders, SlowReaders } from '../core/scenario.ts';
import type { Client } from '../core/transport.ts';

/** How many of `clients` are slow; they are the last ones. */
export function slowCount({ share }: Pick<SlowReaders, 'share'>, clients: number): number {
  // Twelve digits hide what binary fractions leave behind: 0.07 × 100 is 7.000000000000001.
  return Math.min(clients, Math.ceil(Number((share * clients).toPrecision(12))));
}

/**
 * @param clients those of this process; `firstClient` is the number of the first among all `totalClients`
 * @returns ends it, with all of them reading
 */
export function startSlowReaders(
  slow: IntervalReaders & { readonly totalClients: number },
  clients: readonly (Client | undefined)[],
  firstClient: number,
): () => void {
  const firstSlow = slow.totalClients - slowCount(slow, slow.totalClients);
  const readers = clients
    .slice(Math.max(0, firstSlow - firstClient))
    .filter((client) => client !== undefined);
  if (readers.length === 0) return () => undefined;
  let timer: NodeJS.Timeout;
  const pause = (): void => {
    for (const client of readers) client.pause();
    timer = setTimeout(resume, slow.pauseMs);
  };
  const resume = (): void => {
    for (const client of readers) client.resume();
    timer = setTimeout(pause, slow.readMs);
  };
  pause();
  return () => {
    clearTimeout(timer);
    for (const client of readers) client.resume();
  };
}
