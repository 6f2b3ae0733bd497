import { describe, expect, test } from 'vitest';
import type { Check } from '../../core/result.ts';
import type { Evidence } from '../../loadgen/validity.ts';
import { judge } from '../../loadgen/validity.ts';
import { sound } from '../sound-evidence.ts';

const probes = (changed: Readonly<Record<string, number>>): Partial<Evidence> => ({
  probes: { ...sound.probes, ...changed },
});
const without = (...names: readonly string[]): Partial<Evidence> => ({
  probes: Object.fromEntries(
    Object.entries(sound.probes).filter(([name]) => !names.includes(name)),
  ),
});

function checkOf(id: string, changed: Partial<Evidence>): Check {
  const found = judge({ ...sound, ...changed }).checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(`there is no rule '${id}'`);
  return found;
}

interface Limit {
  readonly rule: string;
  /** The worst that still passes, and the least that does not. */
  readonly at: Partial<Evidence>;
  readonly beyond: Partial<Evidence>;
  readonly ok: 'suspect' | 'invalid';
  readonly limit: number;
  readonly says: RegExp;
}

const limits: readonly Limit[] = [
  {
    rule: 'offered-rate',
    at: probes({ sent: 995 }),
    beyond: probes({ sent: 994 }),
    ok: 'invalid',
    limit: 0.995,
    says: /load that was asked for was not offered/,
  },
  {
    rule: 'send-lateness',
    at: probes({ slipP99Us: 1_000 }),
    beyond: probes({ slipP99Us: 1_001 }),
    ok: 'suspect',
    limit: 1_000,
    says: /generator sent late/,
  },
  {
    rule: 'send-lateness',
    at: probes({ slipP99Us: 1_000 }),
    beyond: probes({ slipP99Us: 2_501 }),
    ok: 'invalid',
    limit: 2_500,
    says: /generator sent late/,
  },
  {
    rule: 'timer',
    at: probes({ slipP50Us: 100 }),
    beyond: probes({ slipP50Us: 101 }),
    ok: 'suspect',
    limit: 0.1,
    says: /timer is a visible part/,
  },
  {
    rule: 'generator-loop',
    at: probes({ generatorUtilization: 0.6 }),
    beyond: probes({ generatorUtilization: 0.61 }),
    ok: 'suspect',
    limit: 0.6,
    says: /generator, not the server/,
  },
  {
    rule: 'generator-loop',
    at: probes({ generatorUtilization: 0.6 }),
    beyond: probes({ generatorUtilization: 0.81 }),
    ok: 'invalid',
    limit: 0.8,
    says: /generator, not the server/,
  },
  {
    rule: 'generator-probe',
    at: probes({ generatorProbeP99Us: 12_000 }),
    beyond: probes({ generatorProbeP99Us: 12_001 }),
    ok: 'suspect',
    limit: 12_000,
    says: /generator ran things late/,
  },
  {
    rule: 'generator-gc',
    at: probes({ generatorGcLongestMs: 5 }),
    beyond: probes({ generatorGcLongestMs: 5.1 }),
    ok: 'invalid',
    limit: 5,
    says: /one pause of the generator/,
  },
  {
    rule: 'generator-queue',
    at: probes({ generatorWaitShare: 0.05 }),
    beyond: probes({ generatorWaitShare: 0.051 }),
    ok: 'suspect',
    limit: 0.05,
    says: /generator’s core/,
  },
  {
    rule: 'generator-queue',
    at: probes({ generatorWaitShare: 0.05 }),
    beyond: probes({ generatorWaitShare: 0.151 }),
    ok: 'invalid',
    limit: 0.15,
    says: /generator’s core/,
  },
  {
    rule: 'server-queue',
    at: probes({ serverMainWaitNs: 50 }),
    beyond: probes({ serverMainWaitNs: 51 }),
    ok: 'suspect',
    limit: 0.05,
    says: /server’s core/,
  },
  {
    rule: 'server-queue',
    at: probes({ serverMainWaitNs: 50 }),
    beyond: probes({ serverMainWaitNs: 151 }),
    ok: 'invalid',
    limit: 0.15,
    says: /server’s core/,
  },
  {
    rule: 'steal',
    at: probes({ stealShare: 0.05 }),
    beyond: probes({ stealShare: 0.051 }),
    ok: 'suspect',
    limit: 0.05,
    says: /machine is shared/,
  },
  {
    rule: 'pressure',
    at: probes({ pressureShare: 0.2 }),
    beyond: probes({ pressureShare: 0.21 }),
    ok: 'suspect',
    limit: 0.2,
    says: /busy with other work/,
  },
  {
    rule: 'pressure',
    at: probes({ pressureShare: 0.2 }),
    beyond: probes({ pressureShare: 0.51 }),
    ok: 'invalid',
    limit: 0.5,
    says: /busy with other work/,
  },
  {
    rule: 'connects',
    at: { failedConnects: 0 },
    beyond: { failedConnects: 1 },
    ok: 'invalid',
    limit: 0,
    says: /fewer clients took part/,
  },
  {
    rule: 'connections-kept',
    at: { closedEarly: 0 },
    beyond: { closedEarly: 1 },
    ok: 'invalid',
    limit: 0,
    says: /clients left before the end/,
  },
  {
    rule: 'clock',
    at: { beforeDue: 0 },
    beyond: { beforeDue: 1 },
    ok: 'invalid',
    limit: 0,
    says: /clocks of two processes disagree/,
  },
  {
    rule: 'foreign',
    at: { foreign: 0 },
    beyond: { foreign: 1 },
    ok: 'suspect',
    limit: 0,
    says: /something else publishes here/,
  },
  {
    rule: 'head-room',
    at: { headRoom: 2 },
    beyond: { headRoom: 1.99 },
    ok: 'invalid',
    limit: 2,
    says: /too little to spare/,
  },
];

