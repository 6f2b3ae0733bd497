/** Who was sent away while clients had stopped: told by who is gone, and not by how many the server sent away. */
import { describe, expect, test } from 'vitest';
import { createHistogram, encodeHistogram } from '../../core/histogram.ts';
import type { StallRecord } from '../../core/records/stall.ts';
import { stallRecordSchema } from '../../core/records/stall.ts';
import type { Trial } from '../../core/result.ts';
import type { StallEvidence } from '../../loadgen/stall-record.ts';
import { stallRecord } from '../../loadgen/stall-record.ts';
import type { TrialContext } from '../../loadgen/trial-context.ts';
import { evaluate } from '../../loadgen/trial-outcome.ts';
import { evictedOf, stallMetrics } from '../../reports/metrics/stall.ts';
import { addCounts } from '../../servers/answers.ts';
import { sound } from '../sound-evidence.ts';
import { at, counts, evidenceOf, reportOf, sample } from '../stall-evidence.ts';
import { NO_HISTOGRAMS, NO_LEDGER } from '../trip-run.ts';

const CLIENTS = 6;
/** Number of the first of the two that stop. */
const FIRST = 4;
const everything = Array.from({ length: 10 }, () => new Array<number>(CLIENTS).fill(5));

interface Gone {
  /** Numbers of the clients whose connection ended, and how many the server says that it sent away. */
  readonly closed: readonly number[];
  readonly expelled: number;
  /** When, as far as it kept that. */
  readonly slowAt?: readonly number[];
}

function evidence({ closed, expelled, slowAt = [] }: Gone): StallEvidence {
  const stall = { firstClient: FIRST, stopped: CLIENTS - FIRST, from: at(250), until: at(650) };
  return evidenceOf({
    policy: 'disconnect',
    clients: CLIENTS,
    stall: { ...evidenceOf().stall, share: 1 / 3 },
    reports: [reportOf(everything, { stall, closedClients: closed })],
    countsBefore: counts({ expelled: 7, slowAt: [at(-900)] }),
    countsAfter: counts({ expelled: 7 + expelled, slowAt: [at(-900), ...slowAt] }),
  });
}

describe('of two that stopped', () => {
  test.each<Gone & { readonly says: string; readonly of: Partial<StallRecord> }>([
    {
      says: 'both were sent away',
      closed: [4, 5],
      expelled: 2,
      of: { closed: 2, evicted: 2, othersClosed: 0 },
    },
    {
      says: 'one was, and one that read all the time',
      closed: [1, 5],
      expelled: 2,
      of: { closed: 1, evicted: 1, othersClosed: 1 },
    },
    {
      says: 'none was, but two that read all the time were',
      closed: [0, 1],
      expelled: 2,
      of: { closed: 0, evicted: 0, othersClosed: 2 },
    },
    {
      says: 'one was, and one lost its connection in another way',
      closed: [4, 5],
      expelled: 1,
      of: { closed: 2, evicted: 1, othersClosed: 0 },
    },
    {
      says: 'one was, one lost its connection in another way, and one that read all the time was sent away',
      closed: [1, 4, 5],
      expelled: 2,
      of: { closed: 2, evicted: 1, othersClosed: 1 },
    },
    {
      says: 'one was, and one had been sent away before it stopped',
      closed: [4, 5],
      expelled: 2,
      slowAt: [at(100), at(400)],
      of: { closed: 2, evicted: 1, evictedMs: [150], othersClosed: 0 },
    },
    {
      says: 'both were, and one that reads all the time before they stopped',
      closed: [1, 4, 5],
      expelled: 3,
      slowAt: [at(100), at(400), at(410)],
      of: { closed: 2, evicted: 2, evictedMs: [150, 160], othersClosed: 1 },
    },
    {
      says: 'none was, though one is gone',
      closed: [4],
      expelled: 0,
      of: { closed: 1, evicted: 0, othersClosed: 0 },
    },
  ])('$says', ({ of, ...gone }) => {
    const record = stallRecord(evidence(gone));
    expect(record).toMatchObject({ planned: 2, stalled: 2, ...of });
    expect(stallRecordSchema.parse(record)).toEqual(record);
    expect(evictedOf(record)).toBe(of.evicted);
  });

  test('they are as many as were counted, however few times were kept', () => {
    const record = stallRecord(evidence({ closed: [4, 5], expelled: 2, slowAt: [at(300)] }));
    expect(record).toMatchObject({ evicted: 2, evictedMs: [50] });
    const trial = { stall: record } as Trial;
    expect(stallMetrics['stall.evicted'].derive(trial)).toBe(2);
    expect(stallMetrics['stall.eviction'].derive(trial)).toBe(50_000);
  });
});

