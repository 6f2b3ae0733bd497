/** What is printed to be copied is read by a shell as it was meant. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shellWord } from '../../cli/shell-word.ts';

test.each(['50ms', 'sse.latency.p99<20ms', '', "it's", '$HOME `id` "x" \\ \n; *', '-', '~', '#'])(
  '%j is one word',
  (text) => {
    const { stdout } = spawnSync('sh', ['-c', `printf %s ${shellWord(text)}`], {
      encoding: 'utf8',
    });
    expect(stdout).toBe(text);
  },
);

test('plain values are left as they were typed', () => {
  for (const text of ['1,000', '10%', './runs/x', 'clients=10', 'http://']) {
    expect(shellWord(text)).toBe(text);
  }
});