describe('a sound trial', () => {
  test('passes every check, each within its limit', () => {
    const { state, checks } = judge(sound);
    expect(state).toBe('valid');
    expect(checks.filter(({ ok }) => ok !== 'pass')).toEqual([]);
    expect(checks.every(({ value, limit }) => value !== undefined && limit !== undefined)).toBe(
      true,
    );
  });

  test('is judged by rules of which each is tried out here', () => {
    const tried = new Set([...limits.map(({ rule }) => rule), 'steady']);
    expect(
      judge(sound)
        .checks.map(({ id }) => id)
        .filter((id) => !tried.has(id)),
    ).toEqual([]);
  });
});

describe('a rule', () => {
  test.each(limits)(
    '$rule passes at its limit, is $ok beyond $limit, and says why',
    ({ rule, at, beyond, ok, limit, says }) => {
      expect(checkOf(rule, at)).toMatchObject({ ok: 'pass', says: 'within its limit' });
      expect(checkOf(rule, beyond)).toMatchObject({ ok, limit, says: expect.stringMatching(says) });
      const others = judge({ ...sound, ...beyond }).checks.filter(({ id }) => id !== rule);
      expect(others.filter(({ ok }) => ok !== 'pass')).toEqual([]);
      expect(judge({ ...sound, ...beyond }).state).toBe(ok);
    },
  );

  test('that makes invalid outweighs one that makes suspect', () => {
    expect(judge({ ...sound, foreign: 3, failedConnects: 1 }).state).toBe('invalid');
  });

  test.each([
    { latencyP50: 1_000, limit: 1_000 },
    { latencyP50: 50_000, limit: 10_000 },
    { latencyP50: undefined, limit: 1_000 },
  ])(
    'on late sending allows $limit µs where the median latency is $latencyP50',
    ({ latencyP50, limit }) => {
      const check = (slipP99Us: number) =>
        checkOf('send-lateness', { latencyP50, ...probes({ slipP99Us }) });
      expect(check(limit).ok).toBe('pass');
      expect(check(limit + 1).ok).not.toBe('pass');
    },
  );

  test.each(['server', 'generator'] as const)(
    'waits of the %s that are short beside the latency are suspect at most, whatever their share',
    (of) => {
      // 45 µs for each of 200 switches, half of which are the main thread's; 100 µs are what a wake-up costs.
      const waits = (mainWaitNs: number) =>
        checkOf(`${of}-queue`, {
          latencyP50: 1_000,
          ...probes({
            [`${of}MainWaitNs`]: mainWaitNs,
            [`${of}ContextSwitches`]: 200,
            serverMainCpuNs: 4 * mainWaitNs,
            generatorWaitShare: 0.25,
          }),
        });
      expect(waits(9_000_000)).toMatchObject({ ok: 'suspect', value: 0.25 });
      expect(waits(10_100_000)).toMatchObject({ ok: 'invalid', value: 0.25 });
    },
  );

  test('on late sending does not judge a server that publishes, and says so', () => {
    const check = checkOf('send-lateness', {
      generatorSends: false,
      ...probes({ slipP99Us: 1e6 }),
    });
    expect(check).toMatchObject({
      ok: 'pass',
      value: 1e6,
      says: expect.stringMatching(/^not judged: the server publishes or asks/),
    });
  });
});

