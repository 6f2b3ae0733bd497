/** A sink that remembers what clients received, and lets a test wait for it instead of sleeping. */
import type { Sink } from '../core/transport.ts';

export interface Recorder extends Sink {
  /** Messages of one client so far, as they were when they came. */
  messagesOf(client: number): readonly Buffer[];
  /** Why each connection ended. */
  readonly causes: ReadonlyMap<number, string>;
  /** Resolves as soon as `client` has had `count` messages. */
  received(client: number, count: number): Promise<readonly Buffer[]>;
  /** Resolves with the cause as soon as the connection of `client` has ended. */
  ended(client: number): Promise<string>;
}

export function createRecorder(): Recorder {
  const messages = new Map<number, Buffer[]>();
  const causes = new Map<number, string>();
  const changed = createSignal();
  const messagesOf = (client: number): Buffer[] => {
    const known = messages.get(client) ?? [];
    messages.set(client, known);
    return known;
  };
  return {
    causes,
    messagesOf,
    message(client, bytes, start, end) {
      messagesOf(client).push(Buffer.from(bytes.subarray(start, end)));
      changed.raise();
    },
    closed(client, cause) {
      causes.set(client, cause);
      changed.raise();
    },
    received: (client, count) =>
      changed.until(() => {
        const seen = messagesOf(client);
        return seen.length >= count ? seen : undefined;
      }),
    ended: (client) => changed.until(() => causes.get(client)),
  };
}

export interface Signal {
  raise(): void;
  /** Looks now and after each `raise`; resolves with the first answer that is not undefined. */
  until<T>(look: () => T | undefined): Promise<T>;
}

export function createSignal(): Signal {
  let waiting: (() => boolean)[] = [];
  return {
    raise() {
      waiting = waiting.filter((settled) => !settled());
    },
    until: <T>(look: () => T | undefined) =>
      new Promise<T>((resolve) => {
        const settled = (): boolean => {
          const answer = look();
          if (answer !== undefined) resolve(answer);
          return answer !== undefined;
        };
        if (!settled()) waiting.push(settled);
      }),
  };
}
