/** The history of runs: what is kept of a run, what is one series, and what survives a broken file. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { RunResult } from '../../core/result.ts';
import type { HistoryEntry } from '../../reports/history.ts';
import { appendHistory, historyEntry, historySeries, readHistory } from '../../reports/history.ts';
import { readRunFile } from '../../reports/run-file.ts';

const run = readRunFile(join(import.meta.dirname, '../fixtures/run.json'));

function entryOf(changes: Partial<RunResult>): HistoryEntry {
  const entry = historyEntry({ ...run, state: 'finished', ...changes });
  if (entry === undefined) throw new Error('the fixture has nothing that counts');
  return entry;
}

describe('what is kept of a run', () => {
  it('has the medians of every arm and who it was', () => {
    const entry = entryOf({});
    expect(entry).toMatchObject({ schema: 1, id: run.id, scenario: run.scenario.name });
    const [point = {}] = run.points;
    const p50s = run.trials
      .filter(({ arm, excluded }) => arm === 'sse' && excluded === undefined)
      .filter((trial) => JSON.stringify(trial.point) === JSON.stringify(point))
      .map(({ metrics }) => metrics['latency.p50'] ?? 0)
      .sort((a, b) => a - b);
    const kept = entry.figures['sse']?.['latency.p50'] ?? 0;
    expect(kept).toBeGreaterThanOrEqual(p50s[0] ?? 0);
    expect(kept).toBeLessThanOrEqual(p50s.at(-1) ?? 0);
  });

  it('is nothing for a run that was not finished, and for a sweep', () => {
    expect(historyEntry({ ...run, state: 'aborted' })).toBeUndefined();
    const points = [{ clients: 1 }, { clients: 2 }];
    expect(historyEntry({ ...run, state: 'finished', points })).toBeUndefined();
  });

  it('puts another load, but not another number of rounds, into another series', () => {
    const { load } = entryOf({});
    expect(entryOf({ options: { ...run.options, rounds: 99, seed: 5 } }).load).toBe(load);
    expect(entryOf({ params: { ...run.params, clients: 12_345 } }).load).not.toBe(load);
    expect(entryOf({ options: { ...run.options, tls: true } }).load).not.toBe(load);
    expect(entryOf({ options: { ...run.options, blockMs: 40 } }).load).not.toBe(load);
    const asBefore = { ...run.options, blockMs: 250, slowMs: 10_000 };
    expect(entryOf({ options: asBefore }).load, 'a run of before').toBe(load);
  });
});

describe('series', () => {
  const random = createRandom(3);
  const entries = Array.from(
    { length: 60 },
    (_, i): HistoryEntry => ({
      schema: 1,
      id: `run-${i}`,
      startedAt: new Date(Date.UTC(2026, 0, 1, i)).toISOString(),
      scenario: 'broadcast',
      load: 'a',
      fingerprint: 'f',
      version: '1',
      commit: `c${i}`,
      figures: {
        sse: {
          'latency.p99': 1_000 * Math.exp(0.02 * random.normal()) * (i >= 40 ? 1.1 : 1),
          reach: 1,
        },
      },
    }),
  );

  it('finds the run from which on it is a tenth slower', () => {
    const [series, ...others] = historySeries(entries, 'latency.p99');
    expect(others).toEqual([]);
    expect(series?.points).toHaveLength(60);
    const [change] = series?.changes ?? [];
    expect(Math.abs((change?.index ?? 0) - 40)).toBeLessThanOrEqual(2);
    expect((change?.after ?? 0) / (change?.before ?? 1)).toBeCloseTo(1.1, 1);
  });

  it('never mixes machines or loads', () => {
    const mixed = entries.map((entry, i) => (i % 2 === 0 ? entry : { ...entry, fingerprint: 'g' }));
    expect(historySeries(mixed, 'latency.p99').map(({ points }) => points.length)).toEqual([
      30, 30,
    ]);
  });

  it('finds nothing where nothing ever changes, and no series of what nobody measured', () => {
    expect(historySeries(entries, 'reach')[0]?.changes).toEqual([]);
    expect(historySeries(entries, 'request.p99')).toEqual([]);
  });
});

describe('the file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pushbench-history-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gets one line for each run, and is read around what is broken', () => {
    const path = join(folder, 'history.jsonl');
    expect(readHistory(path)).toEqual({ entries: [], unreadable: 0 });
    appendHistory(path, { ...run, state: 'finished' });
    appendFileSync(path, '{"schema":2}\n{"cut sho\n');
    appendHistory(path, {
      ...run,
      state: 'finished',
      id: 'later',
      startedAt: '2999-01-01T00:00:00Z',
    });
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(4);
    const { entries, unreadable } = readHistory(path);
    expect(entries.map(({ id }) => id)).toEqual([run.id, 'later']);
    expect(unreadable).toBe(2);
  });
});
