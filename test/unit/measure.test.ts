/** From what the processes of a trial say to what is recorded of it. */
import { describe, expect, test } from 'vitest';
import { NS_PER_MS } from '../../core/clock.ts';
import { createHistogram, decodeHistogram, encodeHistogram } from '../../core/histogram.ts';
import type {
  PhaseReport,
  Published,
  ServerCounts,
  TripReport,
} from '../../core/process-reports.ts';
import type { LoadPhase, SlowPolicy } from '../../core/scenario.ts';
import { TripRecorder } from '../../core/trip-recorder.ts';
import type { FlowPlan } from '../../loadgen/flows.ts';
import { behaviourOf, expectationOf, mergePublished, planFlows } from '../../loadgen/flows.ts';
import { measure } from '../../loadgen/measure.ts';
import type { TrialContext } from '../../loadgen/trial-context.ts';

const CLIENTS = 10;
const startNs = 1_000 * NS_PER_MS;
const empty = encodeHistogram(createHistogram());

function planOf(
  load: Partial<LoadPhase>,
  nextSeq = 7,
  policy: SlowPolicy = 'drop-newest',
): { plan: FlowPlan; nextSeq: number } {
  // The parts of a trial that planning looks at.
  const context = { clients: CLIENTS, seed: 1, nextSeq, policy } as TrialContext;
  const phase: LoadPhase = {
    kind: 'load',
    measured: true,
    durationMs: 100,
    pacing: 'constant',
    deadlineMs: 500,
    ...load,
  };
  return { plan: planFlows(phase, context), nextSeq: context.nextSeq };
}

const request = {
  ratePerS: 100,
  payloadBytes: 128,
  answer: 'stream',
  work: { kind: 'echo' },
  cancelShare: 0,
} as const;
const ask = {
  ratePerS: 50,
  payloadBytes: 128,
  workMs: 3,
  work: 'constant',
  parts: 0,
  gapMs: 0,
} as const;
const publish = {
  ratePerS: 100,
  payloadBytes: 128,
  from: 'server',
  to: { kind: 'rooms', count: 4 },
} as const;

describe('planning a phase', () => {
  test('numbers the messages of a channel on from where the last phase ended', () => {
    const { plan, nextSeq } = planOf({ publish });
    // Ten messages over four rooms: three numbers at most.
    expect(nextSeq).toBe(10);
    expect(expectationOf(plan)).toEqual({
      firstSeq: 7,
      count: 10,
      audience: { kind: 'rooms', count: 4 },
      ordered: false,
      coalesces: false,
      deadlineMs: 500,
      sampleEvery: 1,
    });
  });

  test('keeps no cells of a warm-up', () => {
    expect(expectationOf(planOf({ publish, measured: false }).plan)?.sampleEvery).toBe(0);
  });

  test('keeps every n-th message of a load too large for all, and some of each channel', () => {
    const large = { ...publish, ratePerS: 40_000_000 };
    // 4 million messages to 10 clients are 2.5 times too many; 3 and 4 have no common divisor.
    expect(expectationOf(planOf({ publish: large }).plan)?.sampleEvery).toBe(3);
    const six = { ...large, to: { kind: 'rooms', count: 6 } } as const;
    expect(expectationOf(planOf({ publish: six }).plan)?.sampleEvery).toBe(5);
  });

  test('is about deliveries first, then requests, then questions', () => {
    expect(planOf({ publish, request, ask }).plan.flow).toBe('delivery');
    expect(planOf({ request, ask }).plan.flow).toBe('request');
    expect(planOf({ ask }).plan.flow).toBe('ask');
    expect(() => planOf({})).toThrow('without a load');
  });

  test('lasts until the last event of all is due, and gives each load arrivals of its own', () => {
    const { plan } = planOf({ request, ask });
    expect(plan.lastDueNs).toBe(90 * NS_PER_MS);
    expect(plan.request?.options.seed).not.toBe(plan.ask?.options.seed);
    expect(behaviourOf(plan, 5)).toEqual({
      workMs: 3,
      work: 'constant',
      parts: 0,
      gapMs: 0,
      payloadBytes: 128,
      seed: 5,
    });
  });
});

