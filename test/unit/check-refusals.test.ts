/** What the gate refuses before anything is started, in its own words. */
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../cli/commands.ts';

const check = (...args: string[]) => run('check', 'broadcast', ...args);

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const code = await runCommand({
    args,
    env: {},
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    terminal: undefined,
    columns: 100,
    color: false,
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}

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
    [['--aa', '--metric', 'soak.timers'], '--metric: broadcast never measures soak.timers'],
    [['--baseline', 'x', '--metric', 'latency.p99'], 'choose counts, bytes or memory'],
  ])('%j is refused before anything is started', async (args, says) => {
    const { code, stderr } = await check(...args);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });
});

test('of many metrics only the nearest are named, and where the others are', async () => {
  const { stderr } = await check('--assert', 'nothing-like-it<1ms');
  expect(stderr).toMatch(
    / The nearest are (?:[\w.]+, ){4}[\w.]+; 'npm run list' shows all \d{3}\.\n$/,
  );
});

test.each(['capacity', 'sizes', 'heartbeat'])(
  '%s is known, and it is said why it has no gate',
  async (name) => {
    const { code, stderr } = await run('check', name, '--assert', 'reach=1');
    expect(stderr).toContain(`${name} cannot be gated: a gate runs rounds of head and base`);
    expect(code).toBe(2);
    const { stdout } = await run('check', '--help');
    expect(stdout).toContain('  broadcast ');
    expect(stdout).not.toContain(`  ${name} `);
  },
);

test('its help says what --json prints, and where runs go in full', async () => {
  const { stdout } = await run('check', 'broadcast', '--help');
  expect(stdout.match(/--json +(?:print.*)/g)?.map((line) => line.replace(/ +/, ' '))).toEqual([
    '--json print what the gate decided as one JSON document and nothing else',
  ]);
  expect(stdout.replace(/\s+/g, ' ')).toMatch(
    /--out <dir> folder for run files and reports \(default \/\S+\/reports\/runs\)/,
  );
});
