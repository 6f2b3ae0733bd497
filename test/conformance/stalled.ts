/** Makes slow readers: publishes to a client that does not read until the kernel takes no more. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { vi } from 'vitest';
import type { Connection } from '../../core/transport.ts';
import type { Session } from '../../servers/session.ts';
import type { WatchedServer } from './watched-server.ts';

/** The session of the connection that was the `index`-th to open, and that connection. */
export function sessionAt(
  { hub, connections }: WatchedServer,
  index: number,
): { session: Session; connection: Connection } {
  const connection = connections[index];
  const session = [...hub.sessions].find((one) => one.connection === connection);
  if (connection === undefined || session === undefined) throw new Error(`no session ${index}`);
  return { session, connection };
}

/**
 * Publishes to a room that only this client should be in, until its connection holds more than `bytes`.
 * @returns how many messages that took
 */
export async function fillUp(
  { hub }: WatchedServer,
  connection: Connection,
  room: string,
  bytes = 0,
): Promise<number> {
  let sent = 0;
  while (connection.bufferedBytes <= bytes) {
    hub.publish({ room, data: Buffer.alloc(64 * 1_024, 'x'), kind: 'text', key: `fill ${sent}` });
    sent += 1;
    // What is written is handed to the kernel within one turn of the event loop.
    await nextTurn();
  }
  return sent;
}

/** A session that is sent away has a second to read why, which is not what every test is about. */
export function withoutDestruction(connection: Connection): void {
  vi.spyOn(connection, 'destroy').mockImplementation(() => undefined);
}
