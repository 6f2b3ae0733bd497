/** A push server on both protocols of the push client, which keeps what it is told to keep. */
import { onTestFinished } from 'vitest';
import type { PushServer, PushServerOptions } from '../servers/push-server.ts';
import { createPushServer, defaults } from '../servers/push-server.ts';
import type { Session } from '../servers/session.ts';
import { sse } from '../transports/sse/index.ts';
import { ws } from '../transports/ws/index.ts';

/** What a room keeps: so many messages. */
export const keeping = (count: number): PushServerOptions['replay'] => ({
  ...defaults.replay,
  count,
});

/** The only rooms there are. */
export const onlyRooms = (...rooms: readonly string[]): PushServerOptions['limits'] => ({
  ...defaults.limits,
  rooms,
});

/** Closed when the test is over. */
export async function startServer(options: Partial<PushServerOptions> = {}): Promise<PushServer> {
  const server = await createPushServer({
    transports: { sse, ws },
    replay: keeping(10_000),
    lingerMs: 60_000,
    heartbeatMs: 0,
    ...options,
  });
  onTestFinished(() => server.close(0));
  return server;
}

export const urlOf = ({ httpPort }: PushServer): string => `http://127.0.0.1:${httpPort}`;

interface Where {
  readonly room?: string;
  readonly event?: string;
  readonly key?: string;
}

/** Publishes a JSON value. */
export function publish(server: PushServer, data: unknown, where: Where = {}): void {
  server.hub.publish({ ...where, data: Buffer.from(JSON.stringify(data)), kind: 'json' });
}

export function sessionOf({ hub }: PushServer, id: string): Session {
  const session = hub.book.find(id);
  if (session === undefined) throw new Error('the server does not know the session');
  return session;
}

/** Lets the event loop turn until nobody is connected. */
export async function allGone({ hub }: PushServer): Promise<void> {
  while (hub.sessions.size > 0) await new Promise((resolve) => setImmediate(resolve));
}
