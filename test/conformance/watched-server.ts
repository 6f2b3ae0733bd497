/** A push server that a test can watch: who connected, how often a message was encoded, who was beaten. */
import { onTestFinished } from 'vitest';
import type { Client, ClientKind, Session, Sink, Transport } from '../../core/transport.ts';
import type { PushServer, PushServerOptions } from '../../servers/push-server.ts';
import { createPushServer } from '../../servers/push-server.ts';
import { createSignal } from '../recorder.ts';

export interface WatchedServer extends PushServer {
  /** Every session there was, in the order they opened. */
  readonly sessions: readonly Session[];
  readonly encoded: () => number;
  /** Resolves when as many sessions are connected, neither more nor fewer. */
  connected(count: number): Promise<void>;
  /** Resolves when that many heartbeats have been sent, to whichever session. */
  beaten(count: number): Promise<void>;
  connect(kind: ClientKind, sink: Sink, client?: number): Promise<Client>;
}

/** It, and the clients connected through it, are closed when the test is over. */
export async function openWatched(
  transport: Transport,
  options: Partial<Omit<PushServerOptions, 'transport'>> = {},
): Promise<WatchedServer> {
  const sessions: Session[] = [];
  const changed = createSignal();
  let encoded = 0;
  let beats = 0;
  const watched: Transport = {
    ...transport,
    attach: async (listener, hub) => {
      const end = await transport.attach(listener, {
        nextId: () => hub.nextId(),
        open(session) {
          sessions.push(session);
          const beat = session.heartbeat.bind(session);
          session.heartbeat = () => {
            beat();
            beats += 1;
            changed.raise();
          };
          hub.open(session);
          changed.raise();
        },
        closed(session) {
          hub.closed(session);
          changed.raise();
        },
        upstream: (session, message) => hub.upstream(session, message),
      });
      return {
        ...end,
        encode: (message) => {
          encoded += 1;
          return end.encode(message);
        },
      };
    },
  };
  const server = await createPushServer({
    host: '127.0.0.1',
    port: 0,
    heartbeatMs: 0,
    bufferLimitBytes: 16 * 1024 * 1024,
    seed: 1,
    ...options,
    transport: watched,
  });
  onTestFinished(() => server.close(0));
  const reached = (look: () => boolean): Promise<void> =>
    changed.until(() => (look() ? null : undefined)).then(() => undefined);
  return {
    ...server,
    sessions,
    encoded: () => encoded,
    connected: (count) => reached(() => server.hub.sessions.size === count),
    beaten: (count) => reached(() => beats >= count),
    async connect(kind, sink, client = 0) {
      const connect = transport.clients[kind];
      if (typeof connect !== 'function') throw new Error(connect.unavailable);
      const before = server.hub.sessions.size;
      const connection = await connect({
        endpoint: server.endpoint,
        client,
        sink,
        clock: () => 0,
        timeoutMs: 10_000,
      });
      onTestFinished(() => connection.close());
      await reached(() => server.hub.sessions.size > before);
      return connection;
    },
  };
}
