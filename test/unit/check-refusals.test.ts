/** What the gate refuses before anything is started, in its own words. */
import { describe, expect, test } from 'vitest';
import { command } from '../command.ts';

const check = (...args: string[]) => command(['check', 'broadcast', ...args]);

describe('what cannot be checked', () => {
  test.each([
    [[], 'Say what to check against'],
    [['--base-ref', 'a', '--baseline', 'b'], 'two bases'],
    [['--assert', 'latency.p98<1ms'], "There is no metric 'latency.p98'"],
    [['--assert', 'latncy.p99<1ms'], "Did you mean 'latency.p99'? The nearest are latency.p99, "],
    [['--assert', 'latency.p99<1'], 'has no unit'],
    [['--base-ref', 'HEAD', '--rounds', '3'], '--rounds 3 is outside 8'],
    [['--base-ref', 'HEAD', '--metric', 'latencyp99'], "Did you mean 'latency.p99'"],
    [['--base-ref', 'no-such-thing'], "The base 'no-such-thing' cannot be built"],
    [['--baseline', '/no/such/file.json'], '/no/such/file.json'],
    [
      ['--assert', 'ask.p50<1ms'],
      '--assert: broadcast never measures ask.p50, because its server asks nothing.',
    ],
    [['--aa', '--metric', 'restart.cuts'], '--metric: broadcast never measures restart.cuts'],
    [['--baseline', 'x', '--metric', 'latency.p99'], 'choose counts, bytes or memory'],
  ])('%j is refused before anything is started', async (args, says) => {
    const { code, err } = await check(...args);
    expect(err).toContain(says);
    expect(code).toBe(2);
  });
});

test('of many metrics only the nearest are named, and where the others are', async () => {
  const { err } = await check('--assert', 'nothing-like-it<1ms');
  expect(err).toMatch(
    / The nearest are (?:[\w.]+, ){4}[\w.]+; 'npm run list' shows all \d{3}\.\n$/,
  );
});

test.each(['capacity', 'sizes', 'heartbeat'])(
  '%s is known, and it is said why it has no gate',
  async (name) => {
    const { code, err } = await command(['check', name, '--assert', 'reach=1']);
    expect(err).toContain(`${name} cannot be gated: a gate runs rounds of head and base`);
    expect(code).toBe(2);
    const { out } = await command(['check', '--help']);
    expect(out).toContain('  broadcast ');
    expect(out).not.toContain(`  ${name} `);
  },
);

test('its help says what --json prints, and where runs go in full', async () => {
  const { out } = await command(['check', 'broadcast', '--help']);
  expect(out.match(/--json +(?:print.*)/g)?.map((line) => line.replace(/ +/, ' '))).toEqual([
    '--json print what the gate decided as one JSON document and nothing else',
  ]);
  expect(out.replace(/\s+/g, ' ')).toMatch(
    /--out <dir> folder for run files and reports \(default \/\S+\/reports\/runs\)/,
  );
});
