/** What a long load leaves behind: growth of memory, descriptors and timers, and drift of latency. */
import type { SoakRecord } from '../../core/records/soak.ts';
import type { Trial } from '../../core/result.ts';
import type { Metric, Unit } from '../metric.ts';
import type { Amount, LatencyQuantile, Side } from '../soak-trends.ts';
import { driftOf, growthOf, heldBytes, levelsOf, residentBytes } from '../soak-trends.ts';

function figure(
  title: string,
  unit: Unit,
  explain: string,
  of: (record: SoakRecord) => number | undefined,
) {
  return {
    title,
    unit,
    better: 'lower',
    aroundZero: true,
    explain,
    derive: ({ soak }: Trial) => (soak === undefined ? undefined : of(soak)),
  } as const satisfies Metric;
}

const growth = (title: string, explain: string, side: Side, amount: Amount) =>
  figure(title, 'B/s', explain, (record) => growthOf(record, side, amount)?.fit.slope);

const rise = (title: string, explain: string, amount: Amount) =>
  figure(title, 'count', explain, (record) => {
    const levels = levelsOf(record, 'server', amount);
    return levels === undefined ? undefined : levels.last - levels.first;
  });

const drift = (title: string, explain: string, quantile: LatencyQuantile) =>
  figure(title, 'change', explain, (record) => driftOf(record, quantile)?.change);

export const soakMetrics = {
  'soak.memory.growth': growth(
    'growth of server memory',
    'slope of the least resident memory between collections, after the first fifth of the load: what a leak raises and garbage does not',
    'server',
    residentBytes,
  ),
  'soak.memory.message': figure(
    'growth of server memory per message',
    'B',
    'the same per message that was published',
    (record) => {
      const slope = growthOf(record, 'server', residentBytes)?.fit.slope;
      return slope === undefined || record.ratePerS === 0 ? undefined : slope / record.ratePerS;
    },
  ),
  'soak.heap.growth': growth(
    'growth of what JavaScript holds',
    'slope of the least that JavaScript in the server holds between collections: heap in use and buffers outside it',
    'server',
    heldBytes,
  ),
  'soak.live.growth': figure(
    'more held at the end',
    'B',
    'live memory of the server after a forced collection at the end of the load, less that before the load',
    ({ liveBytes }) => (liveBytes === undefined ? undefined : liveBytes.after - liveBytes.before),
  ),
  'soak.generator.growth': growth(
    'growth of generator memory',
    'the same of the generator, which is to be none whatever the server does',
    'generator',
    residentBytes,
  ),
  'soak.descriptors': rise(
    'more descriptors',
    'open files and sockets of the server in the last quarter of the load, less those in the first',
    ({ descriptors }) => descriptors,
  ),
  'soak.timers': rise(
    'more timers',
    'timers of the server in the last quarter of the load, less those in the first; not those that are unref’d, as the deadlines of heartbeats are: what these leak shows as memory',
    ({ timers }) => timers,
  ),
  'soak.handles': rise(
    'more handles',
    'what else keeps the server alive in the last quarter of the load, less that in the first',
    ({ handles }) => handles,
  ),
  'soak.drift.p50': drift(
    'drift of latency p50',
    'change of the median latency from the start of the load to its end, by a line through all looks',
    0.5,
  ),
  'soak.drift.p99': drift(
    'drift of latency p99',
    'change of the 99th percentile from the start of the load to its end, by a line through all looks',
    0.99,
  ),
} as const satisfies Record<string, Metric>;
