/** GET /metrics in the Prometheus text format. Nothing is collected until somebody asks for it once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { reasonOf } from '../core/errors.ts';
import type { Hub } from './hub.ts';

/**
 * prom-client is loaded, and its event-loop and GC probes are started, by the first scrape: a trial that
 * nobody scrapes does not pay for them.
 */
export function metricsRoute(hub: Hub) {
  let registry: Promise<Registry> | undefined;
  return (_request: IncomingMessage, response: ServerResponse): void => {
    registry ??= createRegistry(hub);
    registry
      .then(async (ready) => {
        response.writeHead(200, { 'Content-Type': ready.contentType }).end(await ready.metrics());
      })
      .catch((error: unknown) => {
        response.writeHead(500, { 'Content-Type': 'text/plain' }).end(`${reasonOf(error)}\n`);
      });
  };
}

async function createRegistry(hub: Hub): Promise<Registry> {
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
  /** The hub owns the count; a counter only goes up, so it is moved by what came since. */
  const counter = (
    name: string,
    help: string,
    read: () => number,
    labels: Record<string, string> = {},
  ): void => {
    let seen = 0;
    new Counter({
      name: `pushbench_${name}`,
      help,
      labelNames: Object.keys(labels),
      registers: [registry],
      collect() {
        const now = read();
        this.inc(labels, now - seen);
        seen = now;
      },
    });
  };

  const { counters } = hub;
  gauge('sessions', 'Connected sessions', () => hub.sessions.size);
  gauge(
    'buffered_bytes',
    'Bytes accepted for sessions that the kernel has not taken',
    () => hub.bufferedBytes,
  );
  counter('sessions_opened_total', 'Sessions opened since the start', () => counters.opened);
  counter('sessions_closed_total', 'Sessions closed since the start', () => counters.closed);
  counter('messages_published_total', 'Messages broadcast', () => counters.published);
  counter('messages_upstream_total', 'Messages received from clients', () => counters.upstream);
  counter('messages_delivered_total', 'Messages written to sessions', () => counters.delivered);
  counter(
    'bytes_written_total',
    'Bytes written to sessions, handshakes included',
    () => hub.bytesWritten,
  );
  counter('drops_total', 'Messages not written, by reason', () => counters.dropped, {
    reason: 'slow',
  });
  return registry;
}