const reportOf = (changed: Partial<PhaseReport> = {}): PhaseReport => ({
  kind: 'phase-report',
  comebacks: undefined,
  requests: undefined,
  orders: undefined,
  history: undefined,
  staleClients: 0,
  failedAnswers: 0,
  upstreamConnections: 4,
  counts: { received: 0, duplicated: 0, reordered: 0, late: 0, foreign: 0, beforeDue: 0 },
  due: empty,
  sent: empty,
  cells: new Uint32Array(0),
  columns: CLIENTS,
  wire: { bytes: 100, messages: 10 },
  loop: { utilization: 0.5, gcMs: 1, gcLongestMs: 1, rssBytes: 1 },
  lastReceivedAt: undefined,
  probe: { p99: 1, max: 2 },
  closed: [],
  ...changed,
});
const counts = (changed: Partial<ServerCounts> = {}): ServerCounts => ({
  drops: {},
  bytesIn: 0,
  bytesOut: 0,
  blockedNs: 0,
  ...changed,
});
const cost = { probes: { serverCpuNs: 5 }, serverSamples: [], workerSamples: [], steal: [] };

function measured(plan: FlowPlan, changed: Partial<Parameters<typeof measure>[0]> = {}) {
  return measure({
    plan,
    context: { clients: CLIENTS },
    startNs,
    publication: undefined,
    requests: undefined,
    asks: undefined,
    reports: [reportOf()],
    cost,
    countsBefore: counts(),
    countsAfter: counts(),
    ...changed,
  });
}

/** Round trips of which those in `answers` were answered so many ms after they were due. */
function tripsOf(
  planned: NonNullable<FlowPlan['request'] | FlowPlan['ask']>,
  answers: readonly number[],
  more: (recorder: TripRecorder) => void = () => undefined,
): TripReport {
  const { schedule } = planned;
  const recorder = new TripRecorder({ schedule, startNs, timeoutMs: 500 });
  for (let index = 0; index < schedule.count; index += 1) {
    recorder.sent(index, startNs + schedule.dueAt(index) + 100_000);
  }
  for (const [index, ms] of answers.entries()) {
    recorder.answered(index, startNs + schedule.dueAt(index) + ms * NS_PER_MS);
  }
  more(recorder);
  return recorder.report();
}

describe('a measurement of round trips', () => {
  const { plan } = planOf({ request, ask });
  if (plan.request === undefined || plan.ask === undefined) throw new Error('nothing was planned');
  const requests = tripsOf(plan.request, [5, 6, 7, 8, 9, 10], (recorder) => {
    recorder.failed(6);
    recorder.cancelled(7);
  });
  const asks = tripsOf(plan.ask, [2, 2, 2, 2, 2]);
  const found = measured(plan, {
    requests,
    asks,
    reports: [reportOf({ failedAnswers: 1 }), reportOf()],
  });

  test('has a ledger of what the phase is about, without those that were given up', () => {
    expect(found.flow).toBe('request');
    expect(found.ledger).toEqual({
      expected: 9,
      received: 6,
      lost: 3,
      duplicated: 0,
      reordered: 0,
      late: 0,
      foreign: 0,
    });
    expect(decodeHistogram(found.histograms.due).maxValue).toBeGreaterThan(9_900);
    expect(found.histograms.spreadFirst).toBeUndefined();
    expect(found.series).toEqual([7_500]);
    expect(found.timeline).toMatchObject([{ second: 0, deliveries: 6 }]);
  });

  test('keeps both kinds of round trips', () => {
    expect(found.trips?.request?.counts).toMatchObject({ planned: 10, answered: 6, unanswered: 4 });
    expect(found.trips?.ask?.counts).toMatchObject({ planned: 5, answered: 5, unanswered: 0 });
  });

  test('has probes of each and of both', () => {
    expect(found.probes).toMatchObject({
      planned: 10,
      sent: 10,
      tripsPlanned: 15,
      tripsSent: 15,
      roundTrips: 11,
      requestsTimedOut: 2,
      asksTimedOut: 0,
      failedAnswers: 1,
      slipP99Us: 100,
      generatorSlipP99Us: 100,
      upstreamConnections: 8,
      durationNs: 60 * NS_PER_MS,
      deadlineUs: 500_000,
      serverCpuNs: 5,
    });
    expect(found.probes).not.toHaveProperty('deliveries');
    expect(found.probes).not.toHaveProperty('staleClients');
    expect(found).toMatchObject({ generatorSends: true, toEverybody: true });
  });

  test('of questions alone is sent by the server', () => {
    const alone = planOf({ ask }).plan;
    const { flow, probes, generatorSends, ledger } = measured(alone, { asks });
    expect({ flow, generatorSends }).toEqual({ flow: 'ask', generatorSends: false });
    expect(ledger.received).toBe(5);
    expect(probes).not.toHaveProperty('generatorSlipP99Us');
  });
});

