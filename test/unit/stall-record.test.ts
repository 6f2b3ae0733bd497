/** What is recorded of a stall, the accounts of both ends, and the figures of it: all from a stall that is small enough to count by hand. */
import { describe, expect, test } from 'vitest';
import { decodeHistogram } from '../../core/histogram.ts';
import { stallRecordSchema } from '../../core/records/stall.ts';
import type { Trial } from '../../core/result.ts';
import type { StallEvidence } from '../../loadgen/stall-record.ts';
import { stallRecord } from '../../loadgen/stall-record.ts';
import { stallRules } from '../../loadgen/validity-stall.ts';
import { stallMetrics } from '../../reports/metrics/stall.ts';
import { at, counts, dropping, evidenceOf, PAYLOAD, reportOf, rows } from '../stall-evidence.ts';

const median = (encoded: string): number =>
  decodeHistogram(encoded).getValueAtPercentile(50) / 1_000;

describe('the record of a stall', () => {
  const record = stallRecord(evidenceOf());

  test('fits its schema, and says who stopped and when', () => {
    expect(stallRecordSchema.parse(record)).toEqual(record);
    expect(record).toMatchObject({
      planned: 1,
      stalled: 1,
      fromMs: 250,
      untilMs: 650,
      readOn: 0,
      offeredBytes: 4 * PAYLOAD,
      othersClosed: 0,
      evictedMs: [],
    });
  });

  test('keeps those apart who read all the time: four messages to three of them in the stall', () => {
    expect(record.healthy).toMatchObject({
      clients: 3,
      during: { expected: 12, received: 12 },
      after: { expected: 9, received: 9 },
    });
    expect(median(record.healthy.during.due)).toBeCloseTo(5, 1);
  });

  test('says where it was at the last look before it read again', () => {
    // Published 12 − 5, read 3: four messages, of which one is buffered and two were left out.
    expect(record.held).toEqual({
      ms: 620,
      offeredBytes: 4 * PAYLOAD,
      bufferedBytes: 1_000,
      droppedBytes: 2 * PAYLOAD,
      kernelBytes: PAYLOAD,
    });
    expect(record.memory).toEqual({
      rssBefore: 50,
      rssEnd: 90,
      rssMost: 90,
      socketsBefore: 100,
      socketsEnd: 180,
    });
  });

  test('says when it had caught up, and how old what came before that was', () => {
    // Due at 700 and come at 705, 55 ms after it read again; before it came what was 355 and 60 ms old.
    expect(median(record.recovery.caughtUp)).toBeCloseTo(55, 0);
    expect(decodeHistogram(record.recovery.stale).totalCount).toBe(2);
    expect(decodeHistogram(record.recovery.stale).maxValue / 1_000).toBeCloseTo(355, 0);
    expect(record.recovery.behind).toBe(0);
  });

  test('has a step per 100 ms, with the latency of the healthy and what the server held', () => {
    expect(record.timeline).toHaveLength(10);
    expect(record.timeline[6]).toEqual({
      ms: 600,
      rssBytes: 90,
      bufferedBytes: 1_000,
      dropped: 2,
      p50: 5_000,
      p99: 5_000,
    });
    expect(record.timeline[0]).toEqual({ ms: 0, p50: 5_000, p99: 5_000 });
  });

  test('of an arm in which nobody stops is about the same clients and the same time', () => {
    const calm = stallRecord(
      evidenceOf({
        stall: { ...evidenceOf().stall, stalls: false },
        reports: [
          reportOf(rows(new Array(10).fill(5)), {
            stall: { firstClient: 3, stopped: 0, from: Number.NaN, until: Number.NaN },
          }),
        ],
        countsAfter: counts({ delivered: 140 }),
      }),
    );
    expect(calm).toMatchObject({ planned: 0, stalled: 0, fromMs: 250, untilMs: 650, readOn: 0 });
    expect(calm.healthy.during.expected).toBe(record.healthy.during.expected);
    expect(calm.held).toBeUndefined();
    expect(calm.accounts).toMatchObject({ expected: 40, received: 40, disagreement: 0 });
  });

  test('counts what was read by one that had stopped', () => {
    const reading = rows([5, 5, 5, 100, 5, 355, 60, 5, 5, 5]);
    expect(stallRecord(evidenceOf({ reports: [reportOf(reading)] })).readOn).toBe(2);
    // At 5,000 bytes a second it may read two messages in 400 ms, and one that it had begun.
    const paced = { ...evidenceOf().stall, readBytesPerS: 5_000 };
    expect(stallRecord(evidenceOf({ stall: paced, reports: [reportOf(reading)] })).readOn).toBe(0);
  });
});

