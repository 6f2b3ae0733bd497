/** Opens many connections, a bounded number at a time, and counts how each of them went. */

import type { Clock } from '../core/clock.ts';
import { NS_PER_US } from '../core/clock.ts';
import type { Histogram } from '../core/histogram.ts';
import { createHistogram, HIGHEST_US } from '../core/histogram.ts';
import type { Client } from '../core/transport.ts';
import { explain } from '../core/transport.ts';

export interface ConnectOutcome {
  /** By client index; undefined where the connection failed. */
  readonly clients: (Client | undefined)[];
  readonly failures: ReadonlyMap<string, number>;
  /** µs from the call to connect to the end of the handshake. */
  readonly latency: Histogram;
}

export async function connectAll(
  count: number,
  concurrency: number,
  clock: Clock,
  connect: (index: number) => Promise<Client>,
): Promise<ConnectOutcome> {
  const clients = new Array<Client | undefined>(count).fill(undefined);
  const failures = new Map<string, number>();
  const latency = createHistogram();
  let nextIndex = 0;
  const lane = async (): Promise<void> => {
    while (nextIndex < count) {
      const index = nextIndex;
      nextIndex += 1;
      const startedAt = clock();
      try {
        clients[index] = await connect(index);
        latency.recordValue(Math.min(HIGHEST_US, Math.floor((clock() - startedAt) / NS_PER_US)));
      } catch (error) {
        const cause = explain(error);
        failures.set(cause, (failures.get(cause) ?? 0) + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane));
  return { clients, failures, latency };
}
