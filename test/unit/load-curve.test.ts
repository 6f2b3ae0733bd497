/** What the chart of a search draws, as it is drawn: the objective, and where an arm ends. */

import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { beforeAll, describe, expect, test } from 'vitest';
import { armLooks } from '../../reports/html/arm-look.ts';
import type { LoadCurvePoint } from '../../reports/html/charts/load-curve.ts';
import { loadCurveChart } from '../../reports/html/charts/load-curve.ts';
import { runOf } from '../trip-run.ts';

const [look] = armLooks(runOf([]));
if (look === undefined) throw new Error('the run has no arm');
const words = { limitText: 'p99<50ms', xTitle: 'load', yTitle: 'latency p99' };
const points = [100, 200, 400].map(
  (load): LoadCurvePoint => ({
    look,
    load,
    value: load * 200,
    text: '',
    outcome: load < 300 ? 'pass' : 'fail',
    why: '',
  }),
);

const drawn = (limit: number | undefined): Promise<string> => {
  const bracket = { look, from: 200, to: 400 };
  const { spec } = compile(loadCurveChart(points, [bracket], { limit, ...words }));
  return new View(parse(spec), { renderer: 'none' }).toSVG();
};

/** The mark with this description. */
function markOf(svg: string, description: string): string {
  const [mark = ''] = new RegExp(`<\\w+ aria-label="${description}[^>]*>`).exec(svg) ?? [];
  return mark;
}

const numbersIn = (text: string, pattern: RegExp): number[] =>
  (pattern.exec(text) ?? []).slice(1).map(Number);

const placeOf = (mark: string): number[] => numbersIn(mark, /translate\((-?[\d.]+),(-?[\d.]+)\)/);

describe('the chart of a search', () => {
  let svg = '';
  let area: number[] = [];
  beforeAll(async () => {
    svg = await drawn(50_000);
    area = numbersIn(svg, /class="background"[^>]* d="M0,0h([\d.]+)v([\d.]+)h/);
  });

  test('has a line from side to side at the limit, with the words of it', () => {
    const line = markOf(svg, 'value: 50000"');
    const [width = 0] = area;
    const [x = 0, y = 0] = placeOf(line);
    const [x2 = 0, y2 = 0] = numbersIn(line, / x2="(-?[\d.]+)" y2="(-?[\d.]+)"/);
    expect([Math.min(x, x + x2), Math.max(x, x + x2), y2]).toEqual([0, width, 0]);
    // Its place on a logarithmic axis, between the marks of 20 and 80 ms.
    const low = placeOf(markOf(svg, 'load: 100; value: 20000'))[1] ?? 0;
    const high = placeOf(markOf(svg, 'load: 400; value: 80000'))[1] ?? 0;
    const share = Math.log(50 / 20) / Math.log(80 / 20);
    expect(y).toBeCloseTo(low + share * (high - low), 6);
    expect(svg).toContain('>p99&lt;50ms</text>');
  });

  test('has a band from the last pass to the first fail, from top to bottom', () => {
    const band = markOf(svg, 'load: 200; to: 400');
    const [left = 0, top, width = 0, tall] = numbersIn(
      band,
      / d="M([\d.]+),([\d.]+)h([\d.]+)v([\d.]+)/,
    );
    expect(left).toBeCloseTo(placeOf(markOf(svg, 'load: 200; value: 40000'))[0] ?? 0, 6);
    expect(left + width).toBeCloseTo(placeOf(markOf(svg, 'load: 400; value: 80000'))[0] ?? 0, 6);
    expect([top, tall]).toEqual([0, area[1]]);
  });

  test('has no line where no limit is one on a time', async () => {
    expect(await drawn(undefined)).not.toContain('p99&lt;50ms');
  });
});
