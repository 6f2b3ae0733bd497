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
  return { tls, headersTimeoutMs: 300 };
}

/** The first bytes of a ClientHello that announces 512. */
const halfHello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);

describe.each(['http', 'raw'] as const)('on the %s port of a server that speaks TLS', (port) => {
  test.each([
    { what: 'plain HTTP', first: httpRequest('GET', '/events') },
    { what: 'a plain line', first: '?room=healthy\n' },
    { what: 'garbage', first: Buffer.alloc(1_000, 0xff) },
    { what: 'half a handshake', first: halfHello },
    { what: 'nothing', first: '' },
  ])('$what is ended, and the others are served', async ({ first }) => {
    await besiege(
      {},
      async (server) => {
        const peer = await openPeer(port === 'raw' ? server.rawPort : server.httpPort, first);
        await server.serves();
        await peer.over();
        await server.alone();
        expect(server.hub.counters.opened).toBe(3);
      },
      await secure(),
    );
  });
});
