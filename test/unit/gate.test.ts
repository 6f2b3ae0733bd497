/** The rule of the gate on made-up rounds whose truth is known, and its error rates by simulation. */
import { describe, expect, it } from 'vitest';
import type { GateBatch, GateRound, GateRule } from '../../core/gate.ts';
import { judgePairs as judge, nextGateStep } from '../../core/gate.ts';
import { simulateGates } from '../../core/gate-power.ts';
import { createRandom } from '../../core/random.ts';

const latency: GateRule = { metric: 'latency', better: 'lower', margin: 0.1 };
const reach: GateRule = { metric: 'reach', better: 'higher', margin: 0 };
const family: GateRule[] = ['p50', 'p99', 'cpu', 'bytes', 'memory'].map((metric) => ({
  metric,
  better: 'lower',
  margin: 0.1,
}));

/** Rounds in which head is `ratio` of base, give or take `noise` (a standard deviation of the log). */
function rounds(
  count: number,
  rules: readonly GateRule[],
  ratioOf: (metric: string) => number,
  { noise = 0.03, seed = 1 } = {},
): GateRound[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      rules.map(({ metric }) => {
        const base = 1_000 * Math.exp(0.2 * random.normal());
        return [metric, { base, head: base * ratioOf(metric) * Math.exp(noise * random.normal()) }];
      }),
    ),
  );
}

function reachRounds(heads: readonly number[]): GateRound[] {
  return heads.map((head) => ({ reach: { head, base: 1 } }));
}

describe('one look', () => {
  it('passes what is the same, and says that a change is ruled out', () => {
    const [finding] = judge(
      rounds(8, [latency], () => 1),
      [latency],
    );
    expect(finding).toMatchObject({ state: 'passed', rounds: 8 });
    expect(finding?.ratio).toBeCloseTo(1, 1);
    expect(finding?.reason).toBe('a change for the worse beyond 10 % is ruled out');
  });

  it('finds a change of a quarter in either direction', () => {
    expect(
      judge(
        rounds(8, [latency], () => 1.25),
        [latency],
      )[0]?.state,
    ).toBe('regressed');
    expect(
      judge(
        rounds(8, [latency], () => 0.75),
        [latency],
      )[0]?.state,
    ).toBe('improved');
    const throughput: GateRule = { metric: 'latency', better: 'higher', margin: 0.1 };
    expect(
      judge(
        rounds(8, [latency], () => 0.75),
        [throughput],
      )[0]?.state,
    ).toBe('regressed');
  });

  it('is unclear where the noise is as large as the change', () => {
    const noisy = rounds(8, [latency], () => 1.1, { noise: 0.2 });
    expect(judge(noisy, [latency])[0]?.state).toBe('unclear');
  });

  it('lets five metrics of eight rounds through the correction', () => {
    const findings = judge(
      rounds(8, family, () => 1.5),
      family,
    );
    expect(findings.map(({ state }) => state)).toEqual(Array(5).fill('regressed'));
    expect(Math.max(...findings.map(({ p }) => p ?? 1))).toBeLessThan(0.05);
  });

  it('corrects for the other metrics of the family', () => {
    // Eight rounds that all point one way are just significant alone, by the signed-rank test.
    const alone =
      judge(
        rounds(8, [latency], () => 1.5),
        [latency],
      )[0]?.p ?? 1;
    const [first] = judge(
      rounds(8, family, (metric) => (metric === 'p50' ? 1.5 : 1)),
      family,
    );
    expect(alone).toBeCloseTo(2 / 256, 3);
    expect(first?.p).toBeCloseTo((5 * 2) / 256, 3);
  });

  it('takes any loss that comes again and again for real, however small', () => {
    const lossy = reachRounds(Array.from({ length: 8 }, (_, i) => 1 - (i + 1) * 1e-5));
    expect(judge(lossy, [reach])[0]).toMatchObject({
      state: 'regressed',
      reason: 'it is worse in round after round',
    });
    expect(judge(reachRounds(Array(8).fill(1)), [reach])[0]?.state).toBe('passed');
    expect(judge(reachRounds([0.9999, 1, 1, 1, 1, 1, 1, 1]), [reach])[0]?.state).toBe('unclear');
  });

  it('judges counts that are nothing by their difference', () => {
    const counts = [0, 0, 0, 0, 0, 0, 0, 0].map((base) => ({ latency: { base, head: 3 } }));
    expect(judge(counts, [latency])[0]?.state).toBe('regressed');
    const none = counts.map(() => ({ latency: { base: 0, head: 0 } }));
    expect(judge(none, [latency])[0]?.state).toBe('passed');
  });

  it('has no data where a metric was not measured', () => {
    expect(judge([], [latency])[0]).toMatchObject({
      state: 'no-data',
      reason: 'it was measured in no round',
    });
    const five = rounds(5, [latency], () => 1);
    expect(judge(five, [latency])[0]?.reason).toBe('it was measured in 5 rounds, and 6 are needed');
  });
});

