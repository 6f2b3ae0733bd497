/** What comes to a port of TLS and is no TLS, or stops in the middle of its handshake. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCertificate } from '../../core/certificate.ts';
import type { SiegeOptions } from './siege.ts';
import { besiege } from './siege.ts';
import { httpRequest, openPeer } from './stubborn-peer.ts';

async function secure(): Promise<SiegeOptions> {
  const certificate = await createCertificate();
  onTestFinished(() => certificate.remove());
  const tls = { cert: certificate.certPath, key: certificate.keyPath };
  // The healthy ones have to be faster than that too.
  return { tls, headersTimeoutMs: 2_000 };
}

/** The first bytes of a ClientHello that announces 512. */
const halfHello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);

/** Plain HTTP, a plain line, garbage, half a handshake, and nothing. */
const whatever = [
  httpRequest('GET', '/events'),
  '?room=healthy\n',
  Buffer.alloc(1_000, 0xff),
  halfHello,
  '',
];

describe.each(['http', 'raw'] as const)('on the %s port of a server that speaks TLS', (port) => {
  test('whatever comes in their place is ended, and the others are served', async () => {
    await besiege(
      {},
      async (server) => {
        const at = port === 'raw' ? server.rawPort : server.httpPort;
        const peers = await Promise.all(whatever.map((first) => openPeer(at, first)));
        await server.serves();
        await Promise.all(peers.map((peer) => peer.over()));
        await server.alone();
        expect(server.hub.counters.opened).toBe(3);
      },
      await secure(),
    );
  });
});
