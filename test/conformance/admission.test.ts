/** Who is let in: tokens, origins and what a browser is told about them, and TLS, on every transport. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Certificate } from '../../core/certificate.ts';
import { createCertificate } from '../../core/certificate.ts';
import type { Transport } from '../../core/transport.ts';
import { clientKinds } from '../../core/transport.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { get, post } from './requests.ts';
import type { WatchedServer } from './watched-server.ts';
import { openWatched } from './watched-server.ts';
import { openWire } from './wire.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const overHttp = all.filter(([name]) => name !== 'raw');
const HOME = 'https://home.example';

/** The head of the answer to a request for a stream. */
async function answerTo(
  { endpoint }: WatchedServer,
  name: TransportName,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const protocol = protocolOf[name];
  const asked = protocol.request(endpoint, query, headers);
  const wire = await openWire(endpoint.port, asked, protocol.headEnd);
  return wire.head();
}

const accepted: Readonly<Record<TransportName, string>> = {
  sse: 'HTTP/1.1 200 OK\r\n',
  'sse-prepared': 'HTTP/1.1 200 OK\r\n',
  ws: 'HTTP/1.1 101 Switching Protocols\r\n',
  'ws-prepared': 'HTTP/1.1 101 Switching Protocols\r\n',
  raw: '\n',
};

describe.each(all)('%s', (name, transport) => {
  test('with a token, lets in who has it, in the query or the header', async () => {
    const server = await openWatched(transport, { token: 'secret' });
    const refused = name === 'raw' ? '!401 ' : 'HTTP/1.1 401 Unauthorized\r\n';
    const without = await answerTo(server, name, '');
    expect(without.startsWith(refused)).toBe(true);
    if (name !== 'raw') expect(without).toContain('\r\nWWW-Authenticate: Bearer\r\n');
    expect((await answerTo(server, name, 'token=wrong')).startsWith(refused)).toBe(true);
    expect(server.hub.counters.opened).toBe(0);
    expect((await answerTo(server, name, 'token=secret')).startsWith(accepted[name])).toBe(true);
    await server.connected(1);
    if (name === 'raw') return;
    const bearer = { Authorization: 'Bearer secret' };
    expect((await answerTo(server, name, '', bearer)).startsWith(accepted[name])).toBe(true);
    await server.connected(2);
    const wrong = { Authorization: 'Bearer wrong' };
    expect((await answerTo(server, name, '', wrong)).startsWith(refused)).toBe(true);
    expect([...server.gatekeeper.counters.refused]).toEqual([[401, 3]]);
  });

  describe('over TLS', () => {
    let certificate: Certificate;
    beforeAll(async () => {
      certificate = await createCertificate();
    });
    afterAll(() => certificate.remove());
    const open = (): Promise<WatchedServer> => {
      const tls = { cert: certificate.certPath, key: certificate.keyPath };
      return openWatched(transport, { tls });
    };

    for (const kind of clientKinds) {
      test(`brings messages to the ${kind} client, and from it`, async ({ skip }) => {
        const connect = transport.clients[kind];
        if (typeof connect !== 'function') return skip(connect.unavailable);
        const server = await open();
        expect(server.endpoint.tls?.ca).toBe(certificate.ca);
        const events = createEventRecorder();
        const client = await server.connect(kind, events, 0, { query: 'session=new' });
        server.hub.broadcast(Buffer.from('down'));
        await events.received(1);
        await client.send(Buffer.from('up'));
        await events.received(2);
        expect(events.texts()).toEqual(['down', 'up']);
      });
    }

    test('is not spoken with a server that somebody else has vouched for', async () => {
      const server = await open();
      const other = await createCertificate();
      other.remove();
      const endpoint = { ...server.endpoint, tls: { ca: other.ca } };
      const events = createEventRecorder();
      await expect(server.connect('lean', events, 0, { endpoint })).rejects.toThrow(
        /self-signed certificate|unable to verify|certificate signature failure/,
      );
      expect(server.hub.counters.opened).toBe(0);
    });
  });
});

