/** What one server process has counted since its start, as it tells it. */
import type { Gauge, ServerCounts } from '../core/process-reports.ts';
import type { PushServer } from './push-server.ts';

export function countsOf({ hub, listener }: Pick<PushServer, 'hub' | 'listener'>): ServerCounts {
  const { drops, replayed, gaps, published, delivered, expelled, slowAt } = hub.counters;
  return {
    drops: { ...drops },
    ...listener.traffic(),
    blockedNs: hub.blockedNs,
    replayed,
    gaps,
    published,
    delivered,
    expelled: expelled.slow,
    slowAt: [...slowAt],
  };
}

/** How full one server process is at this moment. */
export function gaugeOf({ hub }: Pick<PushServer, 'hub'>, at: number): Gauge {
  const { published, expelled } = hub.counters;
  return {
    at,
    bufferedBytes: hub.bufferedBytes,
    published,
    dropped: hub.dropped,
    expelled: expelled.slow,
  };
}
