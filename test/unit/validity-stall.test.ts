/** The rules for trials in which clients stopped reading: what each lets pass at its limit, and what not beyond it. */
import { expect, test } from 'vitest';
import type { StallRecord } from '../../core/records/stall.ts';
import type { Check } from '../../core/result.ts';
import { stallRecord } from '../../loadgen/stall-record.ts';
import { judge } from '../../loadgen/validity.ts';
import { sound } from '../sound-evidence.ts';
import { evidenceOf } from '../stall-evidence.ts';

const record: StallRecord = { ...stallRecord(evidenceOf()), offeredBytes: 2 ** 25 };

function checkOf(id: string, changed: Partial<StallRecord>): Check {
  const { checks } = judge({ ...sound, stall: { ...record, ...changed } });
  const found = checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(`there is no rule '${id}'`);
  return found;
}

interface Limit {
  readonly rule: string;
  /** The worst that still passes, and the least that does not. */
  readonly at: Partial<StallRecord>;
  readonly beyond: Partial<StallRecord>;
  readonly ok: 'suspect' | 'invalid';
  readonly says: RegExp;
}

const MIB = 2 ** 20;
const { recovery, accounts } = record;

test.each<Limit>([
  {
    rule: 'stalled',
    at: { planned: 4, stalled: 4 },
    beyond: { planned: 4, stalled: 3 },
    ok: 'invalid',
    says: /not as many clients stopped as were to/,
  },
  {
    rule: 'stalled',
    at: { planned: 4, stalled: 4 },
    beyond: { planned: 4, stalled: 5 },
    ok: 'invalid',
    says: /not as many clients stopped as were to/,
  },
  {
    rule: 'stall-held',
    at: { readOn: 0 },
    beyond: { readOn: 1 },
    ok: 'invalid',
    says: /went on reading/,
  },
  {
    rule: 'stall-offered',
    at: { offeredBytes: 16 * MIB },
    beyond: { offeredBytes: 16 * MIB - 1 },
    ok: 'suspect',
    says: /may never have had anything to do; try a longer --stall/,
  },
  {
    rule: 'healthy-kept',
    at: { othersClosed: 0 },
    beyond: { othersClosed: 1 },
    ok: 'invalid',
    says: /some of them were cut off themselves/,
  },
  {
    rule: 'drop-accounts',
    at: { accounts: { ...accounts, disagreement: 0 } },
    beyond: { accounts: { ...accounts, disagreement: 1 } },
    ok: 'invalid',
    says: /one of the two counts is wrong/,
  },
  {
    rule: 'caught-up',
    at: { recovery: { ...recovery, behind: 0 } },
    beyond: { recovery: { ...recovery, behind: 1 } },
    ok: 'suspect',
    says: /had not; try a longer --duration/,
  },
])('$rule holds at its limit, and not beyond it', ({ rule, at, beyond, ok, says }) => {
  expect(checkOf(rule, at)).toMatchObject({ ok: 'pass', says: 'within its limit' });
  expect(checkOf(rule, beyond)).toMatchObject({ ok, says: expect.stringMatching(says) });
});

test('how much was offered is not judged where nobody was to stop', () => {
  expect(checkOf('stall-offered', { planned: 0, stalled: 0, offeredBytes: 0 })).toMatchObject({
    ok: 'pass',
    says: 'not judged: nobody was to stop',
  });
});

test('accounts that cannot be told are no pass', () => {
  const { disagreement: _, ...unknown } = accounts;
  expect(checkOf('drop-accounts', { accounts: unknown }).ok).toBe('not-measured');
});

test('memory at rest has settled while it moves by two of a hundred of what connections take', () => {
  const step = (connections: number, serverBytes: number, movedBytes: number) => ({
    connections,
    serverBytes,
    generatorBytes: 0,
    settledMs: 1,
    movedBytes,
  });
  const settled = (movedBytes: number): Check | undefined =>
    judge({
      ...sound,
      rest: {
        lost: 0,
        memory: [step(0, 1_000_000, 0), step(50, 1_500_000, movedBytes), step(100, 2_000_000, 0)],
        cpu: [],
      },
    }).checks.find(({ id }) => id === 'settled');
  expect(settled(20_000)?.ok).toBe('pass');
  expect(settled(20_001)?.ok).toBe('suspect');
  expect(settled(100_000)?.ok).toBe('suspect');
  expect(settled(100_001)).toMatchObject({
    ok: 'invalid',
    says: expect.stringMatching(/--settle/),
  });
});
