/** The scenarios as data: whatever their parameters are set to, they are loads that can be run. */
import { describe, expect, test } from 'vitest';
import type { PlainValues } from '../../core/params.ts';
import { fillParams } from '../../core/params.ts';
import type { LoadPhase, Phase, Scenario } from '../../core/scenario.ts';
import { createSchedule } from '../../core/schedule.ts';
import { clientsOf, eventsPerS } from '../../loadgen/offered-load.ts';
import { isMetricId } from '../../reports/metrics/registry.ts';
import { scenarios } from '../../scenarios/registry.ts';

const all = Object.entries<Scenario>(scenarios);

/** Values to try: the defaults, those of --quick, and each parameter at either end of its range. */
function valuesOf({ params, quick }: Scenario): (readonly [string, PlainValues])[] {
  const defaults = fillParams(params, {});
  return [
    ['its defaults', defaults],
    ['--quick', { ...defaults, ...quick }],
    ...Object.entries(params).flatMap(([name, param]) =>
      (param.type === 'choice' ? param.choices : [param.min, param.max]).map(
        (value) => [`--${name} ${value}`, { ...defaults, [name]: value }] as const,
      ),
    ),
  ];
}

const loadsOf = (phases: readonly Phase[]): LoadPhase[] =>
  phases.flatMap((phase) => (phase.kind === 'load' ? phase : []));

describe.each(all)('%s', (name, scenario) => {
  test('has the name it is registered under, and asks one question', () => {
    expect(scenario.name).toBe(name);
    expect(scenario.question).toMatch(/^[A-Z][^?.]*\?$/);
  });

  test('has at most five headline metrics, which all exist', () => {
    expect(scenario.headline.length).toBeGreaterThan(0);
    expect(scenario.headline.length).toBeLessThanOrEqual(5);
    expect(scenario.headline.filter((id) => !isMetricId(id))).toEqual([]);
    expect(new Set(scenario.headline).size).toBe(scenario.headline.length);
  });

  test('has quick values and a sweep of its own parameters', () => {
    expect(Object.keys(scenario.params)).toEqual(
      expect.arrayContaining(Object.keys(scenario.quick)),
    );
    const [, parameter = '', list = ''] = /^--vary ([\w-]+)=(\S+)$/.exec(scenario.explore) ?? [];
    expect(list.split(',').length).toBeGreaterThan(1);
    for (const text of list.split(',')) {
      expect(() => fillParams(scenario.params, { [parameter]: text })).not.toThrow();
    }
    expect(Object.keys(scenario.params)).toContain(parameter);
  });

  test.each(valuesOf(scenario))('is a connect phase and loads with %s', (_, values) => {
    const phases = scenario.phases(values);
    expect(phases[0]?.kind).toBe('connect');
    expect(clientsOf(phases)).toBeGreaterThan(0);
    expect(eventsPerS(phases)).toBeGreaterThan(0);
    expect(loadsOf(phases).filter(({ measured }) => measured)).toHaveLength(1);
    for (const { publish, request, ask, pacing, durationMs } of loadsOf(phases)) {
      const loads = [publish, request, ask].filter((load) => load !== undefined);
      expect(loads.length).toBeGreaterThan(0);
      // A day of a large load is more than is worth counting here.
      const options = { pacing, durationMs: Math.min(durationMs, 100), seed: 1 };
      for (const { ratePerS } of loads) {
        expect(createSchedule({ ...options, ratePerS }).count).toBeGreaterThan(0);
      }
      const { to } = publish ?? {};
      if (to !== undefined && to.kind !== 'everybody') expect(to.count).toBeGreaterThan(0);
    }
  });

  test('asks the server for nothing that its own options could not', () => {
    const { policy, replay = 0 } = scenario.server?.(fillParams(scenario.params, {})) ?? {};
    expect(['drop-newest', 'keep-latest', undefined]).toContain(policy);
    expect(Number.isInteger(replay) && replay >= 0).toBe(true);
  });

  test('takes about as long as broadcast, and a fraction of what two cores can do', () => {
    const phases = scenario.phases(fillParams(scenario.params, {}));
    const ms = loadsOf(phases).reduce((sum, { durationMs }) => sum + durationMs, 0);
    expect(ms).toBeLessThanOrEqual(5_000);
    expect(eventsPerS(phases)).toBeLessThanOrEqual(25_000);
  });
});

/** What a load is made of, without its numbers. */
function shapeOf(phases: readonly Phase[]): string {
  return JSON.stringify(phases, (_, value: unknown) => (typeof value === 'number' ? 0 : value));
}

test('no two scenarios are about the same: neither in their headline, nor in both shape and headline', () => {
  const headlines = all.map(([, { headline }]) => [...headline].sort().join(' '));
  expect(new Set(headlines).size).toBe(all.length);
  const whole = all.map(([, scenario], index) => [
    headlines[index],
    shapeOf(scenario.phases(fillParams(scenario.params, {}))),
  ]);
  expect(new Set(whole.map(String)).size).toBe(all.length);
});
