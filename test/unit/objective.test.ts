import { describe, expect, test } from 'vitest';
import { brokenOf, holds, parseAssertion, parseAssertions } from '../../core/objective.ts';

const known: Readonly<Record<string, string>> = {
  'latency.p99': 'us',
  'latency.p99_9': 'us',
  reach: 'share',
  'server.cpu': 'ns',
  'server.busy': 'core',
  'wire.bytes': 'B',
  'volume.bytes': 'B/s',
  'throughput.deliveries': '/s',
  'delivery.lost': 'count',
};
const unitOf = (metric: string): string | undefined => known[metric];

describe('a limit', () => {
  test.each([
    ['latency.p99<50ms', 'latency.p99', '<', 50_000],
    ['latency.p99_9 <= 1.5s', 'latency.p99_9', '<=', 1_500_000],
    ['latency.p99<800us', 'latency.p99', '<', 800],
    ['reach=1', 'reach', '=', 1],
    ['reach>=99.9%', 'reach', '>=', 0.999],
    ['reach >= 0.5', 'reach', '>=', 0.5],
    ['server.cpu<20us', 'server.cpu', '<', 20_000],
    ['server.busy<90%', 'server.busy', '<', 0.9],
    ['wire.bytes<=1KiB', 'wire.bytes', '<=', 1_024],
    ['volume.bytes>10MiB/s', 'volume.bytes', '>', 10_485_760],
    ['throughput.deliveries>50000/s', 'throughput.deliveries', '>', 50_000],
    ['delivery.lost=0', 'delivery.lost', '=', 0],
  ])('%s is read', (text, metric, operator, limit) => {
    const parsed = parseAssertion(text, unitOf);
    expect(parsed).toMatchObject({ arm: undefined, metric, operator });
    expect('limit' in parsed ? parsed.limit : undefined).toBeCloseTo(limit, 9);
  });

  test('may name an arm, also one whose name has hyphens', () => {
    expect(parseAssertion('sse.latency.p99<20ms', unitOf)).toMatchObject({
      arm: 'sse',
      metric: 'latency.p99',
    });
    expect(parseAssertion('ws-library-2.reach = 1', unitOf)).toEqual({
      arm: 'ws-library-2',
      metric: 'reach',
      operator: '=',
      limit: 1,
      text: 'ws-library-2.reach=1',
    });
  });

  test.each([
    ['latency.p99', 'is not a limit'],
    ['latency.p99<', 'is not a limit'],
    ['<50ms', 'is not a limit'],
    ['latency.p99==50ms', 'is not a limit'],
    ['latency.p99!50ms', 'is not a limit'],
    ['latency.p99<50', 'has no unit'],
    ['latency.p99<fast', 'is not a duration'],
    ['reach=all', 'is not a number'],
    ['reach=-1', 'is not a number'],
    ['wire.bytes<1.5B', 'is not a whole number of bytes'],
    ['volume.bytes>10MiB', 'is not a rate of bytes'],
    ['throughput.deliveries>5', 'has no unit'],
  ])('%s is refused, saying why', (text, why) => {
    const parsed = parseAssertion(text, unitOf);
    expect('problem' in parsed ? parsed.problem : parsed).toContain(why);
  });

  test('on what is no metric names it, for a hint at what was meant', () => {
    expect(parseAssertion('latency.p98<5ms', unitOf)).toMatchObject({ name: 'latency.p98' });
    expect(parseAssertion('sse.latency.p98<5ms', unitOf)).toMatchObject({
      name: 'sse.latency.p98',
    });
  });

  test.each([
    ['<', [true, false, false]],
    ['<=', [true, true, false]],
    ['=', [false, true, false]],
    ['>=', [false, true, true]],
    ['>', [false, false, true]],
  ] as const)('with %s holds for what it should', (operator, expected) => {
    const assertion = { arm: undefined, metric: 'x', operator, limit: 5, text: '' };
    expect([4, 5, 6].map((value) => holds(assertion, value))).toEqual(expected);
  });
});

describe('an objective', () => {
  const objective = parseAssertions(' latency.p99 < 50ms , reach=1,ws.delivery.lost=0', unitOf);
  const assertions = 'problem' in objective ? [] : objective;

  test('is a list of limits', () => {
    expect(assertions.map(({ text }) => text)).toEqual([
      'latency.p99<50ms',
      'reach=1',
      'ws.delivery.lost=0',
    ]);
  });

  test('is broken by what lies beyond a limit, and by what was not measured', () => {
    const broken = (metrics: Record<string, number>, arm = 'sse') =>
      brokenOf(assertions, arm, metrics, () => false).map(({ assertion, value }) => [
        assertion.metric,
        value,
      ]);
    expect(broken({ 'latency.p99': 49_999, reach: 1 })).toEqual([]);
    expect(broken({ 'latency.p99': 50_000, reach: 0.99999 })).toEqual([
      ['latency.p99', 50_000],
      ['reach', 0.99999],
    ]);
    expect(broken({ 'latency.p99': 10 })).toEqual([['reach', undefined]]);
    expect(broken({ 'latency.p99': 10, reach: 1, 'delivery.lost': 2 }, 'ws')).toEqual([
      ['delivery.lost', 2],
    ]);
  });

  test('is not kept by a latency of which only a lower bound is known, however lax it is', () => {
    const lax = parseAssertions('latency.p99<10s,latency.p99>1s', unitOf);
    const broken = (isBeyond: boolean) =>
      brokenOf('problem' in lax ? [] : lax, 'sse', { 'latency.p99': 2_000_000 }, () => isBeyond);
    expect(broken(false)).toEqual([]);
    expect(broken(true).map(({ assertion }) => assertion.text)).toEqual(['latency.p99<10s']);
  });

  test.each(['', ' , ,'])("'%s' names no limit", (text) => {
    expect(parseAssertions(text, unitOf)).toMatchObject({
      problem: expect.stringContaining('no limit'),
    });
  });

  test('with one part that cannot be read cannot be read', () => {
    expect(parseAssertions('reach=1,latency.p99<x', unitOf)).toHaveProperty('problem');
  });
});
