/** The command `compare`: what it prints and writes, and how it says that it cannot. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import type { RunsComparison } from '../../reports/compare/runs-comparison.ts';
import { command } from '../command.ts';
import { laterRun, recorded } from '../compared-runs.ts';
import { temporaryFolder } from '../program.ts';

const folder = temporaryFolder();
const chat = { ...recorded, scenario: { ...recorded.scenario, name: 'chat' } };
const later = laterRun({ sse: 1.4 });
const runs: Readonly<Record<string, RunResult | string>> = {
  '20260101T000000-broadcast': recorded,
  '20260102T000000-broadcast': later,
  '20260103T000000-chat': chat,
  broken: JSON.stringify(recorded).slice(0, 700),
  elsewhere: {
    ...later,
    environment: { ...later.environment, fingerprint: 'x', kernel: 'Linux 9' },
  },
};
for (const [name, run] of Object.entries(runs)) {
  mkdirSync(join(folder, name));
  const text = typeof run === 'string' ? run : JSON.stringify(run);
  writeFileSync(join(folder, name, 'run.json'), text);
}

const compare = (...args: string[]) => command(['compare', '--runs', folder, ...args]);

// Each call makes a page, which on a busy machine takes its time.
describe('compare', { timeout: 30_000 }, () => {
  test('prints a table and writes the page beside the first run', async () => {
    const { code, out, err } = await compare('20260101', '20260102');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('B is worse than A in SSE latency p50 +40 %');
    const page = join(
      folder,
      '20260101T000000-broadcast',
      'compare-20260102T000000-broadcast.html',
    );
    expect(out).toContain(`page      ${page}`);
    expect(existsSync(page)).toBe(true);
  });

  test('prints one JSON document and nothing else with --json', async () => {
    const page = join(folder, 'named.html');
    const { code, out, err } = await compare('20260102', '20260101', '--json', '--out', page);
    expect([code, err]).toEqual([0, '']);
    const comparison = JSON.parse(out) as RunsComparison;
    expect(comparison.runs.map(({ letter, id }) => [letter, id])).toEqual([
      ['A', later.id],
      ['B', recorded.id],
    ]);
    expect(readFileSync(page, 'utf8').startsWith('<!doctype html>')).toBe(true);
  });

  test('says that machines differ, and compares them when told to', async () => {
    const page = ['--out', join(folder, 'apart.html')];
    const plain = await compare('20260101', 'elsewhere', ...page);
    expect(plain.code).toBe(0);
    expect(plain.out).toContain('Not comparable: B and A were measured on different machines.');
    const anyway = await compare('20260101', 'elsewhere', '--anyway', ...page);
    expect(anyway.out).toContain('On different machines: B is worse than A');
  });

  test('says where it cannot write the page', async () => {
    const page = join(folder, '20260101T000000-broadcast', 'run.json', 'x.html');
    const { code, err } = await compare('20260101', '20260102', '--out', page);
    expect(code).toBe(3);
    expect(err).toContain('cannot be written');
  });

  test.each([
    ['a file that is cut off', ['20260101', 'broken'], 'broken/run.json'],
    ['a run that is not there', ['20260101', '2025'], "There is no run '2025'"],
    ['another scenario', ['20260101', '20260103'], 'they answer different questions'],
    ['only one run', ['20260101'], 'there is only one'],
    ['a run and itself', ['20260101', '20260101T'], 'name the run 20260101T000000-broadcast twice'],
    ['no run', [], "Missing required argument 'runs'"],
  ])('stops with exit code 2 at %s', async (_, names, says) => {
    const { code, out, err } = await compare(...names);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(err.trim().split('\n')).toHaveLength(2);
  });
});