const publishedOf = (changed: Partial<Published> = {}): Published => ({
  kind: 'published',
  sent: 10,
  slip: empty,
  firstSentAt: startNs,
  lastSentAt: startNs + 90 * NS_PER_MS,
  injected: { dropped: 0, duplicated: 0, swapped: 0 },
  failed: 0,
  ...changed,
});

describe('a measurement of messages to rooms', () => {
  const { plan } = planOf({ publish: { ...publish, ordered: true } });
  // Rooms of ten clients have 3, 3, 2 and 2 members; of ten messages they get 3, 3, 2 and 2.
  const cells = new Uint32Array(10 * CLIENTS);
  for (const client of [0, 4, 8]) cells[client] = 1_000 * (client + 1) + 1;
  const found = measured(plan, {
    publication: publishedOf(),
    reports: [
      reportOf({
        cells,
        counts: { received: 3, duplicated: 0, reordered: 0, late: 0, foreign: 2, beforeDue: 0 },
        staleClients: 9,
        orders: [
          { channel: 0, digest: 1 },
          { channel: 0, digest: 1 },
          { channel: 0, digest: 2 },
        ],
      }),
    ],
    countsBefore: counts({ drops: { newest: 1 }, bytesIn: 10, bytesOut: 100, blockedNs: 5 }),
    countsAfter: counts({
      drops: { newest: 4, coalesced: 2 },
      bytesIn: 15,
      bytesOut: 300,
      blockedNs: 7,
    }),
  });

  test('expects each message from the members of its room', () => {
    expect(found.ledger).toMatchObject({ expected: 26, received: 3, lost: 23, foreign: 2 });
    expect(found).toMatchObject({ flow: 'delivery', toEverybody: false, generatorSends: false });
    expect(found.trips).toBeUndefined();
  });

  test('spreads each message over the members of its room', () => {
    const { spreadFirst = '', spreadLast = '' } = found.histograms;
    expect(decodeHistogram(spreadFirst).minNonZeroValue).toBe(1_000);
    expect(decodeHistogram(spreadLast).minNonZeroValue / 9_000).toBeCloseTo(1, 2);
  });

  test('says what the server did meanwhile', () => {
    expect(found.probes).toMatchObject({
      deliveries: 3,
      staleClients: 9,
      orderDisagreements: 1,
      serverDropped: 5,
      'drops.newest': 3,
      'drops.coalesced': 2,
      serverBytesIn: 5,
      serverBytesOut: 200,
      blockedNs: 2,
    });
  });
});

