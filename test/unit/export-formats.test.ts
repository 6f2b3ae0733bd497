/**
 * What a run looks like to other programs: each format is read back by something that did not write it,
 * and holds the figures that our own reports show.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as hdr from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { createHistogram, decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import type { RunResult } from '../../core/result.ts';
import { figureOf } from '../../reports/derive.ts';
import { baseUnits } from '../../reports/export/base-unit.ts';
import { CSV_COLUMNS, csvOf } from '../../reports/export/formats/csv.ts';
import { hdrLogs } from '../../reports/export/formats/hlog.ts';
import { gaugeName, prometheus, prometheusText } from '../../reports/export/formats/prometheus.ts';
import { bucketsOf, LATENCY_BOUNDS } from '../../reports/export/latency-buckets.ts';
import { allMetrics, metrics } from '../../reports/metrics/registry.ts';
import { recorded } from '../compared-runs.ts';
import { parseCsv } from '../csv-reader.ts';
import { temporaryFolder } from '../program.ts';
import { parsePrometheus } from '../prometheus-reader.ts';
import { roundTripRun } from '../trip-run.ts';

const folder = temporaryFolder();
const hostile: RunResult = {
  ...recorded,
  id: 'a"b\\c\nd',
  arms: recorded.arms.map((arm) => (arm.name === 'sse' ? { ...arm, target: '=1+1|"cmd"' } : arm)),
  trials: recorded.trials.map((trial, index) =>
    index === 0 ? { ...trial, excluded: '@SUM(A1),\r\n"x"' } : trial,
  ),
};
const swept: RunResult = {
  ...recorded,
  points: [{ clients: 1 }, { clients: 2 }],
  trials: recorded.trials.map((trial) => ({ ...trial, point: { clients: (trial.round % 2) + 1 } })),
};
const sseTrials = recorded.trials.filter(({ arm }) => arm === 'sse');

describe('latency buckets', () => {
  test('hold every value once, on the right side of the bounds', () => {
    const histogram = createHistogram();
    for (const us of [1, 99, 101, 1_000, 1_010, 9_990, 10_100, 119_000_000]) {
      histogram.recordValue(us);
    }
    const { counts, count, sum, max } = bucketsOf(histogram);
    const at = (bound: number): number => counts[LATENCY_BOUNDS.indexOf(bound)] ?? -1;
    expect([at(0.0001), at(0.00025), at(0.001), at(0.0025)]).toEqual([2, 1, 1, 1]);
    expect([at(0.01), at(0.025), at(120), counts.at(-1)]).toEqual([1, 1, 1, 0]);
    expect(count).toBe(8);
    expect(sum).toBeCloseTo(119.0223, 1);
    expect(max).toBeCloseTo(119, 0);
  });
});

describe('Prometheus text', () => {
  test('holds figures in base units, as a strict reader sees it', async () => {
    const families = parsePrometheus(await prometheusText(recorded));
    const family = families.get('pushbench_latency_p50_seconds');
    expect(family?.type).toBe('gauge');
    expect(family?.help).toContain('latency p50');
    const sse = family?.samples.find(({ labels }) => labels['arm'] === 'sse');
    const figure = figureOf(metrics['latency.p50'], 'latency.p50', sseTrials);
    expect(figure.kind === 'value' && figure.value / 1e6).toBe(sse?.value);
    expect(sse?.labels).toEqual({
      scenario: 'broadcast',
      run: recorded.id,
      arm: 'sse',
      transport: 'sse',
      target: 'built-in',
    });
    const validity = families.get('pushbench_run_validity')?.samples ?? [];
    expect(validity.map(({ labels, value }) => [labels['validity'], value])).toEqual([
      ['valid', 0],
      ['suspect', 1],
      ['invalid', 0],
    ]);
  });

  test('has histograms that count every delivery, and whose buckets only rise', async () => {
    const families = parsePrometheus(await prometheusText(recorded));
    const family = families.get('pushbench_latency_seconds');
    expect(family?.type).toBe('histogram');
    const merged = mergeHistograms(
      sseTrials.flatMap(({ histograms }) =>
        histograms === undefined ? [] : decodeHistogram(histograms.due),
      ),
    );
    const sse = family?.samples.filter(({ labels }) => labels['arm'] === 'sse') ?? [];
    const buckets = sse.filter(({ name }) => name.endsWith('_bucket'));
    expect(buckets).toHaveLength(LATENCY_BOUNDS.length + 1);
    expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: merged.totalCount });
    const values = buckets.map(({ value }) => value);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    const middle = buckets.find(({ value }) => value >= merged.totalCount / 2)?.labels['le'];
    const median = merged.getValueAtPercentile(50) / 1e6;
    expect(Number(middle)).toBe(LATENCY_BOUNDS.find((bound) => bound >= median));
    const sum = sse.find(({ name }) => name.endsWith('_sum'))?.value ?? 0;
    expect(sum / merged.totalCount / (merged.mean / 1e6)).toBeCloseTo(1, 3);
  });

  test('tells requests, points of a sweep and a gate apart', async () => {
    const trips = parsePrometheus(await prometheusText(roundTripRun()));
    expect(trips.get('pushbench_request_seconds')?.type).toBe('histogram');
    expect(trips.has('pushbench_latency_seconds')).toBe(false);
    const points = parsePrometheus(await prometheusText(swept)).get(
      'pushbench_latency_p50_seconds',
    );
    expect(points?.samples.map(({ labels }) => labels['point'])).toContain('clients=2');
  });

  test('escapes whatever a run is called', async () => {
    const families = parsePrometheus(await prometheusText(hostile));
    const [sample] = families.get('pushbench_run_info')?.samples ?? [];
    expect(sample?.labels['run']).toBe('a"b\\c\nd');
  });

  test('has a name of its own for every metric, of which none is a histogram’s', () => {
    const names = allMetrics.map(([id, { unit }]) => gaugeName(id, baseUnits[unit].suffix));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(name).not.toMatch(/(_total|_count|_sum|_bucket|_info|__)$|_bytes_bytes/);
    }
  });

  test('is put in its place whole, over what was there', async () => {
    const to = join(folder, 'deep', 'er', 'x.prom');
    mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
    writeFileSync(to, 'old');
    expect(await prometheus.write(recorded, to)).toEqual([to]);
    expect(parsePrometheus(readFileSync(to, 'utf8')).size).toBeGreaterThan(20);
    expect(existsSync(`${to}.draft`)).toBe(false);
    expect(prometheus.problemWith?.('metrics.txt')).toContain('.prom');
  });
});

describe('CSV', () => {
  test('has one row for each metric of each trial, with its unit and validity', () => {
    const [header, ...rows] = parseCsv(csvOf(recorded));
    expect(header).toEqual([...CSV_COLUMNS]);
    const figures = recorded.trials.flatMap(({ metrics: all }) => Object.keys(all));
    expect(rows).toHaveLength(figures.length);
    const column = (name: (typeof CSV_COLUMNS)[number]): number => CSV_COLUMNS.indexOf(name);
    const [trial] = recorded.trials;
    const row = rows.find((one) => one[column('metric')] === 'latency.p50');
    expect(row?.[column('value')]).toBe(String(trial?.metrics['latency.p50']));
    expect(row?.[column('unit')]).toBe('us');
    expect(row?.[column('validity')]).toBe(trial?.validity.state);
    expect(row?.[column('round')]).toBe(String((trial?.round ?? 0) + 1));
  });

  test('makes text of what a spreadsheet would carry out, and leaves numbers alone', () => {
    const negative: RunResult = {
      ...hostile,
      trials: hostile.trials.slice(0, 3).map((trial) => ({ ...trial, metrics: { reach: -0.5 } })),
    };
    const rows = parseCsv(csvOf(negative)).slice(1);
    const cells = rows.flat();
    expect(cells).toContain('-0.5');
    expect(cells).toContain(`'@SUM(A1),\r\n"x"`);
    expect(cells).toContain(`'=1+1|"cmd"`);
    const dangerous = cells.filter(
      (cell) => /^[=+\-@\t\r]/.test(cell) && Number.isNaN(Number(cell)),
    );
    expect(dangerous).toEqual([]);
  });

  test('does not leave out a trial that failed', () => {
    const [first] = recorded.trials;
    if (first === undefined) throw new Error('the fixture has no trial');
    const failed = { ...first, outcome: 'failed' as const, says: 'it ended', metrics: {} };
    const rows = parseCsv(csvOf({ ...recorded, trials: [failed] }));
    expect(rows).toHaveLength(2);
    expect(rows[1]?.slice(CSV_COLUMNS.indexOf('outcome'))).toEqual([
      'failed',
      first.validity.state,
      'no',
      'it ended',
      '',
      '',
      '',
      '',
    ]);
  });
});

describe('HdrHistogram logs', () => {
  test('are read back by the library, interval by interval', () => {
    const log = hdrLogs(recorded).find(({ name }) => name === 'sse.latency.hlog');
    const text = log?.text ?? '';
    expect(text).toContain('#[Histogram log format version 1.3]\n');
    expect(text).not.toMatch(/\n\n/);
    expect(hdr.listTags(text)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `sse.round-${n}`));
    const reader = new hdr.HistogramLogReader(text);
    const trials = [...sseTrials].sort((a, b) => a.startedAt.localeCompare(b.startedAt));
    for (const trial of trials) {
      const read = reader.nextIntervalHistogram();
      const kept = decodeHistogram(trial.histograms?.due ?? '');
      expect(read?.tag).toBe(`sse.round-${trial.round + 1}`);
      expect(read?.totalCount).toBe(kept.totalCount);
      expect(read?.maxValue).toBe(kept.maxValue);
      for (const q of [50, 99, 99.9]) {
        expect(read?.getValueAtPercentile(q)).toBe(kept.getValueAtPercentile(q));
      }
      const { startTimeStampMsec: from = 0, endTimeStampMsec: to = 0 } = read ?? {};
      const phase = trial.phases.find(({ measured }) => measured);
      const lasted = ((phase?.endNs ?? 0) - (phase?.startNs ?? 0)) / 1e6;
      expect(Math.abs(to - from - lasted)).toBeLessThan(2);
      expect(from).toBeGreaterThanOrEqual(Date.parse(trial.startedAt));
    }
    expect(reader.nextIntervalHistogram()).toBeNull();
  });

  test('are apart for arms, points and what was measured, under names that are names', () => {
    expect(hdrLogs(recorded).map(({ name }) => name)).toEqual(
      ['sse', 'ws', 'raw'].flatMap((arm) => [`${arm}.latency.hlog`, `${arm}.latency.sent.hlog`]),
    );
    expect(hdrLogs(swept).map(({ name }) => name)).toContain('sse.clients=2.latency.hlog');
    expect(hdrLogs(roundTripRun()).map(({ name }) => name)).toContain('sse.request.hlog');
    const odd = {
      ...recorded,
      arms: recorded.arms.map((arm) => ({ ...arm, name: `../${arm.name}, x` })),
      trials: recorded.trials.map((trial) => ({ ...trial, arm: `../${trial.arm}, x` })),
    };
    for (const { name, text } of hdrLogs(odd)) {
      expect(name).toMatch(/^_[\w.]+\.hlog$/);
      expect(text).toMatch(/^Tag=[^\s,]+,/m);
    }
  });
});
