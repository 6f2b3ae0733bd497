/** A push client whose events and states a test can wait for, and that reconnects without waiting itself. */
import { onTestFinished } from 'vitest';
import type { PushClientOptions } from '../transports/push-client/client-options.ts';
import type { ClientState } from '../transports/push-client/client-state.ts';
import type { PushedEvent } from '../transports/push-client/link.ts';
import type { Gap, PushClient } from '../transports/push-client/push-client.ts';
import { createPushClient } from '../transports/push-client/push-client.ts';
import type { PushClientError } from '../transports/push-client/push-client-error.ts';
import { createSignal } from './recorder.ts';

type Open = Extract<ClientState, { is: 'open' }>;

export interface WatchedClient extends PushClient {
  readonly messages: readonly PushedEvent[];
  readonly gaps: readonly Gap[];
  readonly refusals: readonly PushClientError[];
  readonly states: readonly ClientState[];
  /** What servers asked it to wait, ms. */
  readonly asked: readonly (number | undefined)[];
  /** Resolves with the data of all messages as soon as one of them is this. */
  until(data: unknown): Promise<readonly unknown[]>;
  /** Resolves when it has been open that many times. */
  open(times?: number): Promise<Open>;
  /** Resolves when something is so; looked at after whatever happens to the client. */
  when<T>(look: () => T | undefined): Promise<T>;
}

/** Closed when the test is over. */
export function watchClient(
  given: Partial<PushClientOptions> & Pick<PushClientOptions, 'url'>,
): WatchedClient {
  const asked: (number | undefined)[] = [];
  const client = createPushClient({
    reconnect: (_attempt, retryMs) => {
      asked.push(retryMs);
      return 5;
    },
    ...given,
  });
  onTestFinished(() => client.close());
  const messages: PushedEvent[] = [];
  const gaps: Gap[] = [];
  const refusals: PushClientError[] = [];
  const states: ClientState[] = [];
  const changed = createSignal();
  const keep =
    <T>(list: T[]) =>
    (one: T): void => {
      list.push(one);
      changed.raise();
    };
  client.on('message', keep(messages));
  client.on('gap', keep(gaps));
  client.on('refused', keep(refusals));
  client.on('state', keep(states));
  const opened = (): Open[] => states.flatMap((state) => (state.is === 'open' ? [state] : []));
  return Object.defineProperties(
    {
      ...client,
      messages,
      gaps,
      refusals,
      states,
      asked,
      until(data: unknown) {
        let looked = 0;
        return changed.until(() => {
          while (looked < messages.length) {
            looked += 1;
            if (messages[looked - 1]?.data === data) return messages.map((one) => one.data);
          }
          return undefined;
        });
      },
      open: (times = 1) => changed.until(() => opened()[times - 1]),
      when: <T>(look: () => T | undefined) => changed.until(look),
    },
    // They change, so a copy would not do.
    Object.getOwnPropertyDescriptors({
      get state() {
        return client.state;
      },
      get lastEventId() {
        return client.lastEventId;
      },
    }),
  );
}