describe('of several loads', () => {
  test('the one that was offered worst is judged', () => {
    const check = checkOf('offered-rate', probes({ tripsPlanned: 200, tripsSent: 198 }));
    expect(check).toMatchObject({ ok: 'invalid', value: 0.99 });
  });

  test('the lateness of what the generator sends is judged, not that of the server', () => {
    expect(
      checkOf('send-lateness', probes({ slipP99Us: 1e6, generatorSlipP99Us: 1 })),
    ).toMatchObject({ ok: 'pass', value: 1 });
  });
});

describe('head-room', () => {
  test.each<Partial<Evidence>>([{ flow: 'request' }, { flow: 'ask' }, { toEverybody: false }])(
    'is not judged where %o',
    (changed) => {
      expect(checkOf('head-room', { ...changed, headRoom: undefined })).toMatchObject({
        ok: 'pass',
        says: expect.stringMatching(/^not judged: it is found by flooding everybody/),
      });
    },
  );
});

describe('a check without evidence', () => {
  test.each([
    { rule: 'offered-rate', evidence: without('sent') },
    { rule: 'offered-rate', evidence: without('planned') },
    { rule: 'offered-rate', evidence: probes({ planned: 0, sent: 0 }) },
    { rule: 'send-lateness', evidence: without('slipP99Us') },
    { rule: 'timer', evidence: without('slipP50Us') },
    { rule: 'timer', evidence: { latencyP50: undefined } },
    { rule: 'generator-loop', evidence: without('generatorUtilization') },
    { rule: 'generator-probe', evidence: without('generatorProbeP99Us') },
    { rule: 'generator-gc', evidence: without('generatorGcLongestMs') },
    { rule: 'generator-queue', evidence: without('generatorWaitShare') },
    { rule: 'server-queue', evidence: without('serverMainWaitNs') },
    { rule: 'server-queue', evidence: without('serverMainCpuNs') },
    { rule: 'steal', evidence: without('stealShare') },
    { rule: 'pressure', evidence: without('pressureShare') },
    { rule: 'head-room', evidence: { headRoom: undefined } },
    { rule: 'steady', evidence: { series: [] } },
    { rule: 'steady', evidence: { series: [1, 2, 3, 4, 5, 6, 7, 8, 9] } },
  ])('$rule is not measured, which is no pass', ({ rule, evidence }) => {
    const check = checkOf(rule, evidence);
    expect(check).toMatchObject({ ok: 'not-measured', says: 'not measured on this machine' });
    expect(check.value).toBeUndefined();
  });
});

describe('steadiness', () => {
  const series = (value: (i: number) => number) => Array.from({ length: 100 }, (_, i) => value(i));
  const wobble = (i: number) => (i * 7) % 5;

  test.each([
    { says: 'no change', series: series((i) => 1_000 + wobble(i)), ok: 'pass' },
    { says: 'a rise of a fifth', series: series((i) => 1_000 + 2 * i + wobble(i)), ok: 'pass' },
    { says: 'a rise of a third', series: series((i) => 1_000 + 4 * i + wobble(i)), ok: 'suspect' },
    { says: 'a fall of a third', series: series((i) => 1_400 - 4 * i + wobble(i)), ok: 'suspect' },
    {
      says: 'a doubling near the end',
      series: series((i) => (i < 70 ? 1_000 : 2_000) + wobble(i)),
      ok: 'suspect',
    },
    {
      says: 'a single outlier early on',
      series: series((i) => (i === 20 ? 100_000 : 1_000) + wobble(i)),
      ok: 'pass',
    },
    { says: 'zeros', series: series(() => 0), ok: 'pass' },
  ])('over $says is $ok', ({ series, ok }) => {
    expect(checkOf('steady', { series }).ok).toBe(ok);
  });
});
