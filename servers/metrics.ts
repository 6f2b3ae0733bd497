/** GET /metrics in the Prometheus text format. Nothing is collected until somebody asks for it once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { reasonOf } from '../core/errors.ts';
import type { Gatekeeper } from './admission.ts';
import type { Asks } from './asks.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { Hub } from './hub.ts';
import type { Membership } from './membership.ts';
import type { Operator } from './operator.ts';

/** Those who count. */
export interface Counting {
  readonly hub: Hub;
  readonly operator: Operator;
  readonly asks: Asks;
  readonly gatekeeper: Gatekeeper;
  readonly breaker: CircuitBreaker;
}

/**
 * prom-client is loaded, and its event-loop and GC probes are started, by the first scrape: a trial that
 * nobody scrapes does not pay for them. Where there are several processes, whichever is asked adds up the
 * figures of all.
 */
export function metricsRoute(counting: Counting, membership?: Membership) {
  let registry: Promise<Registry> | undefined;
  const json = async (): Promise<object[]> => {
    registry ??= createRegistry(counting);
    return (await registry).getMetricsAsJSON();
  };
  membership?.offer('metrics', async () => JSON.stringify(await json()));
  const ofAll = async (own: Registry): Promise<Registry> => {
    if (membership === undefined) return own;
    const { AggregatorRegistry } = await import('prom-client');
    const others = await membership.gather('metrics');
    const all = [await json(), ...others.map((text) => JSON.parse(text) as object[])];
    return AggregatorRegistry.aggregate(all);
  };
  return (_request: IncomingMessage, response: ServerResponse): void => {
    registry ??= createRegistry(counting);
    registry
      .then(ofAll)
      .then(async (ready) => {
        const text = await ready.metrics();
        response.writeHead(200, { 'Content-Type': ready.contentType }).end(text);
      })
      .catch((error: unknown) => {
        response.writeHead(500, { 'Content-Type': 'text/plain' }).end(`${reasonOf(error)}\n`);
      });
  };
}

async function createRegistry({
  hub,
  operator,
  asks,
  gatekeeper,
  breaker,
}: Counting): Promise<Registry> {
  const { Registry, Gauge, Counter, collectDefaultMetrics } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `pushbench_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  /** Others own the counts; a counter only goes up, so it is moved by what came since. */
  const counters = (
    name: string,
    help: string,
    label: string | undefined,
    read: () => Iterable<readonly [string, number]>,
  ): void => {
    const seen = new Map<string, number>();
    new Counter({
      name: `pushbench_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      collect() {
        for (const [value, now] of read()) {
          const labels = label === undefined ? {} : { [label]: value };
          const before = seen.get(value) ?? 0;
          // What was counted may be taken back: bytes that were never sent, when a connection is cut.
          this.inc(labels, Math.max(0, now - before));
          seen.set(value, Math.max(now, before));
        }
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void =>
    counters(name, help, undefined, () => [['', read()]]);

  const ofHub = hub.counters;
  const ofOperator = operator.counters;
  gauge('sessions', 'Connected sessions', () => hub.sessions.size);
  gauge('rooms', 'Rooms that somebody is in or that keep something', () => hub.rooms.size);
  gauge('asks_pending', 'Questions to clients that are open', () => asks.pending);
  gauge(
    'buffered_bytes',
    'Bytes accepted for sessions that the kernel has not taken',
    () => hub.bufferedBytes,
  );
  counter('sessions_opened_total', 'Sessions opened since the start', () => ofHub.opened);
  counter('sessions_resumed_total', 'Sessions that came back', () => ofHub.resumed);
  counter('sessions_closed_total', 'Connections closed since the start', () => ofHub.closed);
  counter('messages_published_total', 'Messages published', () => ofHub.published);
  counter('messages_upstream_total', 'Messages received from clients', () => ofHub.upstream);
  counter('messages_delivered_total', 'Messages written to sessions', () => ofHub.delivered);
  counter('messages_replayed_total', 'Messages written again on a resume', () => ofHub.replayed);
  counter('gaps_total', 'Resumes that could not be complete', () => ofHub.gaps);
  counter(
    'bytes_written_total',
    'Bytes written to sessions, handshakes included',
    () => hub.bytesWritten,
  );
  counter('blocked_seconds_total', 'Time publishing stood still for slow sessions', () => {
    return hub.blockedNs / 1e9;
  });
  counters('drops_total', 'Messages not written, by reason', 'reason', () =>
    Object.entries(ofHub.drops),
  );
  counters('expelled_total', 'Connections the server ended, by reason', 'reason', () =>
    Object.entries(ofHub.expelled),
  );
  counters('refused_total', 'Connections and requests refused, by status', 'status', () =>
    [...gatekeeper.counters.refused].map(([status, count]) => [String(status), count] as const),
  );
  counters('requests_total', 'Requests of clients, by outcome', 'outcome', () => [
    ['answered', ofOperator.answered],
    ['failed', ofOperator.failed],
    ['cancelled', ofOperator.cancelled],
  ]);
  counters('operations_refused_total', 'Operations refused', undefined, () => [
    ['', ofOperator.refused],
  ]);
  counters('asks_total', 'Questions to clients, by outcome', 'outcome', () =>
    Object.entries(asks.counters),
  );
  counters('breaker_total', 'Calls of the application, by outcome', 'outcome', () =>
    Object.entries(breaker.counters),
  );
  return registry;
}
