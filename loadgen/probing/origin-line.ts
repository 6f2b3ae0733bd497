/** One connection through a path to an origin of ours, with both its ends in hand. */
import { randomUUID } from 'node:crypto';
import type { Watched } from './connection.ts';
import { openStream } from './connection.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import type { Origin, OriginSession } from './origin.ts';
import { ProbeFailure } from './probe-failure.ts';

/** The way from a client to an origin; the URL is that of the path, whose own path is replaced. */
export interface MeasuredPath {
  readonly endpoint: ProbeEndpoint;
  readonly origin: Origin;
}

/** An event of the origin, as it arrived. */
export interface Received {
  readonly n: number;
  readonly sentAt: number;
  readonly at: number;
}

export interface OriginLine {
  readonly client: Watched;
  readonly session: OriginSession;
  readonly received: readonly Received[];
  /** Resolves when event `n` has come; undefined when the connection ended or the time was over first. */
  arrival(n: number, timeoutMs: number): Promise<Received | undefined>;
}

/** @throws ProbeFailure, also when what answers is not the origin */
export async function openLine(
  { endpoint, origin }: MeasuredPath,
  signal?: AbortSignal,
): Promise<OriginLine> {
  const id = randomUUID();
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const url = new URL(origin.pathOf(endpoint.transport, id), endpoint.url);
  const client = await openStream(
    { ...endpoint, url },
    {
      arrived({ kind, text, at }) {
        if (kind !== 'event') return;
        const { n, at: sentAt } = JSON.parse(text) as { n: number; at: number };
        received.push({ n, sentAt, at });
        for (const look of waiting) look();
      },
    },
    { signal },
  );
  const session = await within(origin.session(id), endpoint.timeoutMs).catch((error: unknown) => {
    client.abandon();
    throw error;
  });
  return {
    client,
    session,
    received,
    arrival: (n, timeoutMs) =>
      new Promise((resolve) => {
        const find = (): Received | undefined => received.find((one) => one.n === n);
        const done = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
          resolve(find());
        };
        const look = (): void => {
          if (find() !== undefined) done();
        };
        const timer = setTimeout(done, timeoutMs);
        waiting.add(look);
        void client.ended.then(done);
        look();
      }),
  };
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new ProbeFailure('silent', 'the connection did not reach the origin')),
      ms,
    );
    promise
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
      // Both outcomes are passed on above.
      .catch(() => undefined);
  });
}
