import { describe, expect, test } from 'vitest';
import type { LoadPhase, Phase, PublishLoad } from '../../core/scenario.ts';
import { clientsOf, eventsPerS, floodableLoad } from '../../loadgen/offered-load.ts';

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
    { says: 'all of them together', load: { publish, request }, events: 2_000 },
  ])('is $events a second of $says', ({ load, events }) => {
    expect(eventsPerS(phasesOf(load))).toBe(events);
  });

  test('is that of the largest crowd', () => {
    expect(clientsOf(phasesOf({ publish }))).toBe(100);
    expect([clientsOf([]), eventsPerS([])]).toEqual([0, 0]);
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
