/** What a gate prints, byte for byte, in all four forms; and what counts as kept. */
import { describe, expect, it, test } from 'vitest';
import type { GateFinding } from '../../core/gate.ts';
import { parseAssertions } from '../../core/objective.ts';
import type { GateRecord } from '../../core/records/gate.ts';
import { gateRecordSchema } from '../../core/records/gate.ts';
import type { RunResult, Trial } from '../../core/result.ts';
import { checkAssertions } from '../../reports/gate/assertions.ts';
import { gateJunit } from '../../reports/gate/junit.ts';
import { gateMarkdown } from '../../reports/gate/markdown.ts';
import type { ArmRule } from '../../reports/gate/rules.ts';
import { defaultRules, marginOf, parseRules } from '../../reports/gate/rules.ts';
import { gateTerminal } from '../../reports/gate/terminal.ts';
import { describeFinding, limitText, summarise } from '../../reports/gate/words.ts';
import { metrics } from '../../reports/metrics/registry.ts';

const rules = defaultRules(
  ['sse'],
  ['latency.p99', 'server.cpu', 'reach', 'latency.p50', 'wire.bytes'],
  0.1,
);
const rule = (index: number): ArmRule => rules[index] as ArmRule;

const findings: readonly GateFinding[] = [
  {
    metric: 'sse.latency.p99',
    margin: 0.2,
    state: 'regressed',
    rounds: 8,
    head: 1_312,
    base: 1_020,
    ratio: 1.286,
    low: 1.22,
    high: 1.36,
    p: 0.016,
    reason: 'it is worse beyond the 20 % margin, and again in a second batch',
  },
  {
    metric: 'sse.server.cpu',
    margin: 0.1,
    state: 'unclear',
    rounds: 8,
    head: 6_100,
    base: 5_700,
    ratio: 1.07,
    low: 0.98,
    high: 1.17,
    p: 1,
    reason: 'a change for the worse beyond 10 % is neither shown nor ruled out',
  },
  {
    metric: 'sse.reach',
    margin: 0,
    state: 'passed',
    rounds: 8,
    head: 1,
    base: 1,
    p: 1,
    reason: 'it is no worse',
  },
  {
    metric: 'sse.latency.p50',
    margin: 0.1,
    state: 'no-data',
    rounds: 0,
    head: undefined,
    base: undefined,
    p: undefined,
    reason: 'it was measured in no round',
  },
];

function record(outcome: GateRecord['outcome'], which: readonly GateFinding[]): GateRecord {
  const gate = {
    head: { name: 'head', commit: '0123456789ab' },
    base: { name: 'main', commit: 'ba9876543210' },
    outcome,
    batches: [{ kind: 'first' as const, firstRound: 0, rounds: 8 }],
    findings: which.map((finding, index) => describeFinding(finding, rule(index))),
    assertions: [
      {
        text: 'reach=1',
        arm: 'sse',
        metric: 'reach',
        state: 'kept' as const,
        value: 1,
        says: 'sse reach kept to reach=1 in all of 8 trials.',
      },
    ],
  };
  return {
    ...gate,
    says: summarise(gate),
    calibration: [
      {
        pool: 40,
        gates: 2_000,
        regressed: 0.004,
        unclear: 0.2,
        byMetric: {},
        measuredAt: '2026-01-01T00:00:00.000Z',
      },
      {
        inject: 'delay=5ms,share=2%',
        pool: 40,
        gates: 2_000,
        regressed: 0.83,
        unclear: 0.1,
        byMetric: { 'sse.latency.p99': 0.83 },
        measuredAt: '2026-01-01T00:00:00.000Z',
      },
    ],
  };
}

const regressed = record('regressed', findings);
const passed = record(
  'passed',
  findings.slice(2, 3).map((one) => ({ ...one, metric: 'sse.latency.p99' })),
);
const context = {
  scenario: 'broadcast',
  command: "npm run check -- broadcast --base-ref main --assert 'reach=1'",
};

describe('golden files', () => {
  test.each([
    ['regressed', regressed],
    ['passed', passed],
  ])('%s', async (name, gate) => {
    const golden = (extension: string): string => `../golden/gate-${name}.${extension}`;
    await expect(gateTerminal(gate, { color: false })).toMatchFileSnapshot(golden('txt'));
    await expect(gateMarkdown(gate, context)).toMatchFileSnapshot(golden('md'));
    await expect(gateJunit(gate, 'broadcast')).toMatchFileSnapshot(golden('xml'));
    const json = JSON.stringify(gateRecordSchema.parse(gate), undefined, 2);
    await expect(`${json}\n`).toMatchFileSnapshot(golden('json'));
  });

  it('keeps names of arms and commits what they are: text', () => {
    const evil = { ...passed, says: 'x <img src=x> | & "q" `c`' };
    expect(gateMarkdown(evil, context)).toContain('x \\<img src=x\\> \\| & "q" \\`c\\`');
    const named = { ...evil, findings: [{ ...evil.findings[0], metric: '<&">' }] } as GateRecord;
    expect(gateJunit(named, 'a"b')).toContain('name="&lt;&amp;&quot;&gt;"');
  });
});