describe('batch by batch', () => {
  const same = rounds(8, [latency], () => 1);
  const worse = rounds(8, [latency], () => 1.3);
  const noisy = rounds(8, [latency], () => 1.05, { noise: 0.15 });
  const step = (...batches: GateBatch[]) => nextGateStep(batches, [latency]);

  it('begins with a first batch', () => {
    expect(step()).toEqual({ kind: 'run', batch: 'first' });
  });

  it('stops after one that leaves nothing open', () => {
    expect(step({ kind: 'first', rounds: same })).toMatchObject({ outcome: 'passed' });
  });

  it('extends an unclear one once, and then says that it is unclear', () => {
    const first = { kind: 'first', rounds: noisy } as const;
    expect(step(first)).toEqual({ kind: 'run', batch: 'extension' });
    const extension = {
      kind: 'extension',
      rounds: rounds(8, [latency], () => 1.05, { noise: 0.4, seed: 9 }),
    } as const;
    expect(step(first, extension)).toMatchObject({ kind: 'decided', outcome: 'unclear' });
  });

  it('needs a second batch to agree before it fails', () => {
    const first = { kind: 'first', rounds: worse } as const;
    expect(step(first)).toEqual({ kind: 'run', batch: 'confirmation', suspects: ['latency'] });
    expect(step(first, { kind: 'confirmation', rounds: worse })).toMatchObject({
      outcome: 'regressed',
      findings: [
        { state: 'regressed', reason: expect.stringContaining('again in a second batch') },
      ],
    });
    expect(step(first, { kind: 'confirmation', rounds: same })).toMatchObject({
      outcome: 'unclear',
      findings: [
        { state: 'not-confirmed', reason: expect.stringContaining('but not in a second') },
      ],
    });
  });

  it('is confirmed by a second batch that is surely worse, and beyond the margin in the middle', () => {
    const first = { kind: 'first', rounds: worse } as const;
    const again = (ratio: number, noise: number): unknown => {
      const second = rounds(8, [latency], () => ratio, { noise, seed: 5 });
      const decided = step(first, { kind: 'confirmation', rounds: second });
      return 'findings' in decided ? decided.findings[0]?.state : undefined;
    };
    // By itself the batch would not show that it is beyond 10 %, only that it is worse.
    const second = rounds(8, [latency], () => 1.17, { noise: 0.08, seed: 5 });
    expect(judge(second, [latency])[0]?.state).toBe('unclear');
    expect(again(1.17, 0.08)).toBe('regressed');
    // Surely worse, and within the margin.
    expect(
      judge(
        rounds(8, [latency], () => 1.06, { noise: 0.01, seed: 5 }),
        [latency],
      )[0]?.state,
    ).toBe('passed');
    expect(again(1.06, 0.01)).toBe('not-confirmed');
    // Beyond it in the middle, and as likely chance.
    expect(again(1.2, 0.4)).toBe('not-confirmed');
  });

  it('measures the margin of what should be high as it does everywhere: as a ratio', () => {
    const rules: GateRule[] = [{ metric: 'deliveries', better: 'higher', margin: 0.1 }];
    const first = { kind: 'first', rounds: rounds(8, rules, () => 0.7) } as const;
    const again = (ratio: number): unknown => {
      const confirmation = rounds(8, rules, () => ratio, { noise: 0.01, seed: 4 });
      const decided = nextGateStep([first, { kind: 'confirmation', rounds: confirmation }], rules);
      return 'findings' in decided ? decided.findings[0]?.state : undefined;
    };
    // 1 / 1.1 = 0.909
    expect([again(0.905), again(0.92)]).toEqual(['regressed', 'not-confirmed']);
  });

  it('names what all rounds of a failing gate show besides, and nothing of one that passes', () => {
    const cpu: GateRule = { ...latency, metric: 'cpu' };
    const rules = [latency, cpu];
    // The cause is noisier than what it brings about: too noisy for one batch, not for two.
    const mixed = (seed: number, ratio: number): GateRound[] => {
      const quiet = rounds(8, [latency], () => ratio, { seed });
      const noisy = rounds(8, [cpu], () => 1.25, { seed: seed + 1, noise: 0.16 });
      return quiet.map((round, index) => ({ ...round, ...noisy[index] }));
    };
    const first: GateBatch = { kind: 'first', rounds: mixed(3, 1.5) };
    expect(judge(first.rounds, rules).map(({ state }) => state)).toEqual(['regressed', 'unclear']);
    const decided = nextGateStep([first, { kind: 'confirmation', rounds: mixed(9, 1.5) }], rules);
    expect(decided).toMatchObject({
      outcome: 'regressed',
      findings: [
        { metric: 'latency', state: 'regressed', rounds: 8 },
        { metric: 'cpu', state: 'regressed', rounds: 16 },
      ],
    });
    expect(
      nextGateStep([first, { kind: 'confirmation', rounds: mixed(9, 1) }], rules),
    ).toMatchObject({
      outcome: 'unclear',
      findings: [{ state: 'not-confirmed' }, { state: 'unclear', rounds: 8 }],
    });
  });

  it('fails without data, without running anything more', () => {
    expect(step({ kind: 'first', rounds: [] })).toMatchObject({ outcome: 'no-data' });
  });
});

describe('error rates of the whole rule', () => {
  const options = { rounds: 8, gates: 300, random: createRandom(7) };

  it('raises at most 1 false alarm in 40 on pools of noise', () => {
    for (const noise of [0.02, 0.1, 0.3]) {
      const pool = rounds(40, family, () => 1, { noise, seed: 3 });
      expect(simulateGates(pool, family, options).regressed).toBeLessThanOrEqual(1 / 40);
    }
  });

  it('finds a change of a quarter under 5 % noise nearly always, and names the metric', () => {
    const pool = rounds(40, family, (metric) => (metric === 'cpu' ? 1.25 : 1), { noise: 0.05 });
    const rates = simulateGates(pool, family, options);
    expect(rates.regressed).toBeGreaterThan(0.9);
    expect(rates.byMetric['cpu']).toBe(rates.regressed);
    expect(Object.keys(rates.byMetric)).toEqual(['cpu']);
  });

  it('refuses a pool without rounds', () => {
    expect(() => simulateGates([], family, options)).toThrow(RangeError);
  });
});
