import { describe, expect, test } from 'vitest';
import { fillParams } from '../../core/params.ts';
import type { Cut, LoadPhase, Phase, PublishLoad } from '../../core/scenario.ts';
import {
  answerMs,
  clientsOf,
  connectsDirectly,
  eventsPerS,
  floodableLoad,
  needsNetwork,
} from '../../loadgen/offered-load.ts';
import { heartbeat } from '../../scenarios/heartbeat.ts';

const publish: PublishLoad = {
  ratePerS: 10,
  payloadBytes: 128,
  from: 'server',
  to: { kind: 'everybody' },
};
const request = {
  ratePerS: 500,
  payloadBytes: 128,
  answer: 'stream',
  work: { kind: 'echo' },
  cancelShare: 0,
} as const;

function phasesOf(load: Partial<LoadPhase>): Phase[] {
  const phase: LoadPhase = {
    kind: 'load',
    measured: true,
    durationMs: 1_000,
    pacing: 'constant',
    deadlineMs: 1_000,
    ...load,
  };
  return [{ kind: 'connect', clients: 100 }, { ...phase, measured: false }, phase];
}

describe('what the generator has to take', () => {
  test.each<{ says: string; load: Partial<LoadPhase>; events: number }>([
    { says: 'messages to everybody', load: { publish }, events: 1_000 },
    {
      says: 'messages to rooms, each to its members',
      load: { publish: { ...publish, to: { kind: 'rooms', count: 20 } } },
      events: 50,
    },
    {
      says: 'messages under keys, each to those who have it',
      load: { publish: { ...publish, to: { kind: 'keys', count: 20, each: 5 } } },
      events: 250,
    },
    { says: 'round trips, twice each', load: { request }, events: 1_000 },
    {
      says: 'round trips with all their parts',
      load: { request: { ...request, work: { kind: 'parts', parts: 8, gapMs: 1 } } },
      events: 5_000,
    },
    { says: 'all of them together', load: { publish, request }, events: 2_000 },
  ])('is $events a second of $says', ({ load, events }) => {
    expect(eventsPerS(phasesOf(load))).toBe(events);
  });

  test('is that of the largest crowd', () => {
    expect(clientsOf(phasesOf({ publish }))).toBe(100);
    expect([clientsOf([]), eventsPerS([])]).toEqual([0, 0]);
  });
});

describe('the time that answers are meant to take', () => {
  const ask = {
    ratePerS: 1,
    payloadBytes: 128,
    workMs: 20,
    work: 'constant',
    parts: 3,
    gapMs: 10,
  } as const;

  test.each<{ says: string; load: Partial<LoadPhase>; ms: number }>([
    { says: 'none of messages', load: { publish }, ms: 0 },
    { says: 'none of an echo', load: { request }, ms: 0 },
    {
      says: 'that of all parts of an answer',
      load: { request: { ...request, work: { kind: 'parts', parts: 5, gapMs: 10 } } },
      ms: 50,
    },
    { says: 'that of the work and the parts', load: { ask }, ms: 50 },
    {
      says: 'that of the longest of many random works',
      load: { ask: { ...ask, work: 'exponential', parts: 0 } },
      ms: 200,
    },
    { says: 'no longer than the timeout', load: { ask: { ...ask, workMs: 5_000 } }, ms: 1_000 },
  ])('is $says', ({ load, ms }) => {
    const phase = phasesOf(load).at(-1);
    expect(phase?.kind === 'load' && answerMs(phase)).toBe(ms);
  });
});

describe('a flood can tell head-room', () => {
  test('of messages to everybody', () => {
    expect(floodableLoad(phasesOf({ publish, request }))).toEqual({
      clients: 100,
      payloadBytes: 128,
      ratePerS: 10,
    });
  });

  test('and of nothing else', () => {
    expect(floodableLoad(phasesOf({ request }))).toBeUndefined();
    const toRooms: PublishLoad = { ...publish, to: { kind: 'rooms', count: 2 } };
    expect(floodableLoad(phasesOf({ publish: toRooms }))).toBeUndefined();
  });
});

describe('a server may be at several addresses', () => {
  const cutBy = (cut: Cut): Phase[] =>
    phasesOf({
      publish,
      fault: {
        cut,
        atMs: 0,
        forMs: 100,
        share: 1,
        comeback: { strategy: 'none', baseMs: 0, capMs: 0, resume: false, silenceMs: 0 },
      },
    });

  test.each<[says: string, phases: readonly Phase[], isDirect: boolean, ownNetwork: boolean]>([
    ['where nothing is between them and the server', phasesOf({ publish }), true, false],
    ['where the server itself ends what is cut', cutBy('restart'), true, false],
    ['but not behind a relay', cutBy('rst'), false, false],
    ['nor in a network that swallows everything', cutBy('black-hole'), false, true],
    [
      'nor where it is only listened for silence',
      heartbeat.phases(fillParams(heartbeat.params, {})),
      false,
      true,
    ],
  ])('%s', (_, phases, isDirect, ownNetwork) => {
    expect([connectsDirectly(phases), needsNetwork(phases)]).toEqual([isDirect, ownNetwork]);
  });
});
