/**
 * Where a server listens: one address and port, or that port at several addresses of loopback, where more
 * clients are to come than one address has ports for. However it came in, a connection is the server's.
 */
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';

/** Connections waiting to be accepted: a crowd that connects at once must not be turned away by the kernel. */
const BACKLOG = 4_096;

export interface DoorOptions {
  readonly hosts: readonly string[];
  /** 0: any that is free at the first of them. */
  readonly port: number;
  /** For each connection, as the server itself has them. */
  readonly settings: {
    readonly noDelay: boolean;
    readonly keepAlive: boolean;
    readonly keepAliveInitialDelay: number;
    readonly allowHalfOpen: boolean;
  };
}

export interface Doors {
  readonly port: number;
  /** Lets nobody in from now on; connections that exist are left alone. */
  close(): void;
}

/** @throws the `listen` error of Node (EADDRINUSE, EACCES, …); nothing listens then */
export async function openDoors(
  server: Server,
  { hosts, port: wanted, settings }: DoorOptions,
): Promise<Doors> {
  const opened: Server[] = [];
  const close = (): void => {
    for (const door of opened) door.close();
  };
  let port = wanted;
  try {
    for (const [index, host] of hosts.entries()) {
      const door =
        index === 0
          ? server
          : createServer(settings, (socket) => void server.emit('connection', socket));
      await listen(door, host, port);
      opened.push(door);
      port = (door.address() as AddressInfo).port;
    }
  } catch (error) {
    close();
    throw error;
  }
  return { port, close };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