test.each([
  {
    says: 'two that read now and then',
    load: { slow: { share: 0.3, pauseMs: 1, readMs: 1 } },
    gone: 2,
  },
  { says: 'none, where nobody is slow,', load: {}, gone: 0 },
])('of those whose connection ended, $says are counted apart', ({ load, gone }) => {
  const { plan } = planOf({ publish: { ...publish, to: { kind: 'everybody' } }, ...load });
  // Two workers; of all clients the last three are slow: 7, 8 and 9.
  const reports = [
    reportOf({ columns: 6, closedClients: [5] }),
    reportOf({ columns: 4, closedClients: [0, 1, 3] }),
  ];
  const publication = publishedOf();
  expect(measured(plan, { reports, publication }).slowClosed).toBe(gone);
});

describe('a measurement of messages of which the latest are kept', () => {
  const { plan } = planOf({ publish }, 7, 'keep-latest');
  const cells = new Uint32Array(10 * CLIENTS);
  for (const client of [0, 4]) cells[client] = 1_000 * (client + 1) + 1;
  const withDrops = (coalesced: number) =>
    measured(plan, {
      publication: publishedOf(),
      reports: [
        reportOf({
          cells,
          counts: { received: 2, duplicated: 0, reordered: 0, late: 0, foreign: 0, beforeDue: 0 },
        }),
      ],
      countsBefore: counts({ drops: { coalesced: 5 } }),
      countsAfter: counts({ drops: { coalesced: 5 + coalesced } }),
    });

  test('has three parts: what came, what was replaced, and what was lost', () => {
    expect(withDrops(20).ledger).toMatchObject({
      expected: 26,
      received: 2,
      coalesced: 20,
      lost: 4,
    });
    expect(withDrops(24).ledger).toMatchObject({ coalesced: 24, lost: 0 });
  });

  test('spreads a message over those who got it, unless something was lost', () => {
    const lastOf = ({ histograms }: ReturnType<typeof measured>): number =>
      decodeHistogram(histograms.spreadLast ?? '').maxValue;
    expect(lastOf(withDrops(24)) / 5_000).toBeCloseTo(1, 2);
    expect(lastOf(withDrops(20)) / 500_000).toBeCloseTo(1, 2);
  });

  test('is complete with the last messages, where one sender keeps them in order', () => {
    expect(expectationOf(plan)?.coalesces).toBe(true);
    const everyone = planOf({ publish: { ...publish, from: 'everyone' } }, 7, 'keep-latest');
    expect(expectationOf(everyone.plan)?.coalesces).toBe(false);
  });
});

test('histories of all workers are put together, and clients that lack some of theirs are counted', () => {
  const { plan } = planOf({ publish });
  const history = (clients: number, received: number, ...times: number[]) => {
    const latency = createHistogram();
    for (const us of times) latency.recordValue(us);
    return {
      history: {
        clients,
        expected: clients * 10,
        received,
        repeated: 1,
        latency: encodeHistogram(latency),
      },
    };
  };
  const { probes, histograms } = measured(plan, {
    publication: publishedOf(),
    reports: [reportOf(history(2, 15, 300)), reportOf(history(1, 10, 500))],
  });
  expect(probes).toMatchObject({
    historyExpected: 30,
    historyReceived: 25,
    historyRepeated: 2,
    historyIncomplete: 1,
  });
  expect(decodeHistogram(histograms.history ?? '').totalCount).toBe(2);
});

test('what several workers published is put together', () => {
  const slipOf = (...values: number[]): string => {
    const histogram = createHistogram();
    for (const value of values) histogram.recordValue(value);
    return encodeHistogram(histogram);
  };
  const merged = mergePublished([
    publishedOf({ sent: 0, firstSentAt: 0, lastSentAt: 0 }),
    publishedOf({ sent: 2, slip: slipOf(5, 6), firstSentAt: 30, lastSentAt: 40, failed: 1 }),
    publishedOf({ sent: 1, slip: slipOf(7), firstSentAt: 35, lastSentAt: 35 }),
  ]);
  expect(merged).toMatchObject({ sent: 3, firstSentAt: 30, lastSentAt: 40, failed: 1 });
  expect(decodeHistogram(merged.slip).totalCount).toBe(3);
});
