/** A request that is wrong in one way, and what a server under siege must make of it. */
import { expect } from 'vitest';
import type { SiegeOptions } from './siege.ts';
import { besiege } from './siege.ts';
import { httpRequest, openPeer, statusOf } from './stubborn-peer.ts';

export interface BadRequest {
  readonly what: string;
  readonly request: string | Buffer;
  readonly status: number;
  readonly options?: SiegeOptions;
}

export const json = 'Content-Type: application/json';

export const post = (target: string, body: string | Buffer, type = json): Buffer =>
  httpRequest('POST', target, [type], body);

/** It gets its status, is counted once, and opens nothing. */
export async function expectRefused({ request, status, options }: BadRequest): Promise<void> {
  await besiege(
    { [`refused ${status}`]: 1 },
    async (server) => {
      const peer = await openPeer(server.httpPort, request);
      await peer.hears(/\r\n\r\n/);
      await server.serves();
      expect(statusOf(peer.heard())).toBe(status);
      peer.socket.end();
      await server.alone();
      expect(server.hub.counters.opened).toBe(3);
    },
    options,
  );
}
