/** Phases as a sequence: every built-in scenario is one, and what would measure something else is named. */
import { describe, expect, test } from 'vitest';
import { HarnessError } from '../../core/errors.ts';
import { paramSchema } from '../../core/param-schema.ts';
import type { Param, PlainValues } from '../../core/params.ts';
import { fillParams } from '../../core/params.ts';
import { problemOfPhases } from '../../core/phase-rules.ts';
import { phaseSchema } from '../../core/phase-schema.ts';
import type { BeatPhase, LoadPhase, Phase, Scenario } from '../../core/scenario.ts';
import { scenarios } from '../../scenarios/registry.ts';

function endsOf(param: Param): readonly (string | number)[] {
  if (param.type === 'text') return [param.default];
  return param.type === 'choice' ? param.choices : [param.min, param.max];
}

function valuesOf({ params, quick }: Scenario): PlainValues[] {
  const defaults = fillParams(params, {});
  return [
    defaults,
    { ...defaults, ...quick },
    ...Object.entries(params).flatMap(([name, param]) =>
      endsOf(param).map((value) => ({ ...defaults, [name]: value })),
    ),
  ];
}

describe.each(Object.entries<Scenario>(scenarios))('%s', (_, scenario) => {
  test('has parameters that the schema knows', () => {
    for (const param of Object.values(scenario.params)) paramSchema.parse(param);
  });

  test('makes phases that fit the schema and the rules, whatever its parameters are', () => {
    let made = 0;
    for (const values of valuesOf(scenario)) {
      let phases: readonly Phase[];
      try {
        phases = scenario.phases(values);
      } catch (refusal) {
        expect(refusal).toBeInstanceOf(HarnessError);
        continue;
      }
      made += 1;
      for (const phase of phases) {
        expect(phaseSchema.safeParse(phase).error?.issues, JSON.stringify(values)).toBeUndefined();
      }
      expect(problemOfPhases(phases), JSON.stringify(values)).toBeUndefined();
    }
    expect(made).toBeGreaterThanOrEqual(2);
  });
});

const connect = { kind: 'connect', clients: 10 } as const;
const publish = {
  ratePerS: 20,
  payloadBytes: 128,
  from: 'server',
  to: { kind: 'everybody' },
} as const;
const load: LoadPhase = {
  kind: 'load',
  measured: true,
  durationMs: 1_000,
  pacing: 'constant',
  deadlineMs: 1_000,
  publish,
};
const { publish: _, ...bare } = load;
const warmUp: LoadPhase = { ...load, measured: false };
const flood = { kind: 'flood', durationMs: 100, payloadBytes: 100 } as const;
const memory = { kind: 'rest', what: 'memory', durationMs: 100 } as const;
const request = {
  ratePerS: 1,
  payloadBytes: 128,
  answer: 'stream',
  work: { kind: 'echo' },
  cancelShare: 0,
} as const;
const comeback = {
  strategy: 'fixed',
  baseMs: 100,
  capMs: 100,
  resume: false,
  silenceMs: 0,
} as const;
const fault = { cut: 'rst', atMs: 100, forMs: 100, share: 1, comeback } as const;
const beat: BeatPhase = { kind: 'beat', windowMs: 100, fault: { ...fault, cut: 'black-hole' } };
const stall = {
  kind: 'stall',
  share: 0.5,
  stalls: true,
  atMs: 100,
  forMs: 100,
  readBytesPerS: 0,
} as const;

