/** What became of round trips and what they cost; and what a trial about them has no figures of. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Trial, Trips } from '../../core/result.ts';
import { deriveMetrics } from '../../reports/derive.ts';
import { figureText } from '../../reports/figure-text.ts';
import type { Metric } from '../../reports/metric.ts';
import type { MetricId } from '../../reports/metrics/registry.ts';
import { metrics } from '../../reports/metrics/registry.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { describePoint } from '../../reports/summary.ts';
import { histogramOf, NO_HISTOGRAMS, NO_LEDGER, trialOf, tripsOf } from '../trip-run.ts';

const EIGHT = [100, 200, 300, 400, 500, 600, 700, 800];

const requests = (trips: Trips, given: Partial<Trial> = {}): Trial =>
  trialOf({ flow: 'request', trips: { request: trips }, ...given });

/** Of one trial. */
const figure = ({ metrics: found }: Trial, id: MetricId): number | undefined => found[id];
/** Of several together, however few they are. */
function merged(trials: readonly Trial[], id: MetricId): number | undefined {
  const metric: Metric = metrics[id];
  return metric.merge?.(trials);
}

describe('counts of round trips', () => {
  const trial = requests(
    tripsOf(
      EIGHT,
      { unanswered: 12, errors: 3, cancelled: 4, late: 1, parts: 60, partsAfterCancel: 7 },
      { first: histogramOf(EIGHT) },
    ),
  );

  test.each<[MetricId, number]>([
    ['request.timeouts', 5],
    ['request.errors', 3],
    ['request.cancelled', 4],
    ['request.late', 1],
    ['request.wasted', 7],
    // In the two seconds that the measured phase took.
    ['request.rate', 4],
    ['request.parts', 30],
    // 8 of the 16 that were not given up.
    ['request.answered', 0.5],
  ])('%s is %d', (id, value) => {
    expect(figure(trial, id)).toBe(value);
  });

  test('timeouts are never negative, also where a cancelled one was answered after all', () => {
    expect(figure(requests(tripsOf(EIGHT, { unanswered: 2, errors: 3 })), 'request.timeouts')).toBe(
      0,
    );
  });

  test('of several rounds they are added up', () => {
    const quiet = requests(tripsOf(EIGHT));
    expect(merged([trial, quiet], 'request.timeouts')).toBe(5);
    expect(merged([trial, trial], 'request.errors')).toBe(6);
    expect(merged([trial, quiet], 'request.answered')).toBe(16 / 24);
  });

  test('requests and asks of one phase are kept apart', () => {
    const both = trialOf({
      flow: 'request',
      trips: {
        request: tripsOf(EIGHT, { unanswered: 1 }),
        ask: tripsOf([50, 60], { unanswered: 3, errors: 1, late: 2 }),
      },
    });
    expect(both.metrics).toMatchObject({
      'request.timeouts': 1,
      'request.errors': 0,
      'request.p50': 500,
      'ask.timeouts': 2,
      'ask.errors': 1,
      'ask.late': 2,
      'ask.answered': 0.4,
    });
  });
});

describe('costs', () => {
  const probes = {
    serverCpuNs: 1_000_000,
    serverUserNs: 600_000,
    generatorCpuNs: 2_000_000,
    serverContextSwitches: 40,
    serverBytesIn: 3_000,
    serverBytesOut: 5_000,
    wireBytes: 1_500,
    wireMessages: 10,
    upstreamConnections: 6,
  };
  const trips = { request: tripsOf(EIGHT, { unanswered: 3 }), ask: tripsOf([50, 60]) };

  test('of a round trip are shares of all that were answered', () => {
    expect(trialOf({ flow: 'request', trips, probes }).metrics).toMatchObject({
      'trip.server.cpu': 100_000,
      'trip.generator.cpu': 200_000,
      'trip.bytes.up': 300,
      'trip.bytes.down': 500,
      'upstream.connections': 6,
    });
  });

  const deliveries = {
    ledger: { ...NO_LEDGER, expected: 10, received: 10 },
    histograms: NO_HISTOGRAMS,
    probes,
  };
  const PER_DELIVERY = ['server.cpu', 'server.cpu.user', 'generator.cpu', 'wire.bytes'] as const;
  const PER_TRIP = ['trip.server.cpu', 'trip.generator.cpu', 'trip.bytes.up'] as const;

  test('of a delivery are shares of the deliveries, where there is nothing else', () => {
    const { metrics: found } = trialOf({ ...deliveries, flow: 'delivery' });
    expect(PER_DELIVERY.map((id) => found[id])).toEqual([100_000, 60_000, 200_000, 150]);
    expect(found['server.switches']).toBe(4);
    expect(PER_TRIP.map((id) => found[id])).toEqual([undefined, undefined, undefined]);
  });

  test('are nobody’s where deliveries and round trips share a phase, but the load has one', () => {
    const { metrics: found } = trialOf({ ...deliveries, flow: 'delivery', trips });
    for (const id of [...PER_DELIVERY, 'server.switches', ...PER_TRIP]) {
      expect(found[id], id).toBeUndefined();
    }
    // One millisecond of CPU in two seconds.
    expect(found['server.busy']).toBe(0.0005);
    expect(found).toMatchObject({ reach: 1, 'request.p50': 600 });
  });

  test('the load is over the time in which the CPU was read, where that was kept', () => {
    const trial = trialOf({ ...deliveries, probes: { ...probes, wallNs: 4e6 } });
    expect(figure(trial, 'server.busy')).toBe(0.25);
  });
});

describe('a trial about round trips', () => {
  test('has none of the figures of deliveries', () => {
    const found = Object.keys(requests(tripsOf(EIGHT, { unanswered: 2 })).metrics);
    expect(
      found.filter((id) => /^(latency|spread|delivery)\.|^reach|^throughput/.test(id)),
    ).toEqual([]);
    expect(found).toContain('slip.p99');
  });

  test('shows what the server did about slow sessions, as probes have it', () => {
    const { metrics: found } = trialOf({
      probes: {
        serverDropped: 1,
        'drops.coalesced': 2,
        'drops.oldest': 3,
        'drops.disconnected': 4,
        'drops.blocked': 5,
        blockedNs: 6_000,
        orderDisagreements: 7,
        staleClients: 8,
      },
    });
    expect(found).toEqual({
      'drops.slow': 1,
      'drops.coalesced': 2,
      'drops.oldest': 3,
      'drops.disconnected': 4,
      'drops.blocked': 5,
      'block.time': 6,
      'order.disagree': 7,
      'stale.clients': 8,
    });
  });
});

describe('run files from before there were round trips', () => {
  const old = readRunFile(join(import.meta.dirname, '..', 'fixtures', 'run.json'));

  test('give the figures they were written with', () => {
    for (const trial of old.trials) expect(deriveMetrics(trial)).toMatchObject(trial.metrics);
  });

  test('speak of broadcasts', () => {
    expect(describePoint(old, {})).toBe('200 clients, 50 broadcasts/s, 128 B messages');
    const [arm] = old.arms;
    expect(arm && figureText(old, arm, {}, 'latency.p99')).toEqual({
      text: 'not enough data',
      note: '600 of 1,000 broadcasts',
    });
  });
});
