/** Runs to compare, made from the recorded one: what differs between them is known because it was put there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as hdr from 'hdr-histogram-js';
import { createHistogram, decodeHistogram, encodeHistogram } from '../core/histogram.ts';
import type { Histograms, RunResult, Trial } from '../core/result.ts';
import { runResultSchema } from '../core/result.ts';
import { compareArms } from '../reports/compare-arms.ts';
import { deriveMetrics } from '../reports/derive.ts';

/** Six rounds of SSE, WebSocket and raw TCP at 200 clients. */
export const recorded: RunResult = runResultSchema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', 'run.json'), 'utf8')),
);

/** Made once each: they are compared by many tests, and changed by none. */
const made = new Map<string, RunResult>();

/** The same load ten minutes later, with a newer build in which some arms are so much slower. */
export function laterRun(slower: Readonly<Record<string, number>> = {}): RunResult {
  const key = JSON.stringify(slower);
  const run = made.get(key) ?? makeLater(slower);
  made.set(key, run);
  return run;
}

function makeLater(slower: Readonly<Record<string, number>>): RunResult {
  const later: RunResult = {
    ...recorded,
    id: '20261121T032222-broadcast',
    startedAt: '2026-11-21T03:22:22.000Z',
    finishedAt: '2026-11-21T03:24:10.000Z',
    tool: { version: recorded.tool.version, commit: 'feedfacecafe' },
    trials: recorded.trials.map((trial) => slowerTrial(trial, slower[trial.arm] ?? 1)),
  };
  return { ...later, comparisons: compareArms(later) };
}

/** Every delivery takes `factor` times as long, and a little more or less so from round to round. */
function slowerTrial(trial: Trial, factor: number): Trial {
  const { histograms } = trial;
  if (histograms === undefined) return trial;
  const wobble = 1 + 0.004 * ((trial.round % 3) - 1);
  const stretched = { ...histograms };
  for (const name of ['due', 'sent', 'spreadFirst', 'spreadMedian', 'spreadLast'] as const) {
    const encoded = histograms[name];
    if (encoded !== undefined) stretched[name] = stretch(encoded, factor * wobble);
  }
  const later = { ...trial, histograms: stretched satisfies Histograms };
  const derived = deriveMetrics(later);
  // Only those that were recorded: a metric that is added later must not be in one of the runs alone.
  const metrics = Object.entries(trial.metrics).map(
    ([id, old]) => [id, derived[id] ?? old] as const,
  );
  return { ...later, metrics: Object.fromEntries(metrics) };
}

function stretch(encoded: string, factor: number): string {
  const from = decodeHistogram(encoded);
  const to = createHistogram();
  if (!(from instanceof hdr.JsHistogram)) throw new Error('a histogram of another kind');
  const recordedValues = from.recordedValuesIterator;
  recordedValues.reset();
  while (recordedValues.hasNext()) {
    const { valueIteratedTo, countAtValueIteratedTo } = recordedValues.next();
    to.recordValueWithCount(Math.round(valueIteratedTo * factor), countAtValueIteratedTo);
  }
  return encodeHistogram(to);
}
