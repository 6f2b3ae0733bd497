/** What is said of a command line that cannot be read: names that exist, and no value taken for a flag. */
import { expect, test } from 'vitest';
import { command } from '../command.ts';

test.each([
  [[], "'npx pushbench --help' shows how it is used."],
  [['--vresion'], "pushbench has no option '--vresion'."],
  [['list', '--json=yes'], '--json takes no value: write it alone.'],
  [
    ['bench', 'broadcast', '--cleints=5'],
    "has no option '--cleints'.\n  Did you mean '--clients'?",
  ],
  [['bench', 'broadcast', '--clients', '-5'], '--clients -5 is outside 1 … 1000000.'],
  [['bench', 'broadcast', '--duration', '-5s'], '--duration -5s is outside '],
  [['bench', 'broadcast', '--clients', '-x'], "'-x' is not a whole number"],
  [['bench', 'broadcast', 'extra', 'stuff'], 'Expected 0 arguments but got 2.\n'],
  [['export', 'latest'], 'Say --format <name>. prometheus: '],
])('%j', async (args, says) => {
  const { code, err } = await command(args);
  expect(code).toBe(2);
  expect(err).toContain(says);
  expect(err.trim().split('\n')).toHaveLength(2);
});
