/** Looks at one endpoint from outside: head, then pings, then events and idle cuts at the same time. */

import { median } from '../../core/median.ts';
import type { IdleWatch, ProbeResult, StreamKind, Talk } from '../../core/records/probe.ts';
import { measureClumping } from './clumping.ts';
import type { Arrival } from './connection.ts';
import { openStream } from './connection.ts';
import { detectTransport } from './detect.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import { HEAD_CONNECTIONS, measureHead } from './head.ts';
import { heartbeatsOf } from './heartbeats.ts';
import { planIdle } from './idle-plan.ts';
import { watchIdle } from './idle-watch.ts';
import { sendTimesOf } from './time-stamps.ts';

/** Connections beside those that are watched for cuts: two to find the transport, those of the head, one for pings. */
export const OTHER_CONNECTIONS = 2 + HEAD_CONNECTIONS + 1;
/** Fewer tell nothing about who is silent. */
export const FEWEST_CONNECTIONS = OTHER_CONNECTIONS + 1;
const PINGS = 3;
const PONG_MS = 2_000;
/** Arrivals that are kept of an endpoint that never stops sending. */
const KEPT_ARRIVALS = 20_000;

export interface ProbeOptions {
  readonly endpoint: Omit<ProbeEndpoint, 'transport'>;
  /** Without what may be secret. */
  readonly shownUrl: string;
  readonly maxMs: number;
  /** All that are opened, one after the other and together. */
  readonly connections: number;
  readonly greeting?: string | undefined;
  readonly signal: AbortSignal;
  /** What is being done, for whoever waits. */
  progress(step: ProbeStep): void;
}

export type ProbeStep =
  | { readonly step: 'found'; readonly transport: StreamKind }
  | { readonly step: 'watching'; readonly talks: readonly Talk[]; readonly maxMs: number }
  | { readonly step: 'ended'; readonly watch: IdleWatch; readonly transport: StreamKind };

/** @throws ProbeFailure when there is no stream; an interruption after the head is a result */
export async function probeEndpoint(options: ProbeOptions): Promise<ProbeResult> {
  const { maxMs, connections, signal, progress, greeting } = options;
  const endpoint = await detectTransport(options.endpoint, signal);
  const { transport } = endpoint;
  progress({ step: 'found', transport });
  const head = await measureHead(endpoint, { signal });
  const pingMs = transport === 'ws' ? await measurePing(endpoint, signal) : undefined;
  const talks = planIdle(transport, connections - OTHER_CONNECTIONS, maxMs);
  progress({ step: 'watching', talks, maxMs });
  const arrivals: Arrival[] = [];
  let openedAt: number | undefined;
  const idle = await watchIdle({
    endpoint,
    talks,
    maxMs,
    greeting,
    answersPings: pingMs !== undefined,
    signal,
    arrived(arrival) {
      if (arrivals.length < KEPT_ARRIVALS) arrivals.push(arrival);
    },
    opened(at) {
      openedAt = at;
    },
    onEnd: (watch) => progress({ step: 'ended', watch, transport }),
  });
  const events = arrivals.filter(({ kind }) => kind === 'event');
  const wallOffset = Date.now() - performance.now();
  const sendTimes = sendTimesOf(events, Date.now());
  const times = events.map(({ at }) => at);
  const lags = sendTimes?.at.map((sentAt, n) => (times[n] ?? 0) + wallOffset - sentAt);
  const firstAt = events[0]?.at;
  return {
    url: options.shownUrl,
    transport,
    head,
    pingMs,
    firstEventMs: firstAt === undefined || openedAt === undefined ? undefined : firstAt - openedAt,
    events: measureClumping(times, sendTimes?.at, {
      ...(sendTimes === undefined ? {} : { resolutionMs: sendTimes.resolutionMs }),
    }),
    stampLagMs: lags === undefined ? undefined : median(lags),
    heartbeats: heartbeatsOf(arrivals),
    idle,
  };
}

/** @returns the median way there and back, ms; undefined where pings are not answered */
async function measurePing(
  endpoint: ProbeEndpoint,
  signal: AbortSignal,
): Promise<number | undefined> {
  let pong: (at: number) => void = () => undefined;
  const watched = await openStream(
    endpoint,
    { arrived: ({ kind, at }) => (kind === 'pong' ? pong(at) : undefined) },
    { signal },
  );
  try {
    const times: number[] = [];
    for (let n = 0; n < PINGS; n += 1) {
      const sentAt = performance.now();
      const at = await new Promise<number | undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), PONG_MS);
        const settle = (when?: number): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          resolve(when);
        };
        const onAbort = (): void => settle();
        pong = settle;
        signal.addEventListener('abort', onAbort, { once: true });
        void watched.ended.then(() => settle());
        if (signal.aborted || !watched.say('ping')) settle();
      });
      if (at === undefined) break;
      times.push(at - sentAt);
    }
    return median(times);
  } finally {
    await watched.leave();
  }
}
