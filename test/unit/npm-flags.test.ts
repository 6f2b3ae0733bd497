/** Options that npm kept for itself: that it is noticed, and that the command given back is the one that was meant. */
import { expect, test } from 'vitest';
import { command } from '../command.ts';

const underNpm = (args: readonly string[], kept: Readonly<Record<string, string>>) =>
  command(args, { npm_lifecycle_event: args[0] ?? '', ...kept });

test.each([
  // npm 11 takes --format for the beginning of --format-package-lock and hands nothing on.
  [['export', 'latest', 'csv'], {}, 'npm run export -- latest --format csv'],
  [
    ['report', 'latest', 'x.html'],
    { npm_config_out: 'true' },
    'npm run report -- latest --out x.html',
  ],
  [['report', 'x y.html'], { npm_config_out: 'true' }, "npm run report -- 'x y.html' --out <out>"],
  [
    ['compare', 'a', 'b', 'x.html'],
    { npm_config_out: 'true' },
    'npm run compare -- a b --out x.html',
  ],
  [['list', 'broadcast'], { npm_config_json: 'true' }, 'npm run list -- broadcast --json'],
  [
    ['bench', 'broadcast', '5', '--rounds', '2'],
    { npm_config_clients: 'true' },
    'npm run bench broadcast -- --rounds 2 --clients 5',
  ],
])('%j', async (args, kept, meant) => {
  const { code, err } = await underNpm(args, kept);
  expect(err).toContain('for itself');
  expect(err).toContain(`Put -- before the options: ${meant}\n`);
  expect(code).toBe(2);
});

test('a word too many is said to be perhaps the value of an option that npm took for its own', async () => {
  const { code, err } = await underNpm(['check', 'broadcast', 'base.json'], {});
  expect(err).toContain('Too many arguments');
  expect(err).toContain('put -- before the options');
  expect(code).toBe(2);
});

test('what came behind -- is nothing that was lost', async () => {
  const { err } = await underNpm(['export', '--format', 'csv', 'no-such-run'], {});
  expect(err).toContain("There is no run 'no-such-run'");
});
