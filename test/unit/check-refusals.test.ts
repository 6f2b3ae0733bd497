/** What the gate refuses before anything is started, in its own words. */
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../cli/commands.ts';

async function check(...args: string[]): Promise<{ code: number; stderr: string }> {
  let stderr = '';
  const code = await runCommand({
    args: ['check', 'broadcast', ...args],
    env: {},
    out: () => undefined,
    err: (text) => {
      stderr += text;
    },
    terminal: undefined,
    columns: 100,
    color: false,
    signal: new AbortController().signal,
  });
  return { code, stderr };
}

describe('what cannot be checked', () => {
  test.each([
    [[], 'Say what to check against'],
    [['--base-ref', 'a', '--baseline', 'b'], 'two bases'],
    [['--assert', 'latency.p98<1ms'], "There is no metric 'latency.p98'"],
    [['--assert', 'latency.p99<1'], 'has no unit'],
    [['--base-ref', 'HEAD', '--rounds', '3'], '--rounds 3 is outside 8'],
    [['--base-ref', 'HEAD', '--metric', 'latencyp99'], "Did you mean 'latency.p99'"],
    [['--base-ref', 'no-such-thing'], "The base 'no-such-thing' cannot be built"],
    [['--baseline', '/no/such/file.json'], '/no/such/file.json'],
    [['--baseline', 'x', '--metric', 'latency.p99'], 'choose counts, bytes or memory'],
  ])('%j is refused before anything is started', async (args, says) => {
    const { code, stderr } = await check(...args);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });
});
