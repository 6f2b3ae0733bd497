/**
 * Prometheus text, for the textfile collector of the node exporter or a push gateway: every metric as a
 * gauge in base units, and latencies as histograms besides.
 *
 * Both, because each does what the other cannot. A gauge such as `pushbench_latency_p99_seconds` is the
 * exact percentile of the run, with lost messages counted as late; a run is over and done, so nobody has
 * to add it up over time. `pushbench_latency_seconds_bucket` is what can be added up, over arms, runs and
 * machines, and drawn as a heat map.
 */
import type { Histogram, Registry } from 'prom-client';
import type { Flow, RunResult } from '../../../core/result.ts';
import { flows, validityStates } from '../../../core/result.ts';
import { writeNamed } from '../../run-file.ts';
import { validityOf } from '../../summary.ts';
import { baseUnits } from '../base-unit.ts';
import { figuresOf, labelsOf } from '../figures.ts';
import type { ExportFormat } from '../format.ts';
import type { LatencyBuckets } from '../latency-buckets.ts';
import { LATENCY_BOUNDS, latencyBuckets } from '../latency-buckets.ts';

type PromClient = typeof import('prom-client');

export const prometheus: ExportFormat = {
  destination: 'file',
  name: 'metrics.prom',
  help: 'Prometheus text for the textfile collector',
  problemWith: (to) =>
    to.endsWith('.prom') ? undefined : `the textfile collector reads names that end in .prom only`,
  async write(run, to) {
    writeNamed(to, await prometheusText(run), 'export-not-written');
    return [to];
  },
};

export async function prometheusText(run: RunResult): Promise<string> {
  const client = await import('prom-client');
  const registry = new client.Registry();
  addRun(client, registry, run);
  for (const { id, metric, figures } of figuresOf(run)) {
    const { per, suffix } = baseUnits[metric.unit];
    const gauge = new client.Gauge({
      name: gaugeName(id, suffix),
      help: `${metric.title}: ${metric.explain}`,
      labelNames: ['scenario', 'run', 'arm', 'transport', 'target', 'point'],
      registers: [registry],
    });
    for (const { arm, point, value } of figures) gauge.set(labelsOf(run, arm, point), value / per);
  }
  addLatencies(client, registry, run);
  return registry.metrics();
}

/** 'latency.p99', '_seconds' → 'pushbench_latency_p99_seconds'; a unit that ends the id is not said twice. */
export function gaugeName(id: string, suffix: string): string {
  const name = `pushbench_${id.replace(/[^a-zA-Z0-9]+/g, '_')}`;
  const [unit = ''] = /^_[a-z]+/.exec(suffix) ?? [];
  return unit !== '' && name.endsWith(unit) ? name + suffix.slice(unit.length) : name + suffix;
}

/** What the run was, and how far it can be trusted. */
function addRun({ Gauge }: PromClient, registry: Registry, run: RunResult): void {
  const registers = [registry];
  const about = { scenario: run.scenario.name, run: run.id };
  const validity = validityOf(run);
  const validityGauge = new Gauge({
    name: 'pushbench_run_validity',
    help: 'Whether the run can be trusted: 1 for the state it is in, 0 for the others',
    labelNames: ['scenario', 'run', 'validity'],
    registers,
  });
  for (const state of validityStates) {
    validityGauge.set({ ...about, validity: state }, Number(validity.state === state));
  }
  const trials = new Gauge({
    name: 'pushbench_run_trials',
    help: 'Trials of the run by their validity',
    labelNames: ['scenario', 'run', 'validity'],
    registers,
  });
  for (const state of validityStates) {
    trials.set({ ...about, validity: state }, validity.counts[state]);
  }
  const started = new Gauge({
    name: 'pushbench_run_start_timestamp_seconds',
    help: 'When the run began, in seconds since 1970',
    labelNames: ['scenario', 'run'],
    registers,
  });
  started.set(about, Date.parse(run.startedAt) / 1e3);
  const info = new Gauge({
    name: 'pushbench_run_info',
    help: 'What was run, and on what; always 1',
    labelNames: ['scenario', 'run', 'version', 'commit', 'fingerprint', 'node', 'state'],
    registers,
  });
  const { tool, environment, state } = run;
  const { fingerprint, node } = environment;
  info.set(
    { ...about, version: tool.version, commit: tool.commit ?? '', fingerprint, node, state },
    1,
  );
  if (run.gate === undefined) return;
  const gate = new Gauge({
    name: 'pushbench_gate_outcome',
    help: 'What the gate decided; always 1',
    labelNames: ['scenario', 'run', 'outcome'],
    registers,
  });
  gate.set({ ...about, outcome: run.gate.outcome }, 1);
}

const HISTOGRAMS = {
  delivery: {
    name: 'pushbench_latency_seconds',
    help: 'Deliveries by the time from when the message was due until it was received',
  },
  request: {
    name: 'pushbench_request_seconds',
    help: 'Requests of clients by the time from when they were due until they were answered',
  },
  ask: {
    name: 'pushbench_ask_seconds',
    help: 'Questions of the server by the time from when they were due until they were answered',
  },
} as const satisfies Record<Flow, { readonly name: string; readonly help: string }>;

/**
 * The library's histogram counts one value at a time; ours are counted already, and may hold billions. So
 * this is its histogram with counts of our own, and the text is written by the library all the same.
 */
function addLatencies(client: PromClient, registry: Registry, run: RunResult): void {
  class CountedHistogram extends client.Histogram<string> {
    /** Without values: it knows how a histogram describes itself. */
    readonly #empty: Histogram<string>;
    readonly #samples: ReturnType<typeof samplesOf>;

    constructor(flow: Flow, all: readonly LatencyBuckets[]) {
      const own = { ...HISTOGRAMS[flow], buckets: [...LATENCY_BOUNDS] };
      super({ ...own, registers: [registry] });
      this.#empty = new client.Histogram({ ...own, registers: [] });
      this.#samples = all.flatMap((one) => samplesOf(own.name, run, one));
    }

    override async get() {
      return { ...(await this.#empty.get()), values: this.#samples };
    }

    /** What the registry of this version asks instead. */
    async getForPromString() {
      return this.get();
    }
  }
  const all = latencyBuckets(run);
  for (const flow of flows) {
    const own = all.filter((one) => one.flow === flow);
    if (own.length > 0) new CountedHistogram(flow, own);
  }
}

function samplesOf(name: string, run: RunResult, { arm, point, ...buckets }: LatencyBuckets) {
  const labels = labelsOf(run, arm, point);
  let sum = 0;
  const below = buckets.counts.map((count, index) => {
    sum += count;
    const bound = LATENCY_BOUNDS[index];
    const le = bound === undefined ? '+Inf' : String(bound);
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: sum };
  });
  return [
    ...below,
    { metricName: `${name}_sum`, labels, value: buckets.sum },
    { metricName: `${name}_count`, labels, value: buckets.count },
  ];
}
