/** Whether a step of a search passed, and whose fault it is where it did not. */
import { describe, expect, test } from 'vitest';
import type { Check, Trial } from '../../core/result.ts';
import { assertionsOf } from '../../reports/objective-text.ts';
import { judgeStep } from '../../reports/step-judge.ts';
import { histogramOf, NO_HISTOGRAMS, NO_LEDGER, trialOf } from '../trip-run.ts';

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

  test('in which all clients were refused for want of files or ports shows the generator’s limit', () => {
    const failed = (cause: string) =>
      judge({ change: { outcome: 'failed', says: `none of 5 clients could connect: ${cause}` } });
    for (const [error, cause] of [
      ['connect EMFILE 127.0.0.1:80', 'descriptors'],
      ['connect EADDRNOTAVAIL 127.0.0.1:80', 'ports'],
    ]) {
      expect(failed(error ?? '')).toMatchObject({
        outcome: 'limited',
        stop: { cause },
        again: undefined,
      });
    }
    // Said by a server that ran out of files, it is the server's.
    const says = 'the server of sse was ended: accept EMFILE';
    expect(judge({ change: { outcome: 'failed', says } }).stop?.cause).toBe('server');
  });

  test('that lost messages keeps to no latency, though its limit is above the deadline', () => {
    const lax = assertionsOf('latency.p99<2s');
    const lossy = (lost: number) =>
      trialOf({
        flow: 'delivery',
        ledger: { ...NO_LEDGER, expected: 100, received: 100 - lost, lost },
        histograms: { ...NO_HISTOGRAMS, due: histogramOf(new Array(100 - lost).fill(900)) },
        probes: { deadlineUs: 1_000_000 },
      });
    expect(judgeStep(lossy(0), lax).outcome).toBe('pass');
    expect(lossy(50).metrics['latency.p99']).toBe(1_000_000);
    expect(judgeStep(lossy(50), lax)).toMatchObject({
      outcome: 'fail',
      stop: { metric: 'latency.p99', says: expect.stringContaining('latency p99 was > 1.00 s') },
    });
  });

  test('with a fault of another kind than a disturbance has not passed, in its clocks for one', () => {
    for (const id of ['clock', 'foreign']) {
      expect(judge({ invalid: [[id, 1]] })).toMatchObject({
        outcome: 'limited',
        stop: { cause: 'machine' },
        again: `it is broken (the ${id})`,
      });
    }
    const both = [['pressure', 0.6] as const, ['clock', 1] as const];
    expect(judge({ invalid: both })).toMatchObject({
      outcome: 'limited',
      again: 'it is broken (the clock)',
    });
  });

  test('that fell behind its schedule has not passed, however lax the objective', () => {
    const behind = (backlogGrowth: number, busy = 0.5) =>
      judge({ busy, probes: { backlogGrowth } });
    expect(behind(0).outcome).toBe('pass');
    // Within what noise does.
    expect(behind(0.019).outcome).toBe('pass');
    expect(behind(0.25, 0.97)).toEqual({
      outcome: 'fail',
      stop: {
        cause: 'server',
        value: 0.25,
        limit: 0.02,
        says: 'it fell behind: messages came at only 80.0 % of the rate at which they were due, and the server’s core was 97.0 % busy',
      },
      again: undefined,
    });
    expect(behind(0.25).stop?.cause).toBe('objective');
    // It may be the machine that made it fall behind.
    expect(judge({ probes: { backlogGrowth: 0.25 }, invalid: [['pressure', 0.6]] })).toMatchObject({
      outcome: 'limited',
      again: 'it is broken (the pressure)',
    });
  });

  test('that a narrow path kept from its objective names the path', () => {
    const path = { routeBytesPerS: 2 ** 21, clients: 10, durationNs: 2e9 };
    const carried = (share: number) =>
      judge({ p99: 120_000, probes: { ...path, wireBytes: share * 2 ** 21 * 10 * 2 } });
    expect(carried(0.97)).toMatchObject({
      outcome: 'fail',
      stop: {
        cause: 'network',
        says: 'latency p99 was 120 ms, and each connection carried 1.94 MiB/s of the 2.00 MiB/s that the relay lets through',
      },
    });
    expect(carried(0.5).stop?.cause).toBe('objective');
    // Full it is whatever else runs.
    const full = { ...path, wireBytes: 0.97 * 2 ** 21 * 10 * 2 };
    const disturbed = judge({ p99: 120_000, invalid: [['pressure', 0.6]], probes: full });
    expect([disturbed.stop?.cause, disturbed.again]).toEqual(['network', undefined]);
    // What a library hides is what the server wrote.
    const written = { ...path, serverBytesOut: 0.97 * 2 ** 21 * 10 * 2 };
    expect(judge({ p99: 120_000, probes: written }).stop?.cause).toBe('network');
    expect(judge({ p99: 120_000, busy: 0.97, probes: written }).stop?.cause).toBe('server');
  });

  test('that a busy proxy kept from its objective names the proxy, whoever it took the cores from', () => {
    const proxy = { proxyBusyShare: 0.96, serverMainCpuNs: 1e9, serverMainWaitNs: 0.6e9 };
    const invalid = [['server-queue', 0.6] as const, ['pressure', 0.8] as const];
    expect(judge({ p99: 120_000, invalid, probes: proxy })).toMatchObject({
      outcome: 'fail',
      stop: {
        cause: 'proxy',
        says: 'latency p99 was 120 ms, and the proxy was busy: 96.0 % of the time it ran or waited for a core',
      },
      again: undefined,
    });
    const idle = { ...proxy, proxyBusyShare: 0.5 };
    expect(judge({ p99: 120_000, invalid, probes: idle }).stop?.cause).toBe('machine');
  });

  test('of several server processes goes by all that they can use, and not by who waits for whom', () => {
    const crowd = { serversPerCore: 4, serverMainCpuNs: 1e9, serverMainWaitNs: 2e9 };
    // They wait for each other, which is nobody else's doing.
    expect(
      judge({ p99: 120_000, busy: 0.95, probes: { ...crowd, serverBusyShare: 0.95 } }),
    ).toMatchObject({ outcome: 'fail', stop: { cause: 'server' }, again: undefined });
    // A loop that waits for its siblings looks busy; only CPU tells.
    const waiting = { ...crowd, serverUtilization: 0.99, serverBusyShare: 0.6 };
    expect(judge({ p99: 120_000, probes: waiting })).toMatchObject({
      outcome: 'fail',
      stop: { cause: 'objective' },
      again: undefined,
    });
    // On four cores, 0.9 of one is not much.
    const spread = judge({ p99: 120_000, busy: 0.9, probes: { serverBusyShare: 0.225 } });
    expect(spread.stop).toMatchObject({
      cause: 'objective',
      says: expect.stringContaining('server 22.5 % of the CPU that it can use'),
    });
  });

  test('with a metric that was not measured has not passed', () => {
    const unknown = judgeStep({ ...trialOf({}), metrics: { reach: 1 } }, objective);
    expect(unknown).toMatchObject({
      outcome: 'fail',
      stop: { says: 'latency p99 could not be measured' },
    });
  });
});