describe('rules', () => {
  it('gives each kind of metric a margin that suits it', () => {
    expect(marginOf('reach', 0.1)).toBe(0);
    expect(marginOf('wire.bytes', 0.1)).toBe(0.02);
    expect(marginOf('latency.p99', 0.1)).toBe(0.2);
    expect(marginOf('latency.p50', 0.1)).toBe(0.1);
  });

  it('shares out five metrics among the arms', () => {
    const two = defaultRules(['sse', 'ws'], ['latency.p99', 'server.cpu', 'reach'], 0.1);
    expect(two.map(({ metric }) => metric)).toEqual([
      'sse.latency.p99',
      'sse.server.cpu',
      'ws.latency.p99',
      'ws.server.cpu',
    ]);
    // A slope has no ratio, so it takes nobody's place.
    expect(defaultRules(['ws'], ['soak.drift.p50', 'server.cpu'], 0.1)).toMatchObject([
      { id: 'server.cpu' },
    ]);
  });

  it('reads metrics with and without an arm and a margin', () => {
    expect(parseRules(['latency.p99=15%', 'ws.reach'], ['sse', 'ws'], 0.1)).toEqual([
      { metric: 'sse.latency.p99', better: 'lower', margin: 0.15, arm: 'sse', id: 'latency.p99' },
      { metric: 'ws.latency.p99', better: 'lower', margin: 0.15, arm: 'ws', id: 'latency.p99' },
      { metric: 'ws.reach', better: 'higher', margin: 0, arm: 'ws', id: 'reach' },
    ]);
  });

  test.each([
    [['latency.p98'], "there is no metric 'latency.p98'"],
    [['latency.p99=15'], 'no unit'],
    [['soak.memory.growth'], 'has no ratio that a gate could judge'],
    [['reach', 'sse.reach'], 'sse.reach is named twice'],
    [Object.keys(metrics).slice(0, 6), '6 metrics are more than a gate can look at (5)'],
  ])('refuses %j', (texts, problem) => {
    expect(parseRules(texts, ['sse'], 0.1)).toMatchObject({
      problem: expect.stringContaining(problem),
    });
  });
});

describe('limits', () => {
  /** A p99 that is this is that of what never came. */
  const DEADLINE_US = 5_000_000;
  const runOf = (id: string, values: readonly number[]): RunResult =>
    ({
      points: [{}],
      trials: values.map((value, round) => ({
        arm: 'sse',
        round,
        point: {},
        outcome: 'completed',
        validity: { state: 'valid', checks: [] },
        probes: { deadlineUs: DEADLINE_US },
        ledger: { lost: value === DEADLINE_US ? 1 : 0 },
        metrics: { [id]: value },
      })) as unknown as Trial[],
    }) as unknown as RunResult;
  const stateOf = (text: string, id: string, values: readonly number[]): string | undefined => {
    const parsed = parseAssertions(text, (name) =>
      name in metrics ? metrics[name as keyof typeof metrics].unit : undefined,
    );
    if ('problem' in parsed) throw new Error(parsed.problem);
    return checkAssertions(runOf(id, values), parsed, ['sse'])[0]?.state;
  };

  test.each([
    ['latency.p99<20ms', 'latency.p99', [9_000, 10_000, 11_000], 'kept'],
    ['latency.p99<20ms', 'latency.p99', [29_000, 30_000, 31_000], 'broken'],
    ['latency.p99<20ms', 'latency.p99', [15_000, 20_000, 26_000], 'unclear'],
    ['latency.p99<20ms', 'latency.p99', [], 'no-data'],
    ['latency.p99<20ms', 'latency.p50', [1], 'no-data'],
    ['sse.reach=1', 'reach', [1, 1, 1], 'kept'],
    // A loss in one trial is a loss, however many trials had none.
    ['reach=1', 'reach', [1, 1, 1, 0.9999], 'broken'],
    ['reach>=99.9%', 'reach', [1, 0.9995], 'kept'],
    // What never came is later than any limit, also than one above the deadline.
    ['latency.p99<10s', 'latency.p99', [DEADLINE_US], 'broken'],
    ['latency.p99<10s', 'latency.p99', [5.4e6, 5.5e6, 5.6e6], 'kept'],
    ['latency.p99<10s', 'latency.p99', [9_000, DEADLINE_US], 'broken'],
    ['latency.p99<10s', 'latency.p99', [9_000, 9_000, DEADLINE_US], 'unclear'],
    ['latency.p99<4s', 'latency.p99', [4.4e6, 4.5e6, 4.5e6, DEADLINE_US], 'broken'],
    ['latency.p99>1s', 'latency.p99', [DEADLINE_US], 'kept'],
  ])('%s on %s %j is %s', (text, id, values, state) => {
    expect(stateOf(text, id, values)).toBe(state);
  });
});

test('a limit that is one of each arm is named with its arm, in every form', () => {
  const assertions = ['sse', 'ws'].map((arm) => ({
    text: 'reach=1',
    arm,
    metric: 'reach',
    state: 'no-data' as const,
    says: `${arm} reach was not measured in any valid trial.`,
  }));
  const gate = {
    head: { name: 'x' },
    outcome: 'no-data' as const,
    batches: [],
    findings: [],
    assertions,
  };
  const record: GateRecord = { ...gate, says: summarise(gate), calibration: [] };
  expect(record.says).toMatch(/^There is no data on sse\.reach=1, ws\.reach=1, /);
  expect(gateMarkdown(record, { scenario: 'broadcast', command: 'x' })).toContain('`ws.reach=1`');
  expect(gateJunit(record, 'broadcast')).toContain('name="ws.reach=1"');
  expect(limitText({ arm: 'ws', text: 'ws.reach=1' })).toBe('ws.reach=1');
});
