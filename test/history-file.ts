/** History files with steps that are known because they were put there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../core/random.ts';
import type { HistoryEntry } from '../reports/history.ts';
import { HISTORY_FILE } from '../reports/history.ts';

export interface Step {
  /** From which run on, from 0. */
  readonly from: number;
  readonly factor: number;
}

/** Six hours apart, each of another commit, with 3 % of noise and these steps in the latency of SSE. */
export function historyOf(
  count: number,
  steps: readonly Step[] = [],
  change: Partial<HistoryEntry> = {},
): HistoryEntry[] {
  const random = createRandom(11);
  return Array.from({ length: count }, (_, run): HistoryEntry => {
    const noise = (): number => Math.exp(0.03 * random.normal());
    const factor = steps.reduce((all, step) => (run >= step.from ? all * step.factor : all), 1);
    return {
      schema: 1,
      id: `run-${run}`,
      startedAt: new Date(Date.UTC(2026, 0, 1, 6 * run)).toISOString(),
      scenario: 'broadcast',
      load: 'aaaaaaaaaaaa',
      fingerprint: 'ffffffffffff',
      version: '0.1.0',
      commit: `c0ffee${String(run).padStart(6, '0')}`,
      figures: {
        sse: { 'latency.p50': 1_000 * factor * noise(), 'server.cpu': 5_000 * noise(), reach: 1 },
        ws: { 'latency.p50': 900 * noise(), 'delivery.lost': 0 },
      },
      ...change,
    };
  });
}

export function writeHistory(
  folder: string,
  entries: readonly HistoryEntry[],
  broken: readonly string[] = [],
): void {
  mkdirSync(folder, { recursive: true });
  const lines = [...broken, ...entries.map((entry) => JSON.stringify(entry))];
  writeFileSync(join(folder, HISTORY_FILE), lines.map((line) => `${line}\n`).join(''));
}
