/**
 * A client of the push server as an application uses it: over WebSocket, or over SSE and POST where that
 * is refused, and back. It stays connected, and no event is lost or comes twice on the way, as long as the
 * server keeps them; where it did not, the client says so.
 *
 *     const client = createPushClient({ url: 'http://127.0.0.1:8080', rooms: ['news'] });
 *     client.on('message', ({ data }) => …);
 *     const answer = await client.request({ question: 1 });
 */
import { parseAddress } from './address.ts';
import type { AskHandler } from './ask-answerer.ts';
import { AskAnswerer } from './ask-answerer.ts';
import type { PushClientOptions } from './client-options.ts';
import { checkOptions, clientDefaults } from './client-options.ts';
import type { ClientState } from './client-state.ts';
import { ConnectionMachine } from './connection-machine.ts';
import type { PushedEvent } from './link.ts';
import { Outbox } from './outbox.ts';
import { createPoster } from './poster.ts';
import { PushClientError, refusalOf } from './push-client-error.ts';
import type { RequestOptions } from './requests.ts';
import { Requests } from './requests.ts';

/** Messages of a room that are lost: the server does not keep them any more. */
export interface Gap {
  readonly room: string;
  /** The last one that was seen before them. */
  readonly after: string;
}

/** What a client tells its application. */
export interface PushClientEvents {
  /** In order, and each one once. */
  readonly message: PushedEvent;
  readonly gap: Gap;
  /** Something that was sent and not waited for was refused. */
  readonly refused: PushClientError;
  readonly state: ClientState;
}

export interface PublishOptions {
  readonly room?: string | undefined;
  readonly event?: string | undefined;
  readonly key?: string | undefined;
  /** Waits until it is carried out; over POST that is always so. */
  readonly confirm?: boolean;
}

export interface PushClient {
  readonly state: ClientState | undefined;
  /** The last event that was seen; undefined before there was one with an id. */
  readonly lastEventId: string | undefined;
  /** @returns takes the handler away again */
  on<K extends keyof PushClientEvents>(
    what: K,
    handler: (happened: PushClientEvents[K]) => void,
  ): () => void;
  /**
   * Publishes a JSON value, or bytes. What was under way when the connection is cut may be lost.
   * @throws PushClientError (as a rejection)
   */
  publish(data: unknown, options?: PublishOptions): Promise<void>;
  /** @throws PushClientError (as a rejection) */
  request(data: unknown, options?: RequestOptions): Promise<unknown>;
  /** Answers what the server asks; without a handler, it is told that nobody does. */
  onAsk(handler: AskHandler): void;
  /** Resolves when the server has let us in. @throws PushClientError (as a rejection) */
  join(room: string): Promise<void>;
  leave(room: string): Promise<void>;
  /** Resolves when nothing is open any more. What is not answered is rejected. */
  close(): Promise<void>;
}

/**
 * Begins to connect as soon as the caller is done, and keeps at it until it is closed, or refused in a way
 * that would not change.
 * @throws RangeError for an option that cannot be
 */