describe('a sequence', () => {
  test.each<readonly [string, readonly Phase[]]>([
    ['connect and a load', [connect, load]],
    ['with warm-ups', [connect, warmUp, warmUp, load]],
    ['growing at rest', [connect, memory, { ...connect, clients: 20, adds: true }, memory]],
    ['a beat', [connect, beat]],
    ['a load, and then as fast as it goes', [connect, warmUp, load, flood]],
    ['a fault in the middle', [connect, { ...load, fault }]],
    ['a stall in the middle', [connect, { ...load, slow: stall }]],
    [
      'rooms',
      [
        { ...connect, rooms: 2 },
        { ...load, publish: { ...publish, to: { kind: 'rooms', count: 2 } } },
      ],
    ],
    [
      'requests',
      [
        { ...connect, addressable: true },
        { ...bare, request },
      ],
    ],
  ])('of %s can be run', (_, phases) => {
    expect(problemOfPhases(phases)).toBeUndefined();
  });

  test.each<readonly [string, readonly Phase[], number | undefined, RegExp]>([
    ['nothing', [], undefined, /there is none/],
    ['a load alone', [load], 0, /the first is load/],
    ['connect alone', [connect], undefined, /nothing to measure/],
    ['warm-ups alone', [connect, warmUp], undefined, /all of it is warm-up/],
    ['two measured loads', [connect, load, load], 2, /a second load is measured.*phases\.1/],
    ['something after the measured load', [connect, load, warmUp], 2, /after the measured load/],
    ['rest and load', [connect, memory, load], 2, /rest and load cannot be in one scenario/],
    [
      'rest that only warms up',
      [connect, { kind: 'rest', what: 'cpu', heartbeatMs: 0, durationMs: 10, warmUp: true }],
      undefined,
      /every rest is a warm-up/,
    ],
    ['a flood that is not the last', [connect, flood, load], 1, /a flood is the last phase/],
    ['a flood of its own', [connect, flood], 1, /comes after a measured load/],
    ['a flood after rest', [connect, memory, flood], 2, /comes after a measured load/],
    ['two beats', [connect, beat, beat], undefined, /several beats/],
    [
      'a beat without silence',
      [connect, { ...beat, fault }],
      1,
      /only 'black-hole' brings about, not 'rst'/,
    ],
    ['a second connect', [connect, connect, memory], 1, /everybody would connect again/],
    [
      'no more than before',
      [connect, memory, { ...connect, adds: true }, memory],
      2,
      /10 are those there are then, and 10 are there already/,
    ],
    ['added clients under load', [{ ...connect, adds: true }, load], 0, /no load may follow/],
    ['an empty load', [connect, bare], 1, /nothing would happen/],
    [
      'requests without an identity',
      [connect, { ...bare, request }],
      1,
      /request: .*addressable: true/,
    ],
    [
      'rooms that nobody is in',
      [connect, { ...load, publish: { ...publish, to: { kind: 'rooms', count: 3 } } }],
      1,
      /3 rooms are published to, and clients join 1/,
    ],
    [
      'keys that nobody has',
      [connect, { ...load, publish: { ...publish, to: { kind: 'keys', count: 3, each: 2 } } }],
      1,
      /2 of 3 keys are expected by each client, and clients get 3 of 3/,
    ],
    [
      'history of nothing',
      [{ ...connect, history: 5 }, load],
      0,
      /5 messages are wanted, and prefill publishes 0/,
    ],
    [
      'more keys than there are',
      [{ ...connect, keys: { of: 2, each: 3 } }, load],
      0,
      /of 2 keys nobody can have 3/,
    ],
    [
      'a fault in a warm-up',
      [connect, { ...warmUp, fault }, load],
      1,
      /fault: it belongs into the measured load/,
    ],
    [
      'a fault that outlasts the load',
      [connect, { ...load, fault: { ...fault, forMs: 900 } }],
      1,
      /not over within the 1000 ms/,
    ],
    [
      'a fault that hits nobody',
      [connect, { ...load, fault: { ...fault, share: 0.01 } }],
      1,
      /1 % of 10 clients is nobody/,
    ],
    [
      'a fault among requests',
      [
        { ...connect, addressable: true },
        { ...bare, request, fault },
      ],
      1,
      /what the server publishes to everybody/,
    ],
    [
      'a stall without messages',
      [
        { ...connect, addressable: true },
        { ...bare, request, slow: { share: 0.5, pauseMs: 1, readMs: 1 } },
      ],
      1,
      /slow: it is measured by what is published/,
    ],
    [
      'a fault and a stall',
      [connect, { ...load, fault, slow: stall }],
      1,
      /could not be told apart/,
    ],
  ])('of %s is refused', (_, phases, phase, says) => {
    const problem = problemOfPhases(phases);
    expect(problem?.says).toMatch(says);
    expect(problem?.phase).toBe(phase);
  });
});

test('what may be left out may also be there and undefined', () => {
  expect(phaseSchema.safeParse({ ...connect, rooms: undefined }).success).toBe(true);
  expect(phaseSchema.safeParse({ ...connect, rooms: null }).success).toBe(false);
});
