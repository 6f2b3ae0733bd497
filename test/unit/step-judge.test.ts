/** Whether a step of a search passed, and whose fault it is where it did not. */
import { describe, expect, test } from 'vitest';
import type { Check, Trial } from '../../core/result.ts';
import { assertionsOf } from '../../reports/objective-text.ts';
import { judgeStep } from '../../reports/step-judge.ts';
import { trialOf } from '../trip-run.ts';

const objective = assertionsOf('latency.p99<50ms,reach=1');

interface Given {
  readonly p99?: number;
  readonly reach?: number;
  readonly busy?: number;
  readonly invalid?: readonly (readonly [id: string, value: number])[];
  readonly probes?: Trial['probes'];
  readonly change?: Partial<Trial>;
}

function judge(given: Given) {
  const { p99 = 5_000, reach = 1, busy = 0.5, invalid = [], probes, change = {} } = given;
  const checks = invalid.map(
    ([id, value]): Check => ({
      id,
      title: `the ${id}`,
      unit: 'share',
      value,
      limit: 0,
      ok: 'invalid',
      says: 'it is broken',
    }),
  );
  const trial = trialOf({
    validity: { state: checks.length > 0 ? 'invalid' : 'valid', checks },
    probes: { generatorUtilization: 0.4, ...probes },
    ...change,
  });
  const metrics = { 'latency.p99': p99, reach, 'server.busy': busy };
  return judgeStep({ ...trial, metrics }, objective);
}

describe('a step', () => {
  test('that meets the objective in a valid trial has passed', () => {
    expect(judge({})).toEqual({ outcome: 'pass', stop: undefined, again: undefined });
  });

  test('that misses it while the core of the server is busy was stopped by the server', () => {
    const { outcome, stop, again } = judge({ p99: 120_000, busy: 0.97 });
    expect([outcome, again]).toEqual(['fail', undefined]);
    expect(stop).toEqual({
      cause: 'server',
      metric: 'latency.p99',
      value: 120_000,
      limit: 50_000,
      says: 'latency p99 was 120 ms, and the server’s core was 97.0 % busy',
    });
  });

  test('that misses it with CPU to spare says that neither side had run out of it', () => {
    expect(judge({ reach: 0.9 })).toMatchObject({
      outcome: 'fail',
      stop: {
        cause: 'objective',
        metric: 'reach',
        says: 'reach was 90.000 %, while neither side had run out of CPU (server 50.0 % of a core, generator’s event loop 40.0 %)',
      },
    });
  });

  test.each([
    ['generator-loop', 0.85, 'the generator’s event loop was 85.0 % busy'],
    ['send-lateness', 9, 'it is broken (the send-lateness)'],
  ] as const)('in which %s is invalid is no fail and no pass', (id, value, says) => {
    for (const p99 of [5_000, 120_000]) {
      expect(judge({ p99, invalid: [[id, value]] })).toMatchObject({
        outcome: 'limited',
        stop: { cause: 'generator', says },
        again: undefined,
      });
    }
  });

  test('in which only the forecast of the head-room is bad goes by what happened', () => {
    expect(judge({ p99: 120_000, busy: 0.97, invalid: [['head-room', 1.7]] })).toMatchObject({
      outcome: 'fail',
      stop: { cause: 'server' },
    });
    const both = [['head-room', 1.7] as const, ['generator-loop', 0.9] as const];
    expect(judge({ p99: 120_000, busy: 0.97, invalid: both }).outcome).toBe('limited');
    expect(judge({ p99: 120_000, busy: 0.5, invalid: [['head-room', 1.7]] })).toMatchObject({
      outcome: 'limited',
      stop: {
        cause: 'generator',
        says: 'the generator can take only 1.70 times what it was offered',
      },
    });
    // A slow generator makes it harder to pass, so what passes was not helped by it.
    expect(judge({ busy: 0.97, invalid: [['head-room', 1.7]] }).outcome).toBe('pass');
    expect(judge({ busy: 0.5, invalid: both }).outcome).toBe('limited');
  });

  test.each(['pressure', 'server-queue', 'generator-queue', 'generator-gc'])(
    'that something else disturbed (%s) is run again; what passes nevertheless has passed',
    (id) => {
      const again = `it is broken (the ${id})`;
      expect(judge({ invalid: [[id, 1]] })).toMatchObject({ outcome: 'pass', again });
      expect(judge({ p99: 120_000, invalid: [[id, 1]] })).toMatchObject({
        outcome: 'limited',
        stop: { cause: 'machine' },
        again,
      });
    },
  );

  test('in which something else had the server’s core is run again, however busy its loop looks', () => {
    const probes = { serverUtilization: 0.97, serverMainCpuNs: 1e9 };
    const starved = { p99: 120_000, busy: 0.6, probes: { ...probes, serverMainWaitNs: 0.4e9 } };
    expect(judge(starved)).toMatchObject({
      outcome: 'limited',
      stop: { cause: 'machine' },
      again: 'something else ran on the server’s core',
    });
    const busy = { ...starved, probes: { ...probes, serverMainWaitNs: 0.05e9 } };
    expect(judge(busy)).toMatchObject({ outcome: 'fail', stop: { cause: 'server' } });
    // What passes nevertheless has passed.
    expect(judge({ ...starved, p99: 5_000 }).outcome).toBe('pass');
  });

  test('is not run again for the pressure that a busy server makes itself', () => {
    const busy = { p99: 120_000, busy: 0.97 };
    expect(judge({ ...busy, invalid: [['pressure', 0.6]] })).toMatchObject({
      outcome: 'fail',
      again: undefined,
    });
    expect(judge({ ...busy, invalid: [['server-queue', 0.6]] }).again).toContain('server-queue');
  });

  test('whose schedule the server could not keep is a fail of the server', () => {
    expect(judge({ invalid: [['offered-rate', 0.7]] })).toMatchObject({
      outcome: 'fail',
      stop: { cause: 'server' },
    });
  });

  test('in which clients could not connect was stopped by connections, files or ports', () => {
    const invalid = [['connects', 12]] as const;
    const closed = (cause: string) => ({ change: { closed: [{ cause, count: 12 }] } });
    expect(judge({ invalid, ...closed('connect: timed out') })).toMatchObject({
      outcome: 'fail',
      stop: { cause: 'connections', says: '12 the connects (connect: timed out)' },
    });
    expect(judge({ invalid, ...closed('connect: EMFILE') })).toMatchObject({
      outcome: 'limited',
      stop: { cause: 'descriptors' },
    });
    expect(judge({ invalid, ...closed('connect: EADDRNOTAVAIL') })).toMatchObject({
      outcome: 'limited',
      stop: { cause: 'ports' },
    });
  });

  test('whose trial failed is run again, and is held against whoever ended', () => {
    const failed = (says: string) => judge({ change: { outcome: 'failed', says } });
    expect(failed('generator worker 1 was ended by SIGKILL')).toMatchObject({
      outcome: 'limited',
      stop: { cause: 'generator' },
      again: expect.stringContaining('SIGKILL'),
    });
    expect(failed('the server of sse was ended by SIGKILL')).toMatchObject({
      outcome: 'fail',
      stop: { cause: 'server' },
    });
    expect(failed('none of 5 clients could connect: refused').stop?.cause).toBe('connections');
  });

  test('with a metric that was not measured has not passed', () => {
    const unknown = judgeStep({ ...trialOf({}), metrics: { reach: 1 } }, objective);
    expect(unknown).toMatchObject({
      outcome: 'fail',
      stop: { says: 'latency p99 could not be measured' },
    });
  });
});
