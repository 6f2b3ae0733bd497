/** The metrics, by id. Ids are stable: other programs rely on them. To add one: a line in its file. */
import type { Metric } from '../metric.ts';
import { costMetrics } from './cost.ts';
import { deliveryMetrics } from './delivery.ts';
import { faultMetrics } from './fault.ts';
import { floodMetrics } from './flood.ts';
import { heartbeatMetrics } from './heartbeat.ts';
import { historyMetrics } from './history.ts';
import { latencyMetrics, slipMetrics, spreadMetrics } from './latency.ts';
import { restMetrics } from './rest.ts';
import { restartMetrics } from './restart.ts';
import { searchMetrics } from './search.ts';
import { slowSessionMetrics } from './slow-sessions.ts';
import { soakMetrics } from './soak.ts';
import { stallMetrics } from './stall.ts';
import { tripCountMetrics } from './trip-counts.ts';
import { tripMetrics } from './trips.ts';
import { volumeMetrics } from './volume.ts';

export const metrics = {
  ...latencyMetrics,
  ...spreadMetrics,
  ...tripMetrics,
  ...deliveryMetrics,
  ...tripCountMetrics,
  ...historyMetrics,
  ...slowSessionMetrics,
  ...stallMetrics,
  ...faultMetrics,
  ...restartMetrics,
  ...heartbeatMetrics,
  ...restMetrics,
  ...soakMetrics,
  ...searchMetrics,
  ...costMetrics,
  ...volumeMetrics,
  ...floodMetrics,
  ...slipMetrics,
} satisfies Record<string, Metric>;

export type MetricId = keyof typeof metrics;

export function isMetricId(id: string): id is MetricId {
  return Object.hasOwn(metrics, id);
}

/** All of them, as id and metric, in the order in which they are shown. */
export const allMetrics: readonly (readonly [MetricId, Metric])[] = Object.entries(metrics) as [
  MetricId,
  Metric,
][];

/** An older run file may name a metric that is no more. */
export function metricOf(id: string): Metric | undefined {
  return isMetricId(id) ? metrics[id] : undefined;
}