describe.each(overHttp)('%s', (name, transport) => {
  test('lets in the pages of its origins only, and who says none', async () => {
    const server = await openWatched(transport, { origins: [HOME] });
    const from = (Origin: string) => answerTo(server, name, '', { Origin });
    const elsewhere = await from('https://elsewhere.example');
    expect(elsewhere).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(elsewhere).not.toContain('Access-Control-Allow-Origin');
    expect(server.hub.counters.opened).toBe(0);
    const home = await from(HOME);
    expect(home.startsWith(accepted[name])).toBe(true);
    if (name.startsWith('sse')) {
      expect(home).toContain(`\r\nAccess-Control-Allow-Origin: ${HOME}\r\n`);
      expect(home).toContain('\r\nVary: Origin\r\n');
    }
    expect((await answerTo(server, name, '')).startsWith(accepted[name])).toBe(true);
    await server.connected(2);
  });

  test('lets a page read why it is refused', async () => {
    const server = await openWatched(transport, { origins: [HOME], token: 'secret' });
    const answer = await answerTo(server, name, '', { Origin: HOME });
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(answer).toContain(`\r\nAccess-Control-Allow-Origin: ${HOME}\r\n`);
  });
});

describe('beside a stream', () => {
  test('POST and /metrics need the token too, and /healthz needs none', async () => {
    const server = await openWatched(transports.sse, { token: 'secret' });
    const refused = await post(server, '/publish', '1');
    expect([refused.status, refused.text]).toEqual([401, 'a token is needed\n']);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    const wrong = { authorization: 'Bearer wrong' };
    expect((await post(server, '/publish', '1', wrong)).text).toBe('the token is wrong\n');
    expect((await post(server, '/sessions/x/send?token=wrong', '1')).status).toBe(401);
    const bearer = { authorization: 'Bearer secret' };
    expect((await post(server, '/publish', '1', bearer)).status).toBe(204);
    expect((await post(server, '/publish?token=secret', '1')).status).toBe(204);
    expect((await post(server, '/sessions/x/send?token=secret', '1')).status).toBe(404);
    expect((await get(server, '/metrics')).status).toBe(401);
    expect((await get(server, '/metrics', bearer)).status).toBe(200);
    expect((await get(server, '/healthz')).status).toBe(200);
    expect(server.hub.counters.published).toBe(2);
  });

  test('a POST of a page is answered so that the page may read it', async () => {
    const server = await openWatched(transports.sse, { origins: [HOME] });
    const fromHome = await post(server, '/publish', '1', { origin: HOME });
    expect(fromHome.status).toBe(204);
    expect(fromHome.headers['access-control-allow-origin']).toBe(HOME);
    expect(fromHome.headers['access-control-expose-headers']).toBe('Retry-After');
    const missing = await post(server, '/sessions/x/send', '1', { origin: HOME });
    expect(missing.status).toBe(404);
    expect(missing.headers['access-control-allow-origin']).toBe(HOME);
    const fromElsewhere = await post(server, '/publish', '1', { origin: 'https://x.example' });
    expect(fromElsewhere.status).toBe(403);
    expect(fromElsewhere.headers['access-control-allow-origin']).toBeUndefined();
    expect(server.hub.counters.published).toBe(1);
  });

  test('a preflight is told what may be sent, Last-Event-ID too, and needs no token', async () => {
    const server = await openWatched(transports.sse, { origins: [HOME], token: 'secret' });
    const ask = (origin: string) => {
      const headers = {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization,last-event-id',
      };
      return get(server, '/events', headers, 'OPTIONS');
    };
    const { status, headers } = await ask(HOME);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': HOME,
      'access-control-allow-methods': 'GET, POST, OPTIONS',
      'access-control-allow-headers': 'Authorization, Content-Type, Last-Event-ID, Cache-Control',
    });
    expect((await ask('https://x.example')).status).toBe(403);
  });
});
