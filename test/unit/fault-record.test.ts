/** The record of a fault and the figures from it, from evidence that is known to the last event. */
import { describe, expect, test } from 'vitest';
import { NS_PER_MS } from '../../core/clock.ts';
import { createHistogram, decodeHistogram, encodeHistogram } from '../../core/histogram.ts';
import type { ComebackReport } from '../../core/process-reports.ts';
import type { FaultRecord } from '../../core/records/fault.ts';
import { createSchedule } from '../../core/schedule.ts';
import { firstDueFrom } from '../../loadgen/cuts/due.ts';
import type { FaultEvidence } from '../../loadgen/cuts/fault-record.ts';
import { faultRecord } from '../../loadgen/cuts/fault-record.ts';
import { faultRules, lossDeviation, skippedByFault } from '../../loadgen/validity-fault.ts';
import { busiestOf, herdOf, timeUntil } from '../../reports/metrics/fault.ts';

const CLIENTS = 4;
const START_NS = 5_000 * NS_PER_MS;
const at = (ms: number): number => START_NS + ms * NS_PER_MS;
const { NaN: NEVER } = Number;

/** Four clients, of which two are cut off at 250 ms; one comes back at its second attempt, the other never. */
const comebacks: ComebackReport = {
  lostAt: Float64Array.of(NEVER, NEVER, at(260), at(270)),
  backAt: Float64Array.of(NEVER, NEVER, at(560), NEVER),
  firstMessageAt: Float64Array.of(NEVER, NEVER, at(610), NEVER),
  everyLostAt: Float64Array.of(at(260), at(270)),
  everyBackAt: Float64Array.of(at(560)),
  outages: Float64Array.of(300 * NS_PER_MS),
  awaySince: Float64Array.of(NEVER, NEVER, NEVER, at(270)),
  attemptedAt: Float64Array.of(at(320), at(390), at(550)),
  refusedAt: Float64Array.of(at(321), at(391)),
  refusals: [{ cause: 'connect ECONNREFUSED', count: 2 }],
  handshake: encodeHistogram(createHistogram()),
  gaps: 0,
  cut: 2,
};

/** Ten messages, one in 100 ms, the first at 0. */
const schedule = createSchedule({ pacing: 'constant', ratePerS: 10, durationMs: 1_000, seed: 1 });

/** What each of the four has of each of the ten: who is away has nothing that is due from the cut on. */
function cellsOf(): Uint32Array {
  const away = (row: number, client: number): boolean =>
    (client === 2 && row >= 3 && row < 6) || (client === 3 && row >= 3);
  return Uint32Array.from({ length: 10 * CLIENTS }, (_, cell) =>
    away(Math.floor(cell / CLIENTS), cell % CLIENTS) ? 0 : 100,
  );
}

const counts = {
  drops: {},
  bytesIn: 0,
  bytesOut: 0,
  blockedNs: 0,
} as const satisfies FaultEvidence['countsBefore'];

function evidence(): FaultEvidence {
  const cells = cellsOf();
  const received = cells.filter((cell) => cell > 0).length;
  return {
    outcome: {
      plan: {
        cut: 'rst',
        atMs: 250,
        forMs: 250,
        share: 0.5,
        comeback: { strategy: 'fixed', baseMs: 60, capMs: 60, resume: false, silenceMs: 0 },
      },
      planned: 2,
      strike: { by: 'the log of the relay', count: 2, atNs: at(250) },
      mendedAtNs: at(500),
      cpu: [
        { at: at(0), cpuNs: 0 },
        { at: at(100), cpuNs: 20 * NS_PER_MS },
      ],
    },
    plan: {
      publish: {
        schedule,
        sampleEvery: 1,
        load: { ratePerS: 10, payloadBytes: 100, from: 'server', to: { kind: 'everybody' } },
      },
    },
    startNs: START_NS,
    endNs: at(1_000),
    open: CLIENTS,
    reports: [
      {
        comebacks,
        cells,
        columns: CLIENTS,
        counts: { received, duplicated: 0, reordered: 0, late: 0, foreign: 0, beforeDue: 0 },
      },
    ],
    countsBefore: { ...counts, replayed: 3 },
    countsAfter: { ...counts, replayed: 10 },
  };
}