describe('the accounts of both ends', () => {
  const accounts = (changed: Partial<StallEvidence>) => stallRecord(evidenceOf(changed)).accounts;
  const drops = (newest: number, disconnected = 0, gone = 0) => ({ newest, disconnected, gone });

  test('agree where every gap is a drop', () => {
    expect(accounts({})).toEqual({
      expected: 40,
      received: 38,
      written: 38,
      dropped: 2,
      inFlight: 0,
      missed: 0,
      disagreement: 0,
    });
  });

  test.each([
    { says: 'a drop that nobody misses', written: 138, newest: 3, disagreement: 1 },
    { says: 'a gap that is no drop', written: 139, newest: 1, disagreement: 2 },
    { says: 'a write that never came', written: 139, newest: 2, disagreement: 1 },
  ])('disagree over $says', ({ written, newest, disagreement }) => {
    const countsAfter = counts({ delivered: written, drops: drops(newest) });
    expect(accounts({ countsAfter }).disagreement).toBe(disagreement);
  });

  test('tell what was in flight and what was missed apart where connections were ended', () => {
    // It got three, two were written and in flight, one was left out as it was ended; then it was gone.
    const cut = rows([5, 5, 5, ...new Array<undefined>(7).fill(undefined)]);
    const slowAt = [at(10), at(480)];
    const ended = {
      policy: 'disconnect',
      reports: [reportOf(cut, { closedClients: [3] })],
      countsBefore: counts({ slowAt: slowAt.slice(0, 1) }),
      countsAfter: counts({ delivered: 135, drops: drops(0, 1, 1), slowAt }),
    } as const;
    expect(accounts(ended)).toEqual({
      expected: 40,
      received: 33,
      written: 35,
      dropped: 2,
      inFlight: 2,
      missed: 3,
      disagreement: 0,
    });
    expect(stallRecord(evidenceOf(ended))).toMatchObject({ evictedMs: [230], othersClosed: 0 });
  });

  test('find a gap before the end of a connection, and one of a client that stayed', () => {
    const gap = rows([5, undefined, 5, ...new Array<undefined>(7).fill(undefined)]);
    const first = gap[9];
    if (first !== undefined) first[0] = undefined;
    expect(
      accounts({
        policy: 'disconnect',
        reports: [reportOf(gap, { closedClients: [3] })],
        countsAfter: counts({ delivered: 135, drops: drops(0, 1) }),
      }).disagreement,
    ).toBe(2);
  });

  test('cannot be told where a connection ended under another policy', () => {
    const reports = [reportOf(dropping, { closedClients: [3] })];
    expect(accounts({ reports }).disagreement).toBeUndefined();
  });

  test('make a trial invalid when they disagree', () => {
    const rule = stallRules.find(({ id }) => id === 'drop-accounts');
    const stall = stallRecord(evidenceOf({ countsAfter: counts({ delivered: 138 }) }));
    expect(rule?.value({ stall } as Parameters<typeof rule.value>[0])).toBe(2);
    expect(rule?.invalid).toBe(0);
  });
});

describe('the metrics of a stall', () => {
  const trial = (changed: Partial<StallEvidence> = {}) =>
    ({ stall: stallRecord(evidenceOf(changed)), probes: { deadlineUs: 1e6 } }) as unknown as Trial;

  test('are per client that stalled, and about the healthy ones only', () => {
    const one = trial();
    expect(stallMetrics['stall.memory'].derive(one)).toBe(40);
    expect(stallMetrics['stall.dropped'].derive(one)).toBe(2);
    expect(stallMetrics['stall.kernel'].derive(one)).toBe(PAYLOAD);
    expect(stallMetrics['healthy.reach'].derive(one)).toBe(1);
    expect(Math.round((stallMetrics['healthy.p99'].derive(one) ?? 0) / 1_000)).toBe(5);
    expect(stallMetrics['healthy.p99'].events([one, one])).toBe(8);
    expect(Math.round((stallMetrics['stall.caughtup.max'].derive(one) ?? 0) / 1_000)).toBe(55);
  });

  test('count a delivery that a healthy client lacks as later than the deadline', () => {
    const lacking = rows([5, 5, 5, 355, 60, 60, 60, 5, 5, 5]);
    const row = lacking[4];
    if (row !== undefined) row[1] = undefined;
    const one = trial({ reports: [reportOf(lacking)] });
    expect(stallMetrics['healthy.p99'].derive(one)).toBe(1e6);
    expect(stallMetrics['healthy.reach'].derive(one)).toBe(20 / 21);
  });

  test('have no time to catch up of one that never did', () => {
    const behind = rows([5, 5, 5, 355, 60, 60, 60, undefined, undefined, undefined]);
    const one = trial({ reports: [reportOf(behind)] });
    expect(one.stall?.recovery.behind).toBe(1);
    expect(stallMetrics['stall.caughtup'].derive(one)).toBeUndefined();
  });
});
