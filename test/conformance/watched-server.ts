/** A push server that a test can watch: who connected, how often a message was encoded, who was beaten. */
import { onTestFinished } from 'vitest';
import type {
  Client,
  ClientKind,
  Connection,
  ConnectOptions,
  Endpoint,
  Host,
  Sink,
  Transport,
} from '../../core/transport.ts';
import type { PushServer, PushServerOptions } from '../../servers/push-server.ts';
import { createPushServer } from '../../servers/push-server.ts';
import { createUpstream } from '../../transports/upstream.ts';
import { createSignal } from '../recorder.ts';

export interface WatchedServer extends PushServer {
  /** Every connection there was, in the order they opened. */
  readonly connections: readonly Connection[];
  readonly endpoint: Endpoint;
  readonly encoded: () => number;
  /** Resolves when as many sessions are connected, neither more nor fewer. */
  connected(count: number): Promise<void>;
  /** Resolves when that many heartbeats have been sent, to whichever session. */
  beaten(count: number): Promise<void>;
  connect(
    kind: ClientKind,
    sink: Sink,
    client?: number,
    options?: Partial<ConnectOptions>,
  ): Promise<Client>;
}

/** It, and the clients connected through it, are closed when the test is over. */
export async function openWatched(
  transport: Transport,
  options: Partial<Omit<PushServerOptions, 'transports'>> = {},
): Promise<WatchedServer> {
  const connections: Connection[] = [];
  const changed = createSignal();
  let encoded = 0;
  let beats = 0;
  const watch = (host: Host): Host => ({
    feeds: host.feeds,
    messageLimitBytes: host.messageLimitBytes,
    admit: (request) => host.admit(request),
    admitQuery: (query, address) => host.admitQuery(query, address),
    refused: (status) => host.refused(status),
    open(connection, visit) {
      connections.push(connection);
      const beat = connection.heartbeat.bind(connection);
      connection.heartbeat = () => {
        beat();
        beats += 1;
        changed.raise();
      };
      const attendance = host.open(connection, visit);
      changed.raise();
      return {
        received: (message, binary) => attendance.received(message, binary),
        closed(broke) {
          attendance.closed(broke);
          changed.raise();
        },
      };
    },
  });
  const watched: Transport = {
    ...transport,
    attach: async (listener, host) => {
      const end = await transport.attach(listener, watch(host));
      return {
        ...end,
        encode: (event) => {
          encoded += 1;
          return end.encode(event);
        },
      };
    },
  };
  const server = await createPushServer({
    heartbeatMs: 0,
    bufferLimitBytes: 16 * 1024 * 1024,
    ...options,
    transports: { it: watched },
  });
  onTestFinished(() => server.close(0));
  const endpoint = server.endpoints['it'];
  if (endpoint === undefined) throw new Error('the transport has no endpoint');
  const reached = (look: () => boolean): Promise<void> =>
    changed.until(() => (look() ? null : undefined)).then(() => undefined);
  const upstream = createUpstream(endpoint, { connections: 4, pipelining: 1 });
  onTestFinished(() => upstream.close());
  return {
    ...server,
    connections,
    endpoint,
    encoded: () => encoded,
    connected: (count) => reached(() => server.hub.sessions.size === count),
    beaten: (count) => reached(() => beats >= count),
    async connect(kind, sink, client = 0, more = {}) {
      const connect = transport.clients[kind];
      if (typeof connect !== 'function') throw new Error(connect.unavailable);
      const before = connections.length;
      const connection = await connect({
        endpoint,
        client,
        sink,
        clock: () => 0,
        timeoutMs: 10_000,
        upstream,
        ...more,
      });
      onTestFinished(() => connection.close());
      await reached(() => connections.length > before);
      return connection;
    },
  };
}
