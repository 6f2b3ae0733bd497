/** Metrics that a scenario can never yield: refused by a gate, and none of those that a scenario is about. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRequest } from '../../cli/request.ts';
import { whyNeverMeasured } from '../../cli/scenario-metrics.ts';
import type { Scenario } from '../../core/scenario.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { scenarios } from '../../scenarios/registry.ts';

const phasesOf = (scenario: Scenario) => {
  const { points, arms, phases } = readRequest(scenario, {}, { quick: true, tls: false });
  return points.flatMap((point) => arms.map((arm) => phases(point, arm)));
};

test.each(Object.values<Scenario>(scenarios).filter(({ search }) => search === undefined))(
  '$name can measure what it is about',
  (scenario) => {
    const refused = scenario.headline.filter(
      (metric) => whyNeverMeasured(metric, phasesOf(scenario)) !== undefined,
    );
    expect(refused).toEqual([]);
  },
);

test('nothing that a broadcast has measured is called impossible for it', () => {
  const run = readRunFile(join(import.meta.dirname, '..', 'fixtures', 'run.json'));
  const trials = phasesOf(scenarios.broadcast);
  const measured = run.trials.flatMap(({ metrics }) => Object.keys(metrics));
  expect(run.scenario.name).toBe('broadcast');
  expect(measured.length).toBeGreaterThan(20);
  expect(measured.filter((metric) => whyNeverMeasured(metric, trials) !== undefined)).toEqual([]);
});

describe('a broadcast', () => {
  test.each([
    ['ask.p50', 'its server asks nothing'],
    ['request.rate', 'its clients request nothing'],
    ['trip.bytes.up', 'it has no round trips alone'],
    ['stall.memory', 'no client of it stalls'],
    ['reconnect.cpu', 'no connection is cut in it'],
    ['soak.timers', 'it is no soak'],
    ['history.p50', 'its clients ask for no history'],
    ['heartbeat.cpu', 'heartbeats are not what it measures'],
    ['server.memory', 'nobody rests in it'],
    ['capacity.rate', "it looks for no limit, as 'npm run bench capacity' does"],
  ])('never measures %s: %s', (metric, why) => {
    expect(whyNeverMeasured(metric, phasesOf(scenarios.broadcast))).toBe(why);
  });

  test('measures deliveries, which a scenario of requests does not', () => {
    expect(whyNeverMeasured('latency.p50', phasesOf(scenarios.broadcast))).toBeUndefined();
    expect(whyNeverMeasured('latency.p50', phasesOf(scenarios.request))).toBe(
      'nothing is published in it',
    );
  });
});
