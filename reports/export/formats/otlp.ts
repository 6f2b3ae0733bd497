/**
 * OTLP over HTTP, as JSON, by the official SDK: one push of everything at the end. The SDK is loaded when
 * it is needed, and its exporter is given finished data, since ours has been counted long before.
 */
import type { ExponentialHistogramMetricData, MetricData } from '@opentelemetry/sdk-metrics';
import { fault, reasonOf } from '../../../core/errors.ts';
import type { Arm, Flow, Point, RunResult } from '../../../core/result.ts';
import { flows } from '../../../core/result.ts';
import { validityOf } from '../../summary.ts';
import { baseUnits } from '../base-unit.ts';
import { figuresOf, labelsOf } from '../figures.ts';
import type { ExportFormat } from '../format.ts';
import type { LatencyBuckets } from '../latency-buckets.ts';
import { LATENCY_BOUNDS, latencyBuckets } from '../latency-buckets.ts';

/** Explicit buckets, which every collector and every store behind one understands. */
type Metric = Exclude<MetricData, ExponentialHistogramMetricData>;
type Descriptor = Metric['descriptor'];
type Sdk = typeof import('@opentelemetry/sdk-metrics');

/** Longer, and whoever waits thinks that it hangs; retries of the SDK are within it. */
const TIMEOUT_MS = 5_000;
const METRICS_PATH = 'v1/metrics';

export const otlp: ExportFormat = {
  destination: 'address',
  name: undefined,
  help: 'a push to an OpenTelemetry collector',
  problemWith(to) {
    const url = URL.canParse(to) ? new URL(to) : undefined;
    return url !== undefined && ['http:', 'https:'].includes(url.protocol)
      ? undefined
      : `'${to}' is not the address of a collector; write it like http://127.0.0.1:4318`;
  },
  write: async (run, to) => [await push(run, metricsUrl(to))],
};

/** The address of a collector is taken as its base, as the specification has it; a longer one as it is. */
export function metricsUrl(to: string): string {
  const url = new URL(to);
  if (url.pathname === '/') url.pathname = METRICS_PATH;
  return url.href;
}

/** @returns where it went @throws HarnessError `collector-unreachable` */
async function push(run: RunResult, url: string): Promise<string> {
  const [sdk, { OTLPMetricExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPMetricExporter({ url, timeoutMillis: TIMEOUT_MS });
  const scope = { name: 'pushbench', version: run.tool.version };
  const data = {
    resource: resourceFromAttributes(resourceOf(run)),
    scopeMetrics: [{ scope, metrics: metricsOf(run, sdk) }],
  };
  try {
    const { error, code } = await new Promise<{ code: number; error?: Error }>((resolve) => {
      exporter.export(data, resolve);
    });
    if (code !== 0)
      throw fault('collector-unreachable', { url, why: reasonOf(error ?? 'unknown') });
  } finally {
    await exporter.shutdown();
  }
  return url;
}

function resourceOf({ id, tool, environment }: RunResult): Record<string, string | number> {
  return {
    'service.name': 'pushbench',
    'service.version': tool.version,
    'service.instance.id': id,
    ...(tool.commit === undefined ? {} : { 'vcs.ref.head.revision': tool.commit }),
    'host.id': environment.fingerprint,
    'host.cpu.model.name': environment.cpu,
    'os.description': environment.os,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': environment.node,
    'pushbench.host.cores': environment.cores,
    'pushbench.host.kernel': environment.kernel,
  };
}

function metricsOf(run: RunResult, { AggregationTemporality, DataPointType }: Sdk): Metric[] {
  const times = {
    startTime: hrTime(run.startedAt),
    endTime: hrTime(run.finishedAt ?? run.startedAt),
  };
  const common = { aggregationTemporality: AggregationTemporality.CUMULATIVE };
  const attributesOf = (arm: Arm, point: Point) => prefixed(labelsOf(run, arm, point));
  const gauges = figuresOf(run).map(({ id, metric, figures }): Metric => {
    const { per, ucum } = baseUnits[metric.unit];
    return {
      ...common,
      dataPointType: DataPointType.GAUGE,
      descriptor: descriptor(`pushbench.${id}`, `${metric.title}: ${metric.explain}`, ucum),
      dataPoints: figures.map(({ arm, point, value }) => ({
        ...times,
        attributes: attributesOf(arm, point),
        value: value / per,
      })),
    };
  });
  const buckets = latencyBuckets(run);
  const histograms = flows.flatMap((flow): Metric[] => {
    const own = buckets.filter((one) => one.flow === flow);
    if (own.length === 0) return [];
    const { name, description } = HISTOGRAMS[flow];
    return [
      {
        ...common,
        dataPointType: DataPointType.HISTOGRAM,
        descriptor: descriptor(name, description, 's'),
        dataPoints: own.map((one) => ({
          ...times,
          attributes: attributesOf(one.arm, one.point),
          value: histogramValue(one),
        })),
      },
    ];
  });
  const { state } = validityOf(run);
  const validity: Metric = {
    ...common,
    dataPointType: DataPointType.GAUGE,
    descriptor: descriptor(
      'pushbench.run.validity',
      'whether the run can be trusted; always 1',
      '1',
    ),
    dataPoints: [
      {
        ...times,
        attributes: prefixed({ scenario: run.scenario.name, run: run.id, validity: state }),
        value: 1,
      },
    ],
  };
  return [validity, ...gauges, ...histograms];
}

const HISTOGRAMS = {
  delivery: {
    name: 'pushbench.latency',
    description: 'deliveries by the time from when the message was due until it was received',
  },
  request: {
    name: 'pushbench.request',
    description: 'requests of clients by the time from when they were due until they were answered',
  },
  ask: {
    name: 'pushbench.ask',
    description: 'questions of the server by the time from when they were due until answered',
  },
} as const satisfies Record<Flow, { readonly name: string; readonly description: string }>;

function histogramValue({ counts, count, sum, min, max }: LatencyBuckets) {
  return {
    buckets: { boundaries: [...LATENCY_BOUNDS], counts: [...counts] },
    count,
    sum,
    min,
    max,
  };
}

/** `ValueType.DOUBLE`, whose enum is in a package that only the SDK depends on. */
const DOUBLE: Descriptor['valueType'] = 1;

function descriptor(name: string, description: string, unit: string): Descriptor {
  return { name, description, unit, valueType: DOUBLE };
}

/** Names without a prefix are for those that everybody shares. */
function prefixed(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [`pushbench.${name}`, value]),
  );
}

/** Seconds and nanoseconds. */
function hrTime(date: string): [seconds: number, nanoseconds: number] {
  const ms = Date.parse(date);
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1e6];
}