test('an old record is gone by the times alone, of which some may be of others', () => {
  const record = stallRecord(evidence({ closed: [1, 5], expelled: 2, slowAt: [at(300), at(400)] }));
  const { evicted: _, closed: __, ...old } = record;
  expect(stallRecordSchema.parse(old)).toEqual(old);
  expect(evictedOf(old)).toBe(1);
  expect(evictedOf({ ...old, evictedMs: new Array<number>(20).fill(1), othersClosed: 0 })).toBe(2);
});

test('a time to eviction is nobody’s where others were sent away too', () => {
  const record = stallRecord(evidence({ closed: [1, 5], expelled: 2, slowAt: [at(300), at(400)] }));
  expect(stallMetrics['stall.eviction'].derive({ stall: record } as Trial)).toBeUndefined();
});

test('what was in flight is shared out over the connections that ended', () => {
  const of = (gone: Gone): number | undefined => {
    const stall = stallRecord(evidence(gone));
    const accounts = { ...stall.accounts, inFlight: 12 };
    return stallMetrics['stall.inflight'].derive({ stall: { ...stall, accounts } } as Trial);
  };
  expect(of({ closed: [5], expelled: 1 })).toBe(12);
  expect(of({ closed: [4, 5], expelled: 2 })).toBe(6);
  expect(of({ closed: [1, 4, 5], expelled: 3 })).toBe(4);
  expect(of({ closed: [], expelled: 0 })).toBeUndefined();
});

test('memory is read before the first was sent away, and the most of it all the time', () => {
  const looks = [
    sample(200, {}, 50),
    sample(300, {}, 80),
    sample(400, {}, 70),
    sample(600, {}, 40),
  ];
  const memoryOf = (slowAt: readonly number[]) =>
    stallRecord({
      ...evidence({ closed: [4, 5], expelled: 2, slowAt }),
      samples: looks,
    }).memory;
  expect(memoryOf([at(350), at(450)])).toMatchObject({ rssBefore: 50, rssEnd: 80, rssMost: 80 });
  expect(memoryOf([])).toMatchObject({ rssBefore: 50, rssEnd: 40, rssMost: 80 });
  expect(memoryOf([at(260)])).toBeUndefined();
});

test('several server processes count together, and tell their times in one order', () => {
  const both = addCounts([
    counts({ expelled: 2, slowAt: [20, 40] }),
    counts({ expelled: 1, slowAt: [30] }),
  ]);
  expect(both).toMatchObject({ expelled: 3, slowAt: [20, 30, 40] });
});

/** Of a trial that nothing else can be said against. */
function verdict(gone: Gone): { state: string; broken: string[] } {
  const record = stallRecord(evidence(gone));
  const accounts = { ...record.accounts, disagreement: 0 };
  const { probes, flow, toEverybody, generatorSends, beforeDue, foreign, series } = sound;
  const context: Partial<TrialContext> = {
    clients: CLIENTS,
    policy: 'disconnect',
    expectedClosures: 0,
    phases: [],
    probes: {},
    connect: { failed: 0, latency: createHistogram(), causes: [] },
    records: { stall: { ...record, readOn: 0, offeredBytes: 2 ** 25, accounts } },
    measurement: {
      ...{ flow, toEverybody, generatorSends, beforeDue, foreign, series: [...series] },
      trips: undefined,
      ledger: NO_LEDGER,
      histograms: { ...NO_HISTOGRAMS, due: encodeHistogram(createHistogram()) },
      timeline: [],
      injected: undefined,
      closed: [{ cause: 'slow', count: gone.closed.length }],
      strays: [],
      failedPosts: [],
      probes,
      slowClosed: gone.closed.filter((client) => client >= FIRST).length,
    },
  };
  // A verdict looks at no more of a trial than this.
  const setup = {} as TrialContext['setup'];
  const { validity } = evaluate({ ...context, setup } as TrialContext, 5);
  return {
    state: validity.state,
    broken: validity.checks.filter(({ ok }) => ok === 'invalid').map(({ id }) => id),
  };
}

describe('a trial in which', () => {
  test('those that stopped were sent away is not spoilt by that', () => {
    expect(verdict({ closed: [4, 5], expelled: 2 }).broken).toEqual([]);
    expect(verdict({ closed: [5], expelled: 1 }).broken).toEqual([]);
  });

  test('a healthy one was sent away does not count, though no more are gone than were to stop', () => {
    expect(verdict({ closed: [1, 5], expelled: 2 })).toEqual({
      state: 'invalid',
      broken: ['connections-kept', 'healthy-kept'],
    });
  });

  test('one that stopped lost its connection otherwise does not count', () => {
    expect(verdict({ closed: [4, 5], expelled: 1 }).broken).toEqual(['connections-kept']);
  });
});
