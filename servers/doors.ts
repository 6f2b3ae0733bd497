/**
 * Further addresses of loopback at which a server listens with its one port, where more clients are to come
 * than one address has ports for. However it came in, a connection is the server's.
 */
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { listenAt } from '../core/listen.ts';

/** Of each connection, as the server itself has them. */
export interface DoorSettings {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  readonly keepAliveInitialDelay: number;
  readonly allowHalfOpen: boolean;
}

/** A further one to a server that listens already. @throws the `listen` error of Node; it is closed then */
export async function openAnother(
  server: Server,
  host: string,
  port: number,
  settings: DoorSettings,
): Promise<Server> {
  const door = createServer(settings, (socket) => void server.emit('connection', socket));
  await listenAt(door, host, port);
  return door;
}
