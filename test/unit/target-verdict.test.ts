/** What is judged of a trial of somebody else's server, of which much is unknown: unknown is never 0, and no fault. */
import { describe, expect, test } from 'vitest';
import type { Check } from '../../core/result.ts';
import { nothingCounted, serverProbes } from '../../loadgen/server-counts.ts';
import { watchServers } from '../../loadgen/server-usage.ts';
import type { Evidence } from '../../loadgen/validity.ts';
import { judge } from '../../loadgen/validity.ts';
import { sound } from '../sound-evidence.ts';

const { serverMainWaitNs: _wait, serverMainCpuNs: _cpu, ...probes } = sound.probes;
/** Nothing is known of the server's processes. */
const quiet: Evidence = { ...sound, isTarget: true, probes: { ...probes, failedSends: 0 } };

function checkOf(id: string, probes: Readonly<Record<string, number>>): Check | undefined {
  const { checks } = judge({ ...quiet, probes: { ...quiet.probes, ...probes } });
  return checks.find((check) => check.id === id);
}

describe('a trial of a target', () => {
  test('is valid although nothing is known of its processes, and says that it is not', () => {
    const { state, checks } = judge(quiet);
    expect(state).toBe('valid');
    expect(checks.filter(({ ok }) => ok === 'not-measured')).toEqual([
      expect.objectContaining({
        id: 'server-queue',
        says: 'not measured: no process of this server can be looked at (cost.pid in its target file says which)',
      }),
    ]);
  });

  test('is suspect where messages were not taken', () => {
    expect(checkOf('published', { failedSends: 1 })).toMatchObject({ value: 1, ok: 'suspect' });
    expect(checkOf('published', {})).toMatchObject({ value: 0, ok: 'pass' });
  });

  test.each([
    ['its first thread does the work: its wait counts', 800, 'invalid'],
    ['other threads do the work: they wait for each other', 100, 'pass'],
  ])('%s', (_, serverMainCpuNs, ok) => {
    const serverMainWaitNs = 10 * serverMainCpuNs;
    expect(
      checkOf('server-queue', { serverCpuNs: 1_000, serverMainCpuNs, serverMainWaitNs })?.ok,
    ).toBe(ok);
  });

  test('of our own has no such check', () => {
    const { isTarget: _, ...own } = quiet;
    expect(judge(own).checks.some(({ id }) => id === 'published')).toBe(false);
  });
});

describe('what the server counted', () => {
  const known = (probes: Readonly<Record<string, number | undefined>>) =>
    Object.fromEntries(Object.entries(probes).filter(([, value]) => value !== undefined));

  test('and does not tell, is unknown', () => {
    expect(known(serverProbes({}, {}))).toEqual({});
  });

  test('of its own cost is the difference, with the step in which it is counted', () => {
    const before = { reported: { cpuNs: 5_000, cpuStepNs: 1_000, rssBytes: 10 } };
    const after = { reported: { cpuNs: 9_000, cpuStepNs: 1_000, rssBytes: 12 } };
    expect(known(serverProbes(before, after))).toEqual({
      serverCpuNs: 4_000,
      serverCpuStepNs: 1_000,
      serverRssBytes: 12,
    });
  });

  test('of ours is all there', () => {
    const after = { drops: { full: 3 }, bytesIn: 1, bytesOut: 2, blockedNs: 4 };
    expect(known(serverProbes(nothingCounted, after))).toEqual({
      serverDropped: 3,
      'drops.full': 3,
      serverBytesIn: 1,
      serverBytesOut: 2,
      blockedNs: 4,
    });
  });
});

test('where no process is known, nothing is known of what they used', () => {
  expect(watchServers(() => []).read()).toBeUndefined();
});
