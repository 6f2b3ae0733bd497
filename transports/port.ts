/** The TCP port a listener's HTTP server was given. */
import type { Listener } from '../core/transport.ts';

/** @throws Error before it listens */
export function portOf({ http }: Listener): number {
  const address = http.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server is not listening');
  }
  return address.port;
}
