/** What no scenario can be asked for, and the time-outs: refused before anything is started, with a sentence. */
import { describe, expect, test } from 'vitest';
import { runParams } from '../../cli/options.ts';
import { readRequest } from '../../cli/request.ts';
import type { HarnessError } from '../../core/errors.ts';
import { exitCodes } from '../../core/errors.ts';
import type { Scenario } from '../../core/scenario.ts';
import { checkClients } from '../../loadgen/limits.ts';
import { scenarios } from '../../scenarios/registry.ts';

const all: Readonly<Record<string, Scenario>> = scenarios;

type Given = Readonly<Record<string, string>>;

function refusalOf(
  name: string,
  given: Given,
): Pick<HarnessError, 'message' | 'hint' | 'exitCode'> {
  const scenario = all[name];
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  try {
    const request = readRequest(scenario, given, { quick: false, tls: false });
    // As before a run: a value of a sweep may be what makes a script impossible.
    for (const point of request.points) {
      for (const arm of request.arms) request.phases(point, arm);
    }
  } catch (error) {
    const { message, hint, exitCode } = error as HarnessError;
    return { message, hint, exitCode };
  }
  throw new Error('it was not refused');
}

const cases: readonly (readonly [scenario: string, given: Given, says: string, hint: string])[] = [
  ['reconnect', { share: '0%' }, '--share 0% is outside 0.1% … 100%.', 'Choose a value'],
  ['reconnect', { share: '101%' }, '--share 101% is outside 0.1% … 100%.', 'Choose a value'],
  [
    'reconnect',
    { share: '50' },
    "--share: '50' has no unit; write it like 10%",
    'Nothing was started.',
  ],
  [
    'reconnect',
    { share: '1%', clients: '20' },
    '--share: 1 % of 20 clients is nobody, so nothing would be cut.',
    'Nothing was started.',
  ],
  [
    'reconnect',
    { cut: 'reset' },
    "--cut: 'reset' is not one of rst, fin, half-open, restart",
    "Did you mean 'rst'?",
  ],
  [
    'reconnect',
    { strategy: 'full-jiter' },
    "--strategy: 'full-jiter' is not one of full-jitter, fixed, server, none.",
    "Did you mean 'full-jitter'?",
  ],
  [
    'reconnect',
    { strategy: 'exponential' },
    "--strategy: 'exponential' is not one of full-jitter, fixed, server, none.",
    'Nothing was started.',
  ],
  [
    'reconnect',
    { at: '9s', for: '1s', duration: '8s' },
    '--duration: a fault at 9s that lasts 1s is not over within 8s.',
    'Nothing was started.',
  ],
  [
    'reconnect',
    { vary: 'at=1s,20s' },
    '--duration: a fault at 20s that lasts 1s is not over within 8s.',
    'Nothing was started.',
  ],
  [
    'reconnect',
    { cut: 'black-hole' },
    '--for: a black hole of 1s is over before clients that wait 2s (--silence) have all taken their connection for dead; it has to last 2.5s or longer.',
    'Nothing was started.',
  ],
  [
    'reconnect',
    { cut: 'half-open', silence: '0ms' },
    '--silence: nobody is told of a cut by half-open, and clients that do not listen for silence (0ms) never notice it.',
    'Nothing was started.',
  ],
  [
    'restart',
    { inject: 'drop=1%' },
    '--inject: the faults of the server are known exactly in one process only, not in the 2 of this run.',
    'Nothing was started.',
  ],
  ['reconnect', { silence: '-1s' }, '--silence -1s is outside 0ms … 10m.', 'Choose a value'],
  [
    'capacity',
    { objective: 'latency.p98<5ms' },
    "There is no metric 'latency.p98'.",
    "Did you mean 'latency.p90'?",
  ],
  ['capacity', { objective: 'latency.p99' }, '--objective: ', 'Nothing was started.'],
  ['capacity', { objective: 'sse2.latency.p99<5ms' }, 'There is no', 'Did you mean'],
  ['capacity', { step: '1' }, '--step 1 is outside 2 … 10.', 'Choose a value'],
  ['capacity', { resolution: '0%' }, '--resolution 0% is outside 1% … 100%.', 'Choose a value'],
  [
    'capacity',
    { rate: '500/s', 'max-rate': '100/s' },
    '--rate: the search begins at 500, which is above its end (--max-rate 100).',
    'Nothing was started.',
  ],
  [
    'capacity',
    { vary: 'rate=10/s,20/s' },
    '--vary: rate is what is searched, so it cannot be swept too.',
    'Nothing was started.',
  ],
  ['idle', { steps: '1' }, '--steps 1 is outside 3 … 50.', 'Choose a value'],
  ['idle', { clients: '10' }, '--clients 10 is outside 50 … ', 'Choose a value'],
  ['soak', { interval: '2h' }, '--interval 2h is outside 0ms … 1h.', 'Choose a value'],
  ['soak', { duration: '0s' }, '--duration 0s is outside 100ms … 24h.', 'Choose a value'],
  ['sizes', { payload: '1B' }, '--payload 1B is outside ', 'Choose a value'],
  ['sizes', { volume: '0B' }, '--volume 0B is outside 1KiB … ', 'Choose a value'],
  [
    'backpressure',
    { at: '5s', stall: '5s', duration: '6s' },
    '--duration: a stall at 5000 ms that lasts 5000 ms is not over within 6000 ms.',
    'Nothing was started.',
  ],
  ['backpressure', { stalled: '101%' }, '--stalled 101% is outside 0% … 100%.', 'Choose a value'],
  ['restart', { at: '101%' }, '--at 101% is outside ', 'Choose a value'],
];

describe('bad parameters', () => {
  test.each(cases)('bench %s with %j is refused', (scenario, given, says, hint) => {
    const refusal = refusalOf(scenario, given);
    expect(refusal.message).toContain(says);
    expect(refusal.hint).toContain(hint);
    expect(refusal.exitCode).toBe(exitCodes.impossibleRequest);
  });

  test('more clients than there are ports is refused, with how many there are', () => {
    const limits = {
      descriptors: 1_000_000,
      hardDescriptors: 1_000_000,
      ports: 1_200,
      memoryBytes: 2 ** 50,
    };
    expect(() => checkClients(1_000_000_000, limits)).toThrow(/1,200 local ports/);
  });
});

describe('every time-out', () => {
  const names = Object.keys(runParams).filter((name) => name.endsWith('-timeout'));

  test('is an option', () => {
    expect(names.sort()).toEqual([
      'block-timeout',
      'connect-timeout',
      'post-timeout',
      'reply-timeout',
      'slow-timeout',
      'start-timeout',
      'stop-timeout',
    ]);
  });

  test.each(names)('--%s has a unit, and is not none and not for ever', (name) => {
    expect(refusalOf('broadcast', { [name]: '5' }).message).toContain(`--${name}: '5' has no unit`);
    expect(refusalOf('broadcast', { [name]: '0ms' }).message).toContain(`--${name} 0ms is outside`);
    expect(refusalOf('broadcast', { [name]: '5h' }).message).toContain(`--${name} 5h is outside`);
  });

  test('is kept as it is given', () => {
    const given = { 'start-timeout': '700ms', 'reply-timeout': '2s', 'post-timeout': '1m' };
    const { run } = readRequest(scenarios.broadcast, given, { quick: true, tls: false });
    expect(run).toMatchObject({
      'start-timeout': 700,
      'reply-timeout': 2_000,
      'post-timeout': 60_000,
      'connect-timeout': 10_000,
      'stop-timeout': 5_000,
    });
  });
});
