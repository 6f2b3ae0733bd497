/** What becomes of the options that every scenario has. */
import { describe, expect, test } from 'vitest';
import { readRequest } from '../../cli/request.ts';
import { HarnessError } from '../../core/errors.ts';
import { defineScenario } from '../../core/scenario.ts';
import { plainSetup, startServer } from '../../loadgen/trial.ts';
import { broadcast } from '../../scenarios/broadcast.ts';
import { capacity } from '../../scenarios/capacity.ts';
import { heartbeat } from '../../scenarios/heartbeat.ts';
import { request } from '../../scenarios/request.ts';
import { sizes } from '../../scenarios/sizes.ts';
import { refusalOf } from '../refusal.ts';

const flags = { quick: false, tls: false };

const picky = defineScenario({
  name: 'picky',
  question: 'Does it get what it needs?',
  params: { kept: { type: 'count', default: 5, min: 0, max: 100, help: 'messages kept' } },
  quick: {},
  phases: () => [],
  server: ({ kept }) => ({ policy: 'keep-latest', replay: kept }),
  headline: [],
  explore: '',
});

test.each([
  [broadcast, 2],
  [sizes, 2],
  [capacity, 1],
])('a first look has no more rounds than a whole one', (scenario, rounds) => {
  const whole = readRequest(scenario, {}, flags).rounds;
  const quick = readRequest(scenario, {}, { ...flags, quick: true }).rounds;
  expect(quick).toBe(rounds);
  expect(quick).toBeLessThanOrEqual(whole);
});

describe('what the server is told', () => {
  test('is the default where neither scenario nor user care', () => {
    expect(readRequest(broadcast, {}, flags).server({})).toMatchObject({
      policy: 'drop-newest',
      replay: 0,
    });
  });

  test('is what the scenario needs, at each point of a sweep', () => {
    const { server } = readRequest(picky, {}, flags);
    expect(server({})).toMatchObject({ policy: 'keep-latest', replay: 5 });
    expect(server({ kept: 9 })).toMatchObject({ policy: 'keep-latest', replay: 9 });
  });

  test('is what the user says, whatever the scenario needs', () => {
    expect(readRequest(picky, { policy: 'block' }, flags).server({})).toMatchObject({
      policy: 'block',
      replay: 5,
    });
    expect(readRequest(picky, { replay: '0' }, flags).server({})).toMatchObject({
      policy: 'keep-latest',
      replay: 0,
    });
  });

  test('is not what the scenario settles by a parameter of its own', () => {
    const { message, hint, exitCode } = refusalOf(() =>
      readRequest(heartbeat, { heartbeat: '5s' }, flags),
    );
    expect(message).toBe(
      '--heartbeat: heartbeat settles it by --interval, which both its server and its clients go by.',
    );
    expect(hint).toContain("Did you mean '--interval'?");
    expect(exitCode).toBe(2);
    expect(readRequest(heartbeat, { interval: '5s' }, flags).server({}).heartbeatMs).toBe(5_000);
  });

  test('is how long a slow session is waited for, and how long it may be slow', () => {
    expect(readRequest(broadcast, {}, flags).server({})).toMatchObject({
      blockMs: 250,
      slowMs: 10_000,
    });
    const given = { 'block-timeout': '40ms', 'slow-timeout': '1m' };
    expect(readRequest(broadcast, given, flags).server({})).toMatchObject({
      blockMs: 40,
      slowMs: 60_000,
    });
  });

  test('reaches its process', () => {
    const { server } = readRequest(broadcast, { 'block-timeout': '40ms' }, flags);
    const configs: unknown[] = [];
    const start = ({ config }: { readonly config: unknown }) => configs.push(config);
    const cores = { server: [], generator: [], unpinned: 'a test' };
    startServer('ws', 1, { ...plainSetup(cores, 1), ...server({}) }, { start } as never);
    expect(configs).toMatchObject([{ policy: 'drop-newest', blockMs: 40, slowMs: 10_000 }]);
  });

  test('cannot be a policy that there is not', () => {
    expect(() => readRequest(broadcast, { policy: 'wait' }, flags)).toThrow(HarnessError);
  });
});

test('with TLS every arm says so', () => {
  const { arms } = readRequest(broadcast, { arms: 'sse,raw' }, { ...flags, tls: true });
  expect(arms.map(({ title }) => title.endsWith(', TLS'))).toEqual([true, true]);
});

describe('faults of the hub', () => {
  test('are refused where the server publishes to nobody', () => {
    expect(() => readRequest(request, { inject: 'drop=1%' }, flags)).toThrow(
      /need the server to publish to everybody/,
    );
  });

  test('of the generator are not', () => {
    expect(readRequest(request, { inject: 'generator=10%' }, flags).faults.generator).toBe(0.1);
  });
});
