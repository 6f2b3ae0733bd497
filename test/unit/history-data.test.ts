/** What the page of the history is given: series, words, links, and how long a thousand runs take. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HistoryData } from '../../reports/viewer/history-data.ts';
import { historyData, historyIn } from '../../reports/viewer/history-data.ts';
import { describeRun } from '../../reports/viewer/run-entry.ts';
import type { IndexedRun } from '../../reports/viewer/run-index.ts';
import { recorded } from '../compared-runs.ts';
import { historyOf, writeHistory } from '../history-file.ts';
import { temporaryFolder } from '../program.ts';

const base = temporaryFolder();
const none = { unreadable: 0 };
const data = (
  entries: Parameters<typeof historyData>[0]['entries'],
  runs: readonly IndexedRun[] = [],
): Promise<HistoryData> => historyData({ entries, ...none }, runs, (name) => `report/${name}`);
const lineOf = ({ groups }: HistoryData, arm: string, metric: string) =>
  groups[0]?.arms.find(({ name }) => name === arm)?.lines.find((one) => one.metric === metric);

describe('the history of the page', () => {
  test('keeps loads and machines apart, the one with the latest run first', async () => {
    const other = { fingerprint: 'eeeeeeeeeeee', startedAt: '2027-01-01T00:00:00.000Z' };
    const { groups } = await data([
      ...historyOf(3),
      ...historyOf(2, [], other),
      ...historyOf(1, [], { load: 'b' }),
    ]);
    expect(groups.map(({ title }) => title)).toEqual([
      'broadcast · load aaaaaaaaaaaa · machine eeeeee · 2 runs',
      'broadcast · load aaaaaaaaaaaa · machine ffffff · 3 runs',
      'broadcast · load b · machine ffffff · 1 run',
    ]);
  });

  test('tells a change as its size, its direction and the builds between which it lies', async () => {
    const found = await data(historyOf(30, [{ from: 15, factor: 0.5 }]));
    const line = lineOf(found, 'sse', 'latency.p50');
    expect(line?.changes.map(({ direction }) => direction)).toEqual(['better']);
    expect(line?.changes[0]?.says).toMatch(
      /^−\d\d %, from 1\.\d\d ms to \d\d\d µs: better, between c0ffee000014 and c0ffee000015 \(since 2026-01-04/,
    );
    expect(lineOf(found, 'sse', 'reach')?.changes).toEqual([]);
  });

  test.each<[string, string | undefined, string]>([
    ['one commit', 'abc', 'both of abc, so it was not the code'],
    ['what was not committed', 'abc+', 'both of abc+, with changes that were not committed'],
    ['a version without a commit', undefined, 'both of version 0.1.0, so it was not the code'],
  ])('says of %s where a change came from', async (_, commit, says) => {
    const entries = historyOf(30, [{ from: 15, factor: 2 }]).map(({ commit: _own, ...entry }) =>
      commit === undefined ? entry : { ...entry, commit },
    );
    expect(lineOf(await data(entries), 'sse', 'latency.p50')?.changes[0]?.says).toContain(says);
  });

  test('counts what is missing until changes are looked for', async () => {
    const steps = [{ from: 5, factor: 3 }];
    expect(lineOf(await data(historyOf(11, steps)), 'sse', 'latency.p50')).toMatchObject({
      missing: 1,
      changes: [],
    });
    expect(lineOf(await data(historyOf(12, steps)), 'sse', 'latency.p50')?.changes).toHaveLength(1);
  });

  test('leads to reports of runs that are still there', async () => {
    const entry = describeRun('the folder', { ...recorded, id: 'run-1' });
    const { groups } = await data(historyOf(3), [{ entry, changedAt: 0, size: 0, revision: 1 }]);
    expect(groups[0]?.runs.map(({ href }) => href)).toEqual([
      undefined,
      'report/the folder',
      undefined,
    ]);
    expect(groups[0]?.title).toMatch(/^broadcast · 200 clients, /);
  });

  test('is read from the folder, around broken lines, and never through a link', async () => {
    const [real, linked] = [join(base, 'real'), join(base, 'linked')];
    writeHistory(real, historyOf(2), ['{"cut sho', 'null', '{}']);
    expect(await historyIn(real)).toMatchObject({ unreadable: 3, entries: [{}, {}] });
    mkdirSync(linked);
    symlinkSync(join(real, 'history.jsonl'), join(linked, 'history.jsonl'));
    expect(await historyIn(linked)).toEqual({ entries: [], unreadable: 0 });
    expect(await historyIn(join(base, 'nowhere'))).toEqual({ entries: [], unreadable: 0 });
  });

  test('of a thousand runs and thirty series is there within seconds', {
    timeout: 30_000,
  }, async () => {
    const steps = [300, 600].map((from) => ({ from, factor: 1.1 }));
    const entries = historyOf(1_000, steps).map((entry) => {
      const arms = Array.from({ length: 10 }, (_, n) => [`arm-${n}`, entry.figures['sse'] ?? {}]);
      return { ...entry, figures: Object.fromEntries(arms) };
    });
    // CPU time: what else runs on the machine is not what is asked.
    const before = process.cpuUsage();
    const found = await data(entries);
    const { user } = process.cpuUsage(before);
    expect(lineOf(found, 'arm-7', 'latency.p50')?.changes).toHaveLength(2);
    expect(user / 1e6).toBeLessThan(6);
  });
});
