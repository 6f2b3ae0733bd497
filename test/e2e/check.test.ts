/** The gate as the program that it is: its outputs, its exit codes, and what it refuses. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
const SMALL = ['--rounds', '1', '--clients', '5', '--rate', '20/s', '--warmup', '0ms'];
const check = (...args: string[]) => runProgram(['check', 'broadcast', ...args, '--out', out]);

describe('limits', () => {
  test('that are kept: exit 0, and everything that was asked for is written', async () => {
    const summary = join(out, 'summary.md');
    const { code, stdout, stderr } = await runProgram(
      [
        ...['check', 'broadcast', ...SMALL, '--duration', '300ms', '--out', out, '--json'],
        ...['--assert', 'reach=1', '--assert', 'sse.latency.p99<60m'],
        ...['--junit', join(out, 'gate.xml'), '--markdown', join(out, 'gate.md')],
        ...['--save', join(out, 'baseline.json')],
      ],
      { GITHUB_STEP_SUMMARY: summary },
    );
    // A busy machine may leave no valid trial: then there is no data, which is no pass.
    const gate = JSON.parse(stdout) as { outcome: string; assertions: { state: string }[] };
    const isMeasured = gate.outcome === 'passed';
    expect(code, stderr).toBe(isMeasured ? 0 : 1);
    expect(gate.assertions.map(({ state }) => state)).toEqual(
      Array(2).fill(isMeasured ? 'kept' : 'no-data'),
    );
    const markdown = readFileSync(join(out, 'gate.md'), 'utf8');
    expect(markdown).toContain(`### pushbench broadcast: ${isMeasured ? 'PASSED' : 'FAILED'}`);
    expect(readFileSync(summary, 'utf8')).toBe(markdown);
    expect(readFileSync(join(out, 'gate.xml'), 'utf8')).toContain('tests="2" failures="0"');
    if (isMeasured) {
      const baseline = JSON.parse(readFileSync(join(out, 'baseline.json'), 'utf8'));
      expect(baseline).toMatchObject({ schema: 1, trials: [{ arm: 'sse', timeline: [] }] });
    } else {
      expect(stderr).toContain('Nothing was saved');
      expect(existsSync(join(out, 'baseline.json'))).toBe(false);
    }
  });

  test('that are broken by faults in the server: exit 1, and named', async () => {
    const { code, stdout } = await check(
      ...SMALL,
      ...['--duration', '500ms', '--inject', 'drop=50%', '--assert', 'reach=1'],
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^FAILED {2}(sse\.reach=1 is not kept|There is no data on sse\.reach=1)/,
    );
  });
});
