/** A sink that remembers events with their names and ids, as a client of the push server tells them. */
import type { Sink } from '../../core/transport.ts';
import { createSignal } from '../recorder.ts';

export interface HeardEvent {
  /** '' is the default. */
  readonly event: string;
  readonly id: string;
  readonly data: Buffer;
}

export interface EventRecorder extends Sink {
  /** What one client has heard so far, without its welcome. */
  of(client?: number): readonly HeardEvent[];
  /** Data of the events of one name, as text; without a name those that have none. */
  texts(client?: number, event?: string): string[];
  /** Data of the events of one name, which must be JSON. */
  values(client: number, event: string): unknown[];
  /** Resolves with all that was heard as soon as there are `count` events. */
  received(count: number, client?: number): Promise<readonly HeardEvent[]>;
  /** Resolves with the first event of this name, the next call with the second, and so on. */
  next(event: string, client?: number): Promise<HeardEvent>;
  /** Resolves with the cause as soon as the connection has ended. */
  ended(client?: number): Promise<string>;
}

export function createEventRecorder(): EventRecorder {
  const heard = new Map<number, HeardEvent[]>();
  /** How many events `next` has handed out, by client and name. */
  const handedOut = new Map<string, number>();
  const causes = new Map<number, string>();
  const changed = createSignal();
  const of = (client = 0): HeardEvent[] => {
    const known = heard.get(client) ?? [];
    heard.set(client, known);
    return known;
  };
  const named = (client: number, name: string): HeardEvent[] =>
    of(client).filter(({ event }) => event === name);
  return {
    of,
    texts: (client = 0, event = '') => named(client, event).map(({ data }) => data.toString()),
    values: (client, event) =>
      named(client, event).map(({ data }): unknown => JSON.parse(data.toString())),
    message(client, bytes, start, end, _receivedAt, event, id) {
      of(client).push({ event, id, data: Buffer.from(bytes.subarray(start, end)) });
      changed.raise();
    },
    closed(client, cause) {
      causes.set(client, cause);
      changed.raise();
    },
    received: (count, client = 0) =>
      changed.until(() => (of(client).length >= count ? of(client) : undefined)),
    next(event, client = 0) {
      const slot = `${client} ${event}`;
      const index = handedOut.get(slot) ?? 0;
      handedOut.set(slot, index + 1);
      return changed.until(() => named(client, event)[index]);
    },
    ended: (client = 0) => changed.until(() => causes.get(client)),
  };
}
