/** More clients than one address has ports for: the server is at several, and each client is sent to one of them. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCertificate } from '../../core/certificate.ts';
import { mostLoopbackAddresses } from '../../core/loopback.ts';
import { reachOf } from '../../loadgen/connect-query.ts';
import { transports } from '../../transports/registry.ts';
import { createRecorder } from '../recorder.ts';
import { openWatched } from './watched-server.ts';

const ADDRESSES = 3;
const isPossible = mostLoopbackAddresses(process.platform) > 1;
const why = isPossible ? '' : ' (skipped: only Linux has all of 127.0.0.0/8)';

const secured = async () => {
  const certificate = await createCertificate();
  onTestFinished(() => certificate.remove());
  return { cert: certificate.certPath, key: certificate.keyPath };
};

describe.each(Object.entries(transports))('over %s', (_, transport) => {
  test.skipIf(!isPossible).each([false, true])(
    `a server serves at all its addresses, and at no other; TLS: %s${why}`,
    async (tls) => {
      const server = await openWatched(transport, {
        addresses: ADDRESSES,
        ...(tls ? { tls: await secured() } : {}),
      });
      const recorder = createRecorder();
      for (let client = 0; client < ADDRESSES + 1; client += 1) {
        await server.connect('lean', recorder, client, reachOf(client, server.endpoint));
      }
      server.hub.publish({ data: Buffer.from('to all'), kind: 'text' });
      for (let client = 0; client < ADDRESSES + 1; client += 1) {
        expect(await recorder.received(client, 1)).toHaveLength(1);
      }
      // Whose address was not heeded would be let in here too.
      const beyond = { reachedAt: '127.0.0.4' };
      await expect(server.connect('lean', recorder, 9, beyond)).rejects.toThrow('ECONNREFUSED');
      await server.close(0);
      const gone = { reachedAt: '127.0.0.3' };
      await expect(server.connect('lean', recorder, 9, gone)).rejects.toThrow('ECONNREFUSED');
    },
  );
});
