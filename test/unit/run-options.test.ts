/** What a program asks of a run, as it would have been typed; and what is refused before anything is started. */
import { describe, expect, test } from 'vitest';
import { run } from '../../cli/api.ts';
import type { RunOptions } from '../../cli/run-options.ts';
import { commandOf, runOptionNames, textsOf } from '../../cli/run-options.ts';
import type { HarnessError } from '../../core/errors.ts';
import { defineScenario } from '../../core/scenario.ts';
import { scenarios } from '../../scenarios/registry.ts';

const { broadcast } = scenarios;
const loose = run as (scenario: unknown, options?: unknown) => Promise<unknown>;

describe('what is asked for', () => {
  test('is what would have been typed: numbers in the units of the parameter, texts as they are', () => {
    const options: RunOptions<typeof broadcast.params> = {
      params: { clients: 50, rate: 0.5, payload: '1KiB', duration: 1_500, pacing: 'poisson' },
      arms: ['sse', 'ws'],
      client: ['lean', 'library'],
      rounds: 3,
      vary: { clients: [10, 20] },
      inject: 'drop=1%',
      options: { control: 'off', margin: 0.05, heartbeat: '5s' },
    };
    expect(textsOf(broadcast, options as RunOptions)).toEqual({
      clients: '50',
      rate: '0.5/s',
      payload: '1KiB',
      duration: '1.5s',
      pacing: 'poisson',
      arms: 'sse,ws',
      client: 'lean,library',
      rounds: '3',
      vary: 'clients=10,20',
      inject: 'drop=1%',
      control: 'off',
      margin: '5%',
      heartbeat: '5s',
    });
  });

  test('is nothing where nothing is, or undefined', () => {
    const texts = textsOf(broadcast, {
      params: { clients: undefined },
      rounds: undefined,
    } as never);
    expect(texts).toEqual({});
  });

  test('has a command that does the same, unless a program alone can do it', () => {
    const given = { clients: '50', arms: 'sse' };
    expect(commandOf('broadcast', { target: './my server.ts', quick: true }, given)).toBe(
      "npm run bench broadcast -- --clients 50 --arms sse --target './my server.ts' --quick",
    );
    expect(commandOf('broadcast', { target: {} as never }, given)).toBe(
      "run('broadcast', …) in a program",
    );
    expect(commandOf(broadcast, {}, {})).toBe("run('broadcast', …) in a program");
  });
});

const refused: readonly (readonly [string, unknown, unknown, RegExp])[] = [
  [
    'an unknown scenario',
    'brodcast',
    {},
    /There is no scenario 'brodcast'\. Did you mean 'broadcast'\?/,
  ],
  [
    'an unknown option',
    'broadcast',
    { round: 1 },
    /no option of run\(\) 'round'\. Did you mean 'rounds'\?/,
  ],
  [
    'an unknown parameter',
    'broadcast',
    { params: { cleints: 1 } },
    /no parameter 'cleints'\. Did you mean 'clients'\?/,
  ],
  [
    'an unknown option of every scenario',
    'broadcast',
    { options: { contrl: 'off' } },
    /no option 'contrl'\. Did you mean 'control'\?/,
  ],
  [
    'what has a field of its own',
    'broadcast',
    { options: { rounds: 3 } },
    /There is no option 'rounds'/,
  ],
  ['a value out of range', 'broadcast', { params: { clients: 0 } }, /--clients 0 is outside/],
  ['half a client', 'broadcast', { params: { clients: 1.5 } }, /'1\.5' is not a whole number/],
  ['no number', 'broadcast', { params: { clients: Number.NaN } }, /'NaN' is not a whole number/],
  ['a text without its unit', 'broadcast', { params: { rate: '50' } }, /'50' has no unit/],
  ['an unknown choice', 'broadcast', { params: { pacing: 'random' } }, /'random' is not one of/],
  ['rounds that are none', 'broadcast', { rounds: 0 }, /--rounds 0 is outside/],
  ['an unknown arm', 'broadcast', { arms: 'wss' }, /There is no arm 'wss'\. Did you mean 'ws'\?/],
  [
    'a sweep over two',
    'broadcast',
    { vary: { clients: [1], rate: [1] } },
    /it names 2 parameters, and a sweep is over one/,
  ],
  ['a sweep over nothing', 'broadcast', { vary: { clients: [] } }, /names no values/],
  [
    'no scenario at all',
    5,
    {},
    /the scenario given to run\(\) is no scenario.*: it has to be an object, not a number/,
  ],
  [
    'a scenario without phases',
    { name: 'x', question: 'Q?', params: {}, quick: {}, headline: ['reach'], explore: '' },
    {},
    /phases: it is missing/,
  ],
  [
    'a target file that is not there',
    'broadcast',
    { target: './no-such.target.ts' },
    /no-such\.target\.ts cannot be used as a target: there is no such file/,
  ],
  [
    'a target that is none',
    'broadcast',
    { target: { name: 'x' } },
    /the target given to run\(\) cannot be used as a target: publish/,
  ],
];

describe('what is refused', () => {
  test.each(refused)('%s', async (_, scenario, options, says) => {
    const error: HarnessError = await loose(scenario, options).then(
      () => {
        throw new Error('it was taken');
      },
      (thrown: HarnessError) => thrown,
    );
    expect(`${error.message} ${error.hint}`).toMatch(says);
    expect(error).toMatchObject({ name: 'HarnessError', exitCode: 2 });
  });

  test('does not keep the next run from being tried', async () => {
    await expect(loose('brodcast')).rejects.toMatchObject({ code: 'unknown-name' });
    await expect(loose('brodcast')).rejects.toMatchObject({ code: 'unknown-name' });
  });
});

test('parameters that do not fit a scenario are found by the compiler', () => {
  const mine = defineScenario({
    name: 'mine',
    question: 'Does it go?',
    params: { depth: { type: 'count', default: 1, min: 1, max: 5, help: 'depth' } },
    quick: {},
    phases: ({ depth }) => [{ kind: 'connect', clients: depth }],
    headline: ['reach'],
    explore: '',
  });
  // Never called: only the types matter here.
  const neverCalled = (): unknown => [
    run('broadcast', { params: { clients: 5, pacing: 'poisson' } }),
    // @ts-expect-error there is no such scenario
    run('brodcast'),
    // @ts-expect-error there is no such parameter
    run('broadcast', { params: { cleints: 5 } }),
    // @ts-expect-error it is not one of the choices
    run('broadcast', { params: { pacing: 'random' } }),
    run(mine, { params: { depth: '3' } }),
    // @ts-expect-error it is a parameter of another scenario
    run(mine, { params: { clients: 3 } }),
    // @ts-expect-error there is no such option
    run(mine, { options: { contrl: 'off' } }),
  ];
  expect(neverCalled).toBeTypeOf('function');
  expect(runOptionNames).toContain('params');
});
