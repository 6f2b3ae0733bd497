/** Has a server listen where a crowd may come. */
import type { AddressInfo, Server } from 'node:net';

/** Connections waiting to be accepted: a crowd that connects at once must not be turned away by the kernel. */
const BACKLOG = 4_096;

/**
 * Also one that has listened before and was closed.
 * @param port 0: any
 * @returns its port
 * @throws the `listen` error of Node (EADDRINUSE, EACCES, …)
 */
export function listenAt(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
