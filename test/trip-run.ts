/** Small run files made by hand, with figures that can be checked on paper. */
import { createHistogram, encodeHistogram } from '../core/histogram.ts';
import type { Arm, Histograms, Ledger, RunResult, Trial, Trips } from '../core/result.ts';
import { compareArms } from '../reports/compare-arms.ts';
import { deriveMetrics } from '../reports/derive.ts';
import { findWarnings } from '../reports/warnings.ts';

export const TIMEOUT_US = 5_000_000;

/** Up to 2,047 µs a histogram keeps every value as it is. */
export function histogramOf(values: readonly number[]): string {
  const histogram = createHistogram();
  for (const value of values) histogram.recordValue(value);
  return encodeHistogram(histogram);
}

type Counts = Trips['counts'];

/** Round trips that took this long, µs; planned and sent are as many as the counts add up to. */
export function tripsOf(
  answers: readonly number[],
  counts: Partial<Counts> = {},
  more: Partial<Omit<Trips, 'counts'>> = {},
): Trips {
  const unanswered = counts.unanswered ?? 0;
  const planned = answers.length + unanswered;
  return {
    counts: {
      planned,
      sent: planned,
      answered: answers.length,
      unanswered,
      late: 0,
      errors: 0,
      duplicated: 0,
      foreign: 0,
      cancelled: 0,
      parts: 0,
      partsAfterCancel: 0,
      ...counts,
    },
    due: histogramOf(answers),
    sent: histogramOf(answers.map((us) => us - 10)),
    slip: histogramOf(answers.map(() => 10)),
    ...more,
  };
}

export const NO_HISTOGRAMS: Histograms = {
  due: histogramOf([]),
  sent: histogramOf([]),
  slip: histogramOf([]),
  connect: histogramOf([]),
};

export const NO_LEDGER: Ledger = {
  expected: 0,
  received: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  late: 0,
  foreign: 0,
};

/** A trial that is valid, and has its metrics derived from what is given. */
export function trialOf(given: Partial<Trial>): Trial {
  const { flow } = given;
  const trips = flow === undefined || flow === 'delivery' ? undefined : given.trips?.[flow];
  const about: Partial<Trial> =
    trips === undefined
      ? {}
      : {
          ledger: {
            ...NO_LEDGER,
            expected: trips.counts.planned,
            received: trips.counts.answered,
            lost: trips.counts.unanswered,
          },
          histograms: { ...NO_HISTOGRAMS, due: trips.due, sent: trips.sent, slip: trips.slip },
        };
  const trial: Trial = {
    arm: 'sse',
    round: 0,
    order: 0,
    attempt: 0,
    point: {},
    startedAt: '2026-03-01T12:00:00.000Z',
    outcome: 'completed',
    validity: { state: 'valid', checks: [] },
    phases: [],
    timeline: [],
    closed: [],
    metrics: {},
    ...about,
    ...given,
    probes: { deadlineUs: TIMEOUT_US, durationNs: 2e9, ...given.probes },
  };
  return { ...trial, metrics: deriveMetrics(trial) };
}

export function armOf(name: string, title: string, role: Arm['role'] = 'candidate'): Arm {
  return {
    name,
    title,
    transport: name,
    client: 'lean',
    target: 'built-in',
    route: 'direct',
    role,
  };
}

/** A finished run of SSE and WebSocket with these trials, its comparisons and warnings made from them. */
export function runOf(trials: readonly Trial[], change: Partial<RunResult> = {}): RunResult {
  const bare: RunResult = {
    schema: 1,
    id: 'made-by-hand',
    startedAt: '2026-03-01T12:00:00.000Z',
    finishedAt: '2026-03-01T12:10:00.000Z',
    state: 'finished',
    tool: { version: '0.0.0' },
    command: 'npm run bench request',
    scenario: {
      name: 'request',
      question: 'How long does a client wait for an answer?',
      headline: ['request.p50', 'request.p99', 'trip.server.cpu'],
      explore: '--vary rate=100,1000',
    },
    params: { clients: 100, rate: 400, payload: 128 },
    options: {
      rounds: Math.max(1, ...trials.map(({ round }) => round + 1)),
      seed: 1,
      margin: 0.1,
      client: 'lean',
      workers: 1,
    },
    points: [{}],
    arms: [armOf('sse', 'SSE'), armOf('ws', 'WebSocket')],
    environment: {
      fingerprint: 'none',
      cpu: 'a processor',
      cores: 2,
      memoryBytes: 2 ** 33,
      os: 'an operating system',
      kernel: 'a kernel',
      node: 'v20.0.0',
      serverCores: [0],
      generatorCores: [1],
      pinning: 'server on 0; generator on 1',
      packages: {},
    },
    trials: [...trials],
    control: [],
    comparisons: [],
    warnings: [],
    ...change,
  };
  const compared = { ...bare, comparisons: compareArms(bare) };
  return { ...compared, warnings: findWarnings(compared) };
}

/** 240 answers that grow slower towards the end, all longer by a factor; the same on every call. */
function answersOf(factor: number, seed: number): number[] {
  return Array.from({ length: 240 }, (_, index) =>
    Math.round(factor * (180 + ((index * 37 + seed * 11) % 97) + 40 / (1 - index / 241))),
  );
}

/** Six rounds of requests in parts, of which some are given up, and of questions; with a yardstick. */
export function roundTripRun(): RunResult {
  const rounds = [0, 1, 2, 3, 4, 5];
  const trials = rounds.flatMap((round) =>
    (['sse', 'ws'] as const).map((arm, order) => {
      const factor = (arm === 'sse' ? 1.4 : 1) * (1 + round * 0.02);
      const requests = answersOf(factor, round);
      const request = tripsOf(
        requests,
        {
          unanswered: arm === 'sse' ? 15 : 12,
          cancelled: 12,
          errors: arm === 'sse' ? 1 : 0,
          parts: 1_000,
          partsAfterCancel: arm === 'sse' ? 9 : 4,
        },
        {
          first: histogramOf(requests.map((us) => Math.round(us / 2))),
          gap: histogramOf(requests.map((us) => 1_000 + (us % 60))),
        },
      );
      const asked = answersOf(factor * 1.2, round + 7);
      const ask = tripsOf(asked, {}, { overhead: histogramOf(asked.map((us) => us - 120)) });
      return trialOf({
        arm,
        round,
        order,
        flow: 'request',
        trips: { request, ask },
        timeline: [0, 1].map((second) => ({
          second,
          deliveries: 120,
          p50: 250 * factor + second,
          p99: 600 * factor + second,
          serverUtilization: 0.3,
          generatorUtilization: 0.2,
        })),
        closed: arm === 'sse' ? [{ cause: 'reset', count: 2 }] : [],
        probes: {
          sent: 255,
          serverCpuNs: 480 * 30_000 * factor,
          generatorCpuNs: 480 * 40_000 * factor,
          serverBytesIn: 480 * (arm === 'sse' ? 420 : 150),
          serverBytesOut: 480 * (arm === 'sse' ? 350 : 140),
          upstreamConnections: arm === 'sse' ? 16 : 0,
        },
      });
    }),
  );
  const yardstick = rounds.map((round) => ({
    round,
    point: {},
    p50: 300 + round,
    p99: 900 + round,
    answered: 4_000,
    failed: round === 0 ? 2 : 0,
    ratePerS: 9_000,
    connections: 16,
    cpu: 25_000,
  }));
  return runOf(trials, { yardstick });
}
