/**
 * Where a server listens: at its own address, and with the same port at further addresses of loopback, where
 * more clients are to come than one address has ports for. However it came in, a connection is the server's.
 */
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';

/** Connections waiting to be accepted: a crowd that connects at once must not be turned away by the kernel. */
const BACKLOG = 4_096;

/** Of each connection, as the server itself has them. */
export interface DoorSettings {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  readonly keepAliveInitialDelay: number;
  readonly allowHalfOpen: boolean;
}

/** @param port 0: any. @returns its port. @throws the `listen` error of Node (EADDRINUSE, EACCES, …) */
export function openDoor(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** A further one to a server that listens already. @throws as `openDoor`; it is closed then */
export async function openAnother(
  server: Server,
  host: string,
  port: number,
  settings: DoorSettings,
): Promise<Server> {
  const door = createServer(settings, (socket) => void server.emit('connection', socket));
  await openDoor(door, host, port);
  return door;
}
