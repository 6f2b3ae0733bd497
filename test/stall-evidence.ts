/** What all processes say of a small stall: ten messages to four clients, of which the last stops in the middle. */
import { NS_PER_MS } from '../core/clock.ts';
import { createHistogram, encodeHistogram } from '../core/histogram.ts';
import type { PhaseReport, ServerCounts } from '../core/process-reports.ts';
import { createSchedule } from '../core/schedule.ts';
import type { StallEvidence } from '../loadgen/stall-record.ts';
import type { StallSample } from '../loadgen/stall-watch.ts';

const START = 1_000 * NS_PER_MS;
export const at = (ms: number): number => START + ms * NS_PER_MS;
const empty = encodeHistogram(createHistogram());
export const PAYLOAD = 1_000;

/** Ten messages, 100 ms apart, to four clients; the last stops from 250 to 650 ms. */
const options = { pacing: 'constant', ratePerS: 10, durationMs: 1_000, seed: 1 } as const;

/** Of one worker; a row per message, with the latency of each client in ms, or nothing where it never came. */
export function reportOf(
  latencies: readonly (readonly (number | undefined)[])[],
  changed: Partial<PhaseReport> = {},
): PhaseReport {
  const columns = latencies[0]?.length ?? 0;
  const cells = Uint32Array.from(
    latencies.flatMap((row) => row.map((ms) => (ms === undefined ? 0 : ms * 1_000 + 1))),
  );
  return {
    kind: 'phase-report',
    requests: undefined,
    orders: undefined,
    history: undefined,
    staleClients: 0,
    failedAnswers: 0,
    comebacks: undefined,
    stall: { firstClient: columns - 1, stopped: 1, from: at(250), until: at(650) },
    closedClients: [],
    upstreamConnections: 0,
    counts: {
      received: cells.filter((cell) => cell > 0).length,
      duplicated: 0,
      reordered: 0,
      late: 0,
      foreign: 0,
      beforeDue: 0,
    },
    due: empty,
    sent: empty,
    cells,
    columns,
    wire: undefined,
    loop: { utilization: 0, gcMs: 0, gcLongestMs: 0, rssBytes: 0 },
    lastReceivedAt: undefined,
    probe: { p99: 0, max: 0 },
    closed: [],
    ...changed,
  };
}

export const counts = (changed: Partial<ServerCounts> = {}): ServerCounts => ({
  drops: { newest: 0, disconnected: 0, gone: 0 },
  bytesIn: 0,
  bytesOut: 0,
  blockedNs: 0,
  published: 5,
  delivered: 100,
  ...changed,
});

export const sample = (
  ms: number,
  changed: Partial<StallSample['gauge']> = {},
  rss = 50,
): StallSample => ({
  at: at(ms),
  gauge: { at: at(ms), bufferedBytes: 0, published: 5, dropped: 0, expelled: 0, ...changed },
  rssBytes: rss,
  socketBytes: rss * 2,
});

/** Messages due at 0, 100, 200 ms come at once; of those due in the stall, 300 … 600, two come when it is over. */
const healthy = [5, 5, 5];
export const rows = (slow: readonly (number | undefined)[]): (number | undefined)[][] =>
  slow.map((ms) => [...healthy, ms]);
export const dropping = rows([5, 5, 5, 355, undefined, undefined, 60, 5, 5, 5]);

export function evidenceOf(changed: Partial<StallEvidence> = {}): StallEvidence {
  return {
    stall: {
      kind: 'stall',
      share: 0.25,
      stalls: true,
      atMs: 250,
      forMs: 400,
      readBytesPerS: 0,
    },
    policy: 'drop-newest',
    limitBytes: 1_024,
    clients: 4,
    publish: {
      load: {
        ratePerS: 10,
        payloadBytes: PAYLOAD,
        from: 'server',
        to: { kind: 'everybody' },
      },
      options,
      schedule: createSchedule(options),
      firstSeq: 0,
      sampleEvery: 1,
      coalesces: false,
    },
    startNs: START,
    endNs: at(1_000),
    reports: [reportOf(dropping)],
    samples: [
      sample(200, { published: 8 }),
      sample(400, { published: 10, bufferedBytes: 1_000 }, 70),
      sample(620, { published: 12, bufferedBytes: 1_000, dropped: 2 }, 90),
      sample(700, { published: 12, dropped: 2 }, 60),
    ],
    countsBefore: counts(),
    countsAfter: counts({ delivered: 138, drops: { newest: 2, disconnected: 0, gone: 0 } }),
    ...changed,
  };
}
