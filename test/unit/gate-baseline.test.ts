/** Gates against a saved run: what it keeps, what may decide, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { GateRule } from '../../core/gate.ts';
import { nextGateStep } from '../../core/gate.ts';
import { informationOn, judgeAgainst } from '../../core/gate-baseline.ts';
import { createRandom } from '../../core/random.ts';
import {
  baselineFigures,
  isTimelessMetric,
  readBaseline,
  saveBaseline,
} from '../../reports/gate/baseline.ts';
import { defaultRules } from '../../reports/gate/rules.ts';
import { readRunFile } from '../../reports/run-file.ts';

const bytes: GateRule = { metric: 'sse.wire.bytes', better: 'lower', margin: 0.02 };
const reach: GateRule = { metric: 'sse.reach', better: 'higher', margin: 0 };
const random = createRandom(4);
const around = (center: number, noise: number): number[] =>
  Array.from({ length: 8 }, () => center * Math.exp(noise * random.normal()));
const heads = (metric: string, values: readonly number[]) =>
  values.map((head) => ({ [metric]: { head, base: undefined } }));

describe('one look at head and a saved run', () => {
  const judge = judgeAgainst({
    'sse.wire.bytes': around(142, 0.001),
    'sse.reach': Array(8).fill(1),
  });

  it('passes what is the same', () => {
    const [finding] = judge(heads(bytes.metric, around(142, 0.001)), [bytes]);
    expect(finding).toMatchObject({ state: 'passed', rounds: 8 });
    expect(finding?.ratio).toBeCloseTo(1, 2);
  });

  it('finds five bytes in a hundred more, and fewer', () => {
    expect(judge(heads(bytes.metric, around(149, 0.001)), [bytes])[0]?.state).toBe('regressed');
    expect(judge(heads(bytes.metric, around(135, 0.001)), [bytes])[0]?.state).toBe('improved');
  });

  it('takes any loss that comes again for real', () => {
    const lossy = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => 1 - i * 1e-5);
    expect(judge(heads(reach.metric, lossy), [reach])[0]?.state).toBe('regressed');
    expect(judge(heads(reach.metric, Array(8).fill(1)), [reach])[0]?.state).toBe('passed');
  });

  it('has no data where either side has too few trials', () => {
    expect(judge(heads(bytes.metric, [142]), [bytes])[0]?.reason).toBe(
      'it was measured in 1 trial here, and 6 are needed',
    );
    const empty = judgeAgainst({});
    expect(empty(heads(bytes.metric, around(142, 0)), [bytes])[0]?.reason).toBe(
      'it was measured in no trial in the saved run, and 6 are needed',
    );
  });

  it('needs a second batch to agree here too', () => {
    const rounds = heads(bytes.metric, around(160, 0.001));
    expect(nextGateStep([{ kind: 'first', rounds }], [bytes], judge)).toMatchObject({
      batch: 'confirmation',
    });
    const confirmation = { kind: 'confirmation', rounds } as const;
    expect(nextGateStep([{ kind: 'first', rounds }, confirmation], [bytes], judge)).toMatchObject({
      outcome: 'regressed',
    });
  });

  it('shows timings without deciding by them', () => {
    const rule: GateRule = { metric: 'sse.latency.p99', better: 'lower', margin: 0.2 };
    const finding = informationOn(around(2_000, 0.05), around(1_000, 0.05), rule, 'so');
    expect(finding).toMatchObject({ state: 'information', reason: 'so' });
    expect(finding.ratio).toBeCloseTo(2, 0);
  });
});

it('lets counts, bytes and memory decide, and no timing', () => {
  const decides = ['reach', 'wire.bytes', 'server.memory'];
  expect(decides.map(isTimelessMetric)).toEqual([true, true, true]);
  const shown = ['latency.p99', 'server.cpu', 'throughput.deliveries', 'nothing'];
  expect(shown.map(isTimelessMetric)).toEqual([false, false, false, false]);
});

describe('a saved run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pushbench-baseline-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fixture = join(import.meta.dirname, '../fixtures/run.json');
  const run = readRunFile(fixture);
  const path = join(folder, 'baseline.json');
  saveBaseline(path, run);

  it('is a run file, a fraction as large, with every figure', () => {
    expect(statSync(path).size).toBeLessThan(statSync(fixture).size / 4);
    expect(readFileSync(path, 'utf8').split('\n').length).toBeGreaterThan(10);
    const saved = readBaseline(path, run);
    const rules = defaultRules(['sse'], ['latency.p99', 'reach'], 0.1);
    expect(baselineFigures(saved, rules)).toEqual(baselineFigures(run, rules));
    expect(baselineFigures(saved, rules)['sse.reach']?.length).toBeGreaterThan(0);
  });

  it('is refused for another load, with what differs', () => {
    const params = { ...run.params, clients: 7 };
    expect(() => readBaseline(path, { scenario: run.scenario, params })).toThrow(
      `was saved from another load: clients ${run.params['clients']}, not 7`,
    );
    const scenario = { ...run.scenario, name: 'chat' };
    expect(() => readBaseline(path, { scenario, params: run.params })).toThrow(
      `scenario ${run.scenario.name}, not chat`,
    );
  });
});
