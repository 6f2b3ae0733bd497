/** The scenarios as data: whatever their parameters are set to, they are loads that can be run. */
import { describe, expect, test } from 'vitest';
import { HarnessError } from '../../core/errors.ts';
import type { Param, PlainValues } from '../../core/params.ts';
import { fillParams } from '../../core/params.ts';
import type { LoadPhase, Phase, Scenario } from '../../core/scenario.ts';
import { createSchedule } from '../../core/schedule.ts';
import { clientsOf, eventsPerS } from '../../loadgen/offered-load.ts';
import { isMetricId } from '../../reports/metrics/registry.ts';
import { scenarios } from '../../scenarios/registry.ts';

const all = Object.entries<Scenario>(scenarios);

/** Values to try: the defaults, those of --quick, and each parameter at either end of its range. */
function valuesOf({ params, quick, gate = {} }: Scenario): (readonly [string, PlainValues])[] {
  const defaults = fillParams(params, {});
  return [
    ['its defaults', defaults],
    ['--quick', { ...defaults, ...quick }],
    ['those of a gate', { ...defaults, ...gate }],
    ...Object.entries(params).flatMap(([name, param]) =>
      endsOf(param).map((value) => [`--${name} ${value}`, { ...defaults, [name]: value }] as const),
    ),
  ];
}

function endsOf(param: Param): readonly (string | number)[] {
  if (param.type === 'text') return [param.default];
  return param.type === 'choice' ? param.choices : [param.min, param.max];
}

/** What does not fit together is refused in words that name the flag to change; never the defaults or --quick. */
function phasesOrRefusal(
  { params, quick, phases }: Scenario,
  values: PlainValues,
): readonly Phase[] | undefined {
  try {
    return phases(values);
  } catch (refusal) {
    const plain = [fillParams(params, {}), { ...fillParams(params, {}), ...quick }];
    expect(plain).not.toContainEqual(values);
    expect(refusal).toBeInstanceOf(HarnessError);
    expect(String(refusal)).toMatch(/--[a-z]/);
    return undefined;
  }
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
    const phases = phasesOrRefusal(scenario, values);
    if (phases === undefined) return;
    expect(phases[0]?.kind).toBe('connect');
    expect(clientsOf(phases)).toBeGreaterThan(0);
    const rests = phases.filter(({ kind }) => kind === 'rest');
    if (rests.length > 0) {
      // At rest there is no load; a slope takes three counts.
      expect(loadsOf(phases)).toEqual([]);
      expect(rests.length).toBeGreaterThanOrEqual(3);
      return;
    }
    if (phases.some(({ kind }) => kind === 'beat')) {
      // Nothing but heartbeats.
      expect(loadsOf(phases)).toEqual([]);
      return;
    }
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

  test('takes four minutes at most with all its rounds, and a fraction of what two cores can do', () => {
    const phases = scenario.phases(fillParams(scenario.params, {}));
    const ms = phases.reduce(
      (sum, phase) => sum + ('durationMs' in phase ? phase.durationMs : 0),
      0,
    );
    const { arms = 'sse,ws,raw', rounds = 8 } = scenario;
    expect(ms * arms.split(',').length * rounds).toBeLessThanOrEqual(240_000);
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
