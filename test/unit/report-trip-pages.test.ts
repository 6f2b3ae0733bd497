/** Reports of round trips: they are called by their name, and nothing is shown that they do not have. */
import { describe, expect, test } from 'vitest';
import { figureText } from '../../reports/figure-text.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { renderTerminal } from '../../reports/formats/terminal.ts';
import { forestRange } from '../../reports/html/charts/forest.ts';
import { describePoint } from '../../reports/summary.ts';
import {
  histogramOf,
  NO_HISTOGRAMS,
  NO_LEDGER,
  roundTripRun,
  runOf,
  trialOf,
  tripsOf,
} from '../trip-run.ts';

const EIGHT = [100, 200, 300, 400, 500, 600, 700, 800];

const terminalOf = (run: ReturnType<typeof runOf>): string =>
  renderTerminal(run, { runFile: 'run.json', report: 'report.html', color: false, columns: 120 });

/** What a reader sees of a page: no scripts, no data, no markup. */
const textOf = (page: string): string =>
  page
    .replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

describe('reports of round trips', () => {
  const run = roundTripRun();

  test('do not speak of deliveries, broadcasts or subscribers', () => {
    const words = /\w*(deliver|broadcast|subscriber|spread)\w*/gi;
    expect(terminalOf(run).match(words)).toBeNull();
    expect(textOf(renderHtml(run)).match(words)).toBeNull();
  });

  test('say where a finding holds in round trips', () => {
    expect(describePoint(run, {})).toBe('100 clients, 400 round trips/s, 128 B messages');
    const failed = runOf([]);
    expect(describePoint(failed, {})).toBe('100 clients, 400 round trips/s, 128 B messages');
  });

  test('say how many round trips a percentile lacks', () => {
    const [sse] = run.arms;
    // 255 requests in each of 6 rounds.
    expect(sse && figureText(run, sse, {}, 'request.p99_9')).toEqual({
      text: 'not enough data',
      note: '1,530 of 10,000 round trips',
    });
    expect(sse && figureText(run, sse, {}, 'request.max').text).toBe('> 5.00 s');
  });

  test('the table of the terminal has the headline, what was answered, and nothing empty', () => {
    const lines = terminalOf(run).split('\n');
    const titles = lines.flatMap((line) => /^ (\S.+) [↓↑] /.exec(line)?.[1] ?? []);
    expect(titles).toEqual([
      'request p50',
      'request p90',
      'request p99',
      'request from sending, p50',
      'time to first part, p50',
      'gap between parts, p99',
      'ask p50',
      'ask p90',
      'ask p99',
      'ask overhead, p50',
      'requests answered',
      'asks answered',
      'round-trip server CPU',
      'round-trip generator CPU',
      'round-trip bytes up',
      'round-trip bytes down',
    ]);
    // 1,440 answered of the 1,458 that were not given up.
    expect(lines.find((line) => line.includes('requests answered'))).toMatch(/98\.765 % +100 %/);
  });

  test('a headline metric that was not measured keeps its row', () => {
    const lines = terminalOf({
      ...run,
      scenario: { ...run.scenario, headline: ['latency.p50'] },
    }).split('\n');
    expect(lines.find((line) => line.includes('latency p50'))).toMatch(/latency p50 ↓ +– +–/);
  });

  test('the yardstick stands apart and says what it counts from', () => {
    expect(terminalOf(run)).toContain(
      ' plain HTTP (autocannon)  p50 303 µs, p99 903 µs, 9,000/s over 16 connections, server CPU 25.0 µs\n' +
        '   a closed loop, counted from the actual sending: not comparable in the tail\n',
    );
    const text = textOf(renderHtml(run));
    // 24,000 answered and 2 not: planned, answered, its share; then no late and no timeouts.
    expect(text).toContain('plain HTTP (autocannon) requests 24,002 24,000 99.991 % – – 2 –');
    expect(text).toContain('counted from the actual sending: not comparable in the tail');
  });

  test('the page has each kind in a row of its own', () => {
    const text = textOf(renderHtml(run));
    expect(text).toContain('SSE requests 1,530 1,440 98.765 % 0 12 6 0 72 6,000 54');
    expect(text).toContain('WebSocket asks 1,440 1,440 100 % 0 0 0 0 0 0 0');
    expect(text).toContain('Connections that ended during the measurement: ');
  });

  test('warnings name how many of how many, and what is only a fact', () => {
    expect(run.warnings).toEqual([
      {
        code: 'unanswered',
        says: 'sse: of 1,530 requests 12 timed out and 6 failed; they count as later than the timeout.',
        hint: 'See the round trips of the report; try a lower --rate.',
      },
      {
        code: 'parts-after-cancel',
        says: 'sse: 54 parts came after their request had been given up (72 were).',
        hint: 'That is a fact, not a fault: what is on its way cannot be called back.',
      },
      {
        code: 'parts-after-cancel',
        says: 'ws: 24 parts came after their request had been given up (72 were).',
        hint: 'That is a fact, not a fault: what is on its way cannot be called back.',
      },
    ]);
  });

  test('a warning names clients that saw another order', () => {
    const found = runOf(
      [0, 1, 2, 3, 4, 5].map((round) =>
        trialOf({ round, probes: { orderDisagreements: round === 2 ? 3 : 0 } }),
      ),
    ).warnings;
    expect(found.map(({ says }) => says)).toEqual([
      'sse: 3 clients of all rounds saw the messages of their room in another order than the others.',
    ]);
  });

  test('a percentile beyond the timeout is compared with nothing', () => {
    const beyond = run.comparisons.filter(({ verdict }) => verdict === 'not-comparable');
    expect(beyond.map(({ metric }) => metric)).toContain('request.p99');
    for (const { ratio } of beyond) expect(ratio).toBeUndefined();
  });

  test('one wild ratio does not squeeze the others of the chart', () => {
    const wild = run.comparisons.map((one, index) =>
      index === 0 ? { ...one, ratio: 2_000 } : one,
    );
    const [low, high] = forestRange(wild, 0.1);
    expect(low).toBeCloseTo(1 / 1.21 / 1.04, 10);
    expect(high).toBeCloseTo(8 * 1.04, 10);
  });

  test('the headline says who answers faster and who costs less', () => {
    expect(terminalOf(run)).toContain(
      'SSE’s request p50 is 41 % higher than WebSocket’s (95 % interval +40 % … +41 %, 6 rounds): worse, beyond the 10 % margin.',
    );
    expect(textOf(renderHtml(run))).toContain(
      'WebSocket answers faster and costs less server CPU: request p50 of SSE is 41 % higher.',
    );
  });
});

