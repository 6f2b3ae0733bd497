/** Made-up runs of clients that stop reading, against calm arms: figures that can be checked on paper. */
import type { StallRecord } from '../core/records/stall.ts';
import type { Arm, RunResult, Trial } from '../core/result.ts';
import { histogramOf, NO_LEDGER, runOf, trialOf } from './trip-run.ts';

export const MIB = 2 ** 20;

/** 100 broadcasts to nine clients that read all the time, in so many µs. */
function healthyIn(us: number): StallRecord['healthy'] {
  const side = { expected: 900, received: 900, due: histogramOf(new Array<number>(900).fill(us)) };
  return { clients: 9, during: side, after: side };
}

export interface Made {
  readonly arm: string;
  readonly round?: number;
  readonly stall?: Partial<StallRecord>;
  /** What every delivery to the others took. */
  readonly us?: number;
  readonly trial?: Partial<Trial>;
}

/** One of ten stops for 4 s; the server had 2 MiB more in the middle of it, and 40 deliveries were left out. */
export function stallTrial({ arm, round = 0, stall = {}, us = 1_000, trial = {} }: Made): Trial {
  const calm = arm.includes('-calm');
  const made: StallRecord = {
    policy: 'drop-newest',
    limitBytes: MIB,
    planned: calm ? 0 : 1,
    stalled: calm ? 0 : 1,
    readBytesPerS: 0,
    fromMs: 1_000,
    untilMs: 5_000,
    readOn: 0,
    offeredBytes: 24 * MIB,
    healthy: healthyIn(us),
    ...(calm
      ? {}
      : {
          held: {
            ms: 4_950,
            offeredBytes: 24 * MIB,
            bufferedBytes: MIB,
            droppedBytes: 19 * MIB,
            kernelBytes: 4 * MIB,
          },
        }),
    memory: { rssBefore: 80 * MIB, rssEnd: (calm ? 81 : 83) * MIB, rssMost: 90 * MIB },
    accounts: {
      expected: 1_000,
      received: calm ? 1_000 : 960,
      written: calm ? 1_000 : 960,
      dropped: calm ? 0 : 40,
      inFlight: 0,
      missed: 0,
      disagreement: 0,
    },
    closed: 0,
    evicted: 0,
    evictedMs: [],
    othersClosed: 0,
    recovery: {
      caughtUp: histogramOf(calm ? [] : [1_500]),
      behind: 0,
      stale: histogramOf(calm ? [] : [2_000]),
    },
    timeline: [0, 1_000, 4_900].map((ms) => ({
      ms,
      rssBytes: (ms < 1_000 ? 80 : calm ? 81 : 83) * MIB,
      p50: us,
      p99: us,
    })),
    ...stall,
  };
  return trialOf({ arm, round, ledger: NO_LEDGER, ...trial, stall: made });
}

/** `sse`, `ws` and their calm arms, on a route where one is named. */
export function stallArms(route = 'direct'): Arm[] {
  const suffix = route === 'direct' ? '' : `@${route}`;
  const through = route === 'direct' ? '' : ` through ${route}`;
  return [
    { name: '', title: '' },
    { name: '-calm', title: ', nobody stalls', variant: 'calm' },
  ].flatMap(({ name, title, ...variant }) =>
    [
      { transport: 'sse', protocol: 'SSE' },
      { transport: 'ws', protocol: 'WebSocket' },
    ].map(
      ({ transport, protocol }): Arm => ({
        name: `${transport}${name}${suffix}`,
        title: `${protocol}${title}${through}`,
        transport,
        client: 'lean',
        target: 'built-in',
        route,
        role: 'candidate',
        ...variant,
      }),
    ),
  );
}

export function stallRun(trials: readonly Trial[], arms: readonly Arm[] = stallArms()): RunResult {
  return runOf(trials, {
    arms: [...arms],
    scenario: {
      name: 'backpressure',
      question: 'Why?',
      headline: ['healthy.p50'],
      explore: '--vary stalled=5%',
    },
    params: { clients: 10 },
  });
}