const times = (encoded: string): number[] => {
  const histogram = decodeHistogram(encoded);
  return histogram.totalCount === 0
    ? []
    : [histogram.minNonZeroValue, histogram.maxValue].map((us) => Math.round(us / 1_000));
};

describe('the record of a fault', () => {
  const record = faultRecord(evidence());

  test('counts from the fault and not from the start of the load', () => {
    expect(record.confirmed).toEqual({ by: 'the log of the relay', count: 2, atMs: 250 });
    expect([record.planned, record.noticed, record.away]).toEqual([2, 2, 1]);
    expect(record.mendedAtMs).toBe(500);
    expect(times(record.detected)).toEqual([10, 20]);
    expect(times(record.back)).toEqual([310, 310]);
    expect(times(record.firstMessage)).toEqual([360, 360]);
    expect([record.attempts, record.refused, record.replayed]).toEqual([3, 2, 7]);
  });

  test('has a timeline in which everybody is where they are at the end of each step', () => {
    const { timeline } = record;
    expect(timeline.map(({ connected }) => connected)).toEqual([4, 4, 2, 2, 2, 3, 3, 3, 3, 3]);
    expect(timeline.map(({ attempts }) => attempts)).toEqual([0, 0, 0, 2, 0, 1, 0, 0, 0, 0]);
    expect(timeline.map(({ refused }) => refused)).toEqual([0, 0, 0, 2, 0, 0, 0, 0, 0, 0]);
    expect(timeline.map(({ missing }) => missing)).toEqual([0, 0, 0, 2, 2, 2, 1, 1, 1, 1]);
    expect(timeline[0]?.serverCpu).toBeCloseTo(0.2);
    expect(timeline[5]?.serverCpu).toBeUndefined();
  });

  test('foretells what at most once loses: what is due while a client is away', () => {
    // Three for the one who came back, seven for the one who never did.
    expect(record.loss).toEqual({ predicted: 10, found: 10 });
  });
});

describe('connections that are hit in turn', () => {
  /** One process ends at 250 ms and the other at 650 ms; one client is on both, one of them away at the end. */
  const inTurn: ComebackReport = {
    ...comebacks,
    lostAt: Float64Array.of(NEVER, at(651), at(251), at(251)),
    backAt: Float64Array.of(NEVER, at(751), at(451), NEVER),
    everyLostAt: Float64Array.of(at(251), at(251), at(651), at(651)),
    everyBackAt: Float64Array.of(at(451), at(451), at(751)),
    outages: Float64Array.of(200 * NS_PER_MS, 200 * NS_PER_MS, 100 * NS_PER_MS),
    awaySince: Float64Array.of(NEVER, NEVER, NEVER, at(651)),
    cut: 4,
  };
  const whole = evidence();
  const [report] = whole.reports;
  if (report === undefined) throw new Error('no report');
  const { outcome } = whole;
  const rolled = (inTurnOrNot: true | undefined): FaultRecord => {
    const strike = { ...outcome.strike, ...(inTurnOrNot && { inTurn: inTurnOrNot }) };
    const reports = [{ ...report, comebacks: inTurn }];
    return faultRecord({ ...whole, outcome: { ...outcome, strike }, reports });
  };

  test('lose what is due in each time away, and nothing of the time in between', () => {
    // Due at 300 and 400 (twice), at 700 (once), and from 700 to 900 for the one who is still away.
    expect(rolled(true).loss?.predicted).toBe(2 + 2 + 1 + 3);
    // At one moment, the one who was cut off at 651 ms would have been away since 250 ms.
    expect(rolled(undefined).loss?.predicted).toBe(8 + 4);
    expect(rolled(true).away).toBe(1);
  });

  test('whoever lost its connection before the fault is counted, and not made to fit', () => {
    expect(rolled(true).early).toBe(0);
    const late = { ...outcome.strike, atNs: at(252) };
    const reports = [{ ...report, comebacks: inTurn }];
    expect(faultRecord({ ...whole, outcome: { ...outcome, strike: late }, reports }).early).toBe(2);
  });
});