describe('a report of deliveries beside round trips', () => {
  const deliveries = {
    flow: 'delivery',
    ledger: { ...NO_LEDGER, expected: 8, received: 8 },
    histograms: { ...NO_HISTOGRAMS, due: histogramOf(EIGHT), sent: histogramOf(EIGHT) },
  } as const;
  const run = runOf(
    ['sse', 'ws'].map((arm) =>
      trialOf({
        ...deliveries,
        arm,
        trips: { request: tripsOf(EIGHT) },
        probes: { sent: 8, serverCpuNs: 5e8 },
      }),
    ),
  );
  const page = renderHtml(run);

  test('has a percentile figure for each, deliveries first', () => {
    expect(page.match(/<figure id="percentiles[\w-]*"/g)).toEqual([
      '<figure id="percentiles"',
      '<figure id="percentiles-request"',
    ]);
  });

  test('has both tables, and the cost of both together only', () => {
    const text = textOf(page);
    expect(text).toContain('Expected is messages × subscribers');
    expect(text).toContain('A request is a client that asks the server.');
    expect(text).toContain('Cost of the whole load');
    expect(text).toMatch(/server load lower is better 25\.0 % 25\.0 %/);
    expect(text).not.toMatch(/Cost of a (delivery|round trip)/);
  });

  test('says where a finding holds in broadcasts', () => {
    expect(describePoint(run, {})).toBe('100 clients, 400 broadcasts/s, 128 B messages');
  });
});
