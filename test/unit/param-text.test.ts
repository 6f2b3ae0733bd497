/** A number of a parameter is written with its unit wherever a point is described. */
import { describe, expect, test } from 'vitest';
import { fillParams, typesOf } from '../../core/params.ts';
import type { Point, RunResult } from '../../core/result.ts';
import { compareRuns } from '../../reports/compare/runs-comparison.ts';
import { renderComparisonTerminal } from '../../reports/compare/terminal.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { renderTerminal } from '../../reports/formats/terminal.ts';
import { paramText, pointText } from '../../reports/param-text.ts';
import { describePoint } from '../../reports/summary.ts';
import { heartbeat } from '../../scenarios/heartbeat.ts';
import { reconnect } from '../../scenarios/reconnect.ts';
import { roundTripRun } from '../trip-run.ts';

/** Round trips of some sweep: what is swept is only described here. */
function swept(points: readonly Point[], id = 'made-by-hand'): RunResult {
  const run = roundTripRun();
  const { trials } = run;
  return {
    ...run,
    id,
    scenario: { ...run.scenario, paramTypes: typesOf(reconnect.params) },
    params: { ...run.params, ...fillParams(reconnect.params, {}) },
    points: [...points],
    trials: points.flatMap((point) => trials.map((trial) => ({ ...trial, point }))),
    comparisons: points.flatMap((point) => run.comparisons.map((one) => ({ ...one, point }))),
  };
}

const texts = { runFile: 'run.json', report: 'report.html', color: false, columns: 120 };

describe('a parameter', () => {
  const types = { paramTypes: typesOf({ ...reconnect.params, ...heartbeat.params }) };
  test.each([
    ['for', 1_000, '1s'],
    ['silence', 1_500, '1.5s'],
    ['pong', 250, '250ms'],
    ['duration', 120_000, '2m'],
    ['payload', 2_048, '2KiB'],
    ['rate', 10, '10/s'],
    ['share', 0.07, '7%'],
    ['clients', 2_000, '2,000'],
    ['strategy', 'fixed', 'fixed'],
    ['of nobody', 7, '7'],
  ])('%s %s is written %s', (name, value, text) => {
    expect(paramText(types, name, value)).toBe(text);
  });

  test('of a run file that does not say what it is has its unit where that was always the same', () => {
    expect(pointText({}, { interval: 1_000 })).toBe('interval=1s');
    expect(pointText({}, { at: 0.15, clients: 20 })).toBe('at=0.15 clients=20');
  });
});

describe('a point', () => {
  const run = swept([{ silence: 1_000 }, { silence: 2_500 }]);

  test('is described with units', () => {
    expect(describePoint(run, { silence: 2_500 })).toContain('silence 2.5s');
  });

  test('is so in the report and on the terminal', () => {
    for (const text of [renderHtml(run), renderTerminal(run, texts)]) {
      expect(text).toMatch(/silence[ =]2\.5s/);
      expect(text).not.toMatch(/silence[ =]2,?500/);
    }
  });

  test('is so where runs are compared, in every sentence', () => {
    const comparison = compareRuns([run, swept(run.points, 'later')]);
    const text = renderComparisonTerminal(comparison, { page: 'p.html', color: false, all: true });
    expect(text).toContain(' at silence=2.5s');
    expect(text).not.toContain('silence=2500');
    expect(comparison.changes.every(({ says }) => !says.includes('silence=2500'))).toBe(true);
  });
});