describe('the figures', () => {
  test('a share that was not reached has no time', () => {
    const histogram = createHistogram();
    histogram.recordValue(1_000);
    expect(timeUntil(histogram, 1, 0.5)).toBe(1_000);
    expect(timeUntil(histogram, 1, 0.9)).toBeUndefined();
    expect(timeUntil(createHistogram(), 0, 0.5)).toBeUndefined();
  });

  test('the herd is the busiest second, wherever it begins', () => {
    const record = faultRecord(evidence());
    const timeline = Array.from({ length: 30 }, (_, step) => ({
      ms: step * 100,
      connected: 0,
      attempts: step >= 7 && step < 19 ? 5 : 0,
      refused: 0,
    }));
    expect(herdOf({ ...record, timeline })).toBe(50);
    expect(herdOf({ ...record, timeline: [] })).toBeUndefined();
    expect(herdOf({ ...record, timeline }, 'refused')).toBe(0);
    const [first, ...others] = timeline;
    const refused = [{ ...first, refused: 7 }, ...others] as typeof timeline;
    expect(herdOf({ ...record, timeline: refused }, 'refused')).toBe(7);
  });

  test('the CPU of the server counts from the fault on', () => {
    const record = faultRecord(evidence());
    expect(busiestOf(record)).toBeUndefined();
    const struckAt = (atMs: number): number | undefined =>
      busiestOf({ ...record, confirmed: { ...record.confirmed, atMs } });
    // The step in which it lies is the one in which a herd comes back that does not wait.
    expect([struckAt(0), struckAt(99), struckAt(100)]).toEqual([
      expect.closeTo(0.2),
      expect.closeTo(0.2),
      undefined,
    ]);
  });
});

describe('the verdict on a trial with a fault', () => {
  const record = faultRecord(evidence());
  const figureOf = (id: string, changed: Partial<FaultRecord>): number | undefined => {
    const rule = faultRules.find((one) => one.id === id);
    if (rule === undefined) throw new Error(`there is no rule '${id}'`);
    return rule.value({ fault: { ...record, ...changed } } as Parameters<typeof rule.value>[0]);
  };

  test('a cut that hit fewer or more than planned is off by as many', () => {
    expect(figureOf('fault-confirmed', {})).toBe(0);
    for (const planned of [1, 3]) expect(figureOf('fault-confirmed', { planned })).toBe(1);
  });

  test('who did not notice, and who did not come back, is counted', () => {
    expect(figureOf('fault-noticed', { noticed: 1 })).toBe(1);
    expect(figureOf('everybody-back', {})).toBe(1);
  });

  test('a loss is held against what was foretold', () => {
    expect(lossDeviation({ predicted: 100, found: 90 })).toBeCloseTo(0.1);
    expect(lossDeviation(undefined)).toBeUndefined();
  });

  test('rules that would judge the fault are left out, and say why; others stay', () => {
    const skipped = (id: string, cut: string) =>
      skippedByFault(id, { fault: { ...record, cut } } as Parameters<typeof skippedByFault>[1]);
    expect(skipped('steady', 'rst')).toContain('what it is for');
    expect(skipped('offered-rate', 'restart')).toContain('away');
    expect(skipped('offered-rate', 'rst')).toBeUndefined();
    expect(skipped('pressure', 'rst')).toBeUndefined();
  });
});

test('the first message due from a moment on is found, also before the first and after the last', () => {
  const ns = (ms: number): number => firstDueFrom(schedule, ms * NS_PER_MS);
  expect([-5, 0, 1, 100, 850, 900, 901].map(ns)).toEqual([0, 0, 1, 1, 9, 9, 10]);
});
