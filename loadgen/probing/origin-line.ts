/** One connection through a path to an origin of ours, with both its ends in hand. */
import { randomUUID } from 'node:crypto';
import type { Watched } from './connection.ts';
import { openStream } from './connection.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import type { Origin, OriginSession } from './origin.ts';
import { PLAIN } from './origin.ts';
import { within } from './within.ts';

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
  const session = await within<OriginSession>(
    endpoint,
    'the connection did not reach the origin',
    (resolve) => void origin.session(id).then(resolve),
  ).catch((error: unknown) => {
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

/**
 * All at once, so that none has been silent for long when the last is open.
 * @throws ProbeFailure when one does not come about; the others are left then
 */
export async function openLines(
  count: number,
  path: MeasuredPath,
  signal: AbortSignal,
): Promise<OriginLine[]> {
  const opened = await Promise.allSettled(
    Array.from({ length: count }, () => openLine(path, signal)),
  );
  const lines = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = opened.find((one) => one.status === 'rejected');
  if (failed === undefined) return lines;
  for (const { client } of lines) client.abandon();
  await Promise.all(lines.map(({ client }) => client.ended));
  throw failed.reason;
}

/** The same path to an origin that gives it no advice on buffering, as most servers do not. */
export const withoutAdvice = ({ endpoint, origin }: MeasuredPath): MeasuredPath => ({
  endpoint,
  origin: { ...origin, pathOf: (...stream) => `${origin.pathOf(...stream)}${PLAIN}` },
});
