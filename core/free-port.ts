/** A port for somebody who has to be told one before it listens. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/**
 * One that nobody listens on now.
 * @param wanted 0: any
 * @throws Error of the system, where it is taken or there is none
 */
export async function freePort(host: string, wanted = 0): Promise<number> {
  const server = createServer();
  server.listen({ host, port: wanted, exclusive: true });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