export function createPushClient(
  given: Partial<PushClientOptions> & Pick<PushClientOptions, 'url'>,
): PushClient {
  const options: PushClientOptions = { ...clientDefaults(), ...given };
  checkOptions(options);
  const address = parseAddress(options.url);
  const { timers, token, ca, onWire } = options;
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const poster = createPoster(address.base, headers, options.connectTimeoutMs, ca);
  const rooms = new Set(options.rooms);
  let closing: Promise<void> | undefined;
  const handlers: { [K in keyof PushClientEvents]: Set<(what: PushClientEvents[K]) => void> } = {
    message: new Set(),
    gap: new Set(),
    refused: new Set(),
    state: new Set(),
  };
  const outbox = new Outbox(options.maxWaiting);
  const requests = new Requests(timers, (operation, isWanted) =>
    outbox.run(async () => {
      if (isWanted()) await machine.send(operation);
    }),
  );
  const asks = new AskAnswerer((operation) => machine.send(operation).catch(reportRefusal));
  const machine = new ConnectionMachine({
    ...options,
    open(protocol, { session = 'new', lastEventId }, events) {
      const query = new URLSearchParams({ session });
      for (const room of rooms) query.append('room', room);
      for (const key of options.keys) query.append('key', key);
      if (options.history !== 0) query.set('history', String(options.history));
      if (lastEventId !== undefined) query.set('last_event_id', lastEventId);
      const url = address.stream(protocol === 'ws' ? '/ws' : '/events', query);
      return options.links[protocol]({ url, headers, ca, post: poster.post, onWire }, events);
    },
    onState,
    onEvent,
  });

  function onState(state: ClientState): void {
    if (state.is === 'open') {
      if (!state.resumed) requests.forgotten();
      // A server that does not know us puts us into the main room when we name none.
      if (!state.resumed && rooms.size === 0)
        machine.send(operationOn('leave', 'main')).catch(reportRefusal);
      outbox.open();
    } else if (state.is === 'closed') {
      const why = state.causes.at(-1)?.says ?? 'the client was closed';
      asks.abandon();
      outbox.close(why);
      requests.close(why);
    } else if (state.is === 'waiting') {
      outbox.hold();
      requests.cut();
      asks.abandon();
    }
    tell('state', state);
  }

  function onEvent(event: PushedEvent): void {
    switch (event.event) {
      case 'answer':
      case 'part':
        requests.take(event.event, event.data);
        return;
      case 'ask':
        void asks.answer(event.data);
        return;
      case 'gap':
        tell('gap', event.data as Gap);
        return;
      case 'refused':
        tell('refused', refusalOf(event.data));
        return;
      default:
        tell('message', event);
    }
  }

  function tell<K extends keyof PushClientEvents>(what: K, happened: PushClientEvents[K]): void {
    for (const handler of handlers[what]) {
      try {
        handler(happened);
      } catch (error) {
        // A fault of the application: it must be seen, and must not look like one of the connection.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  function reportRefusal(error: unknown): void {
    const refused = error instanceof PushClientError && error.code === 'refused';
    // What was lost with the connection is told by the state.
    if (refused) tell('refused', error);
  }

  async function publishBytes(bytes: Uint8Array, given: PublishOptions): Promise<void> {
    const { room, event, key } = given;
    const isPlain = room === undefined && event === undefined && key === undefined;
    const { link } = machine;
    if (isPlain && link?.sendBinary !== undefined) return link.sendBinary(bytes);
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ room, event, key })) {
      if (value !== undefined) query.set(name, value);
    }
    await poster.post(`/publish?${query}`, 'application/octet-stream', bytes);
  }

  queueMicrotask(() => {
    if (machine.state === undefined) machine.start();
  });
  return {
    get state() {
      return machine.state;
    },
    get lastEventId() {
      return machine.order.lastId;
    },
    on(what, handler) {
      handlers[what].add(handler);
      return () => void handlers[what].delete(handler);
    },
    async publish(data, publication = {}) {
      if (data instanceof Uint8Array) return outbox.run(() => publishBytes(data, publication));
      const { confirm = false, room, event, key } = publication;
      const text = JSON.stringify({ op: 'publish', room, event, key, data: data ?? null });
      return outbox.run(() => (confirm ? machine.confirm(text) : machine.send(text)));
    },
    request: (data, more = {}) => requests.request(data, more),
    onAsk(handler) {
      asks.handler = handler;
    },
    async join(room) {
      await outbox.run(() => machine.confirm(operationOn('join', room)));
      rooms.add(room);
    },
    async leave(room) {
      await outbox.run(() => machine.confirm(operationOn('leave', room)));
      rooms.delete(room);
    },
    close() {
      closing ??= machine.close().then(poster.close);
      return closing;
    },
  };
}

function operationOn(op: 'join' | 'leave', room: string): string {
  return JSON.stringify({ op, room });
}
