/** The HTTP side of the push server: heads, refusals, and that nothing is left when it has closed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { transports } from '../../transports/registry.ts';
import { protocolOf } from './protocols.ts';
import { openWatched } from './watched-server.ts';
import { openWire, openWireTo } from './wire.ts';

describe.each(['sse', 'sse-prepared'] as const)('%s over HTTP', (name) => {
  const protocol = protocolOf[name];
  const transport = transports[name];

  test('keeps proxies from buffering, caching and changing the stream', async () => {
    const server = await openWatched(transport);
    const wire = await openWireTo(server, protocol);
    const [status, ...headers] = wire.head().split('\r\n');
    expect(status).toBe('HTTP/1.1 200 OK');
    expect(headers).toEqual(
      expect.arrayContaining([
        'Content-Type: text/event-stream',
        'Cache-Control: no-cache, no-transform',
        'X-Accel-Buffering: no',
        'Transfer-Encoding: chunked',
      ]),
    );
  });

  test('starts with a comment and the time to wait before a reconnect', async () => {
    const server = await openWatched(transport);
    const wire = await openWireTo(server, protocol);
    expect(wire.body().toString()).toBe('1b\r\n: stream open\nretry: 3000\n\n\r\n');
  });

  test('does not answer garbage in the middle of a stream with anything but its end', async () => {
    const server = await openWatched(transport);
    const wire = await openWireTo(server, protocol);
    wire.socket.write('garbage\r\n\r\n');
    await server.connected(0);
    await once(wire.socket, 'close');
    expect(wire.body().toString()).toBe(protocol.start);
  });
});

test('sse is not chunked for a client of HTTP/1.0', async () => {
  const server = await openWatched(transports.sse);
  const wire = await openWire(server.endpoint.port, 'GET /events HTTP/1.0\r\n\r\n');
  await server.connected(1);
  server.hub.broadcast(Buffer.from('x'));
  server.connections[0]?.close('going-away');
  await wire.ended();
  expect(wire.body().toString()).toBe(': stream open\nretry: 3000\n\ndata: x\n\n');
});

test('sse-prepared refuses HTTP/1.0, which its chunks would be no part of', async () => {
  const server = await openWatched(transports['sse-prepared']);
  const wire = await openWire(server.endpoint.port, 'GET /events HTTP/1.0\r\n\r\n');
  await wire.ended();
  expect(wire.head()).toMatch(/^HTTP\/1\.1 505 /);
  expect(server.hub.counters.opened).toBe(0);
});

test('garbage in place of a request is answered with 400', async () => {
  const server = await openWatched(transports.sse);
  const wire = await openWire(server.endpoint.port, 'garbage\r\n\r\n');
  await wire.ended();
  expect(wire.head()).toMatch(/^HTTP\/1\.1 400 /);
});

describe('a closing server', () => {
  test.each([
    { what: 'says nothing', request: '' },
    {
      what: 'is in the middle of a request',
      request: 'POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf',
    },
  ])('ends a connection that $what', async ({ request }) => {
    const server = await openWatched(transports.sse);
    const wire = await openWire(server.httpPort, undefined);
    wire.socket.write(request);
    // An answer on another connection, so that the server has surely taken this one.
    await (
      await fetch(`http://127.0.0.1:${server.httpPort}/healthz`, {
        headers: { connection: 'close' },
      })
    ).text();
    const closed = once(wire.socket, 'close');
    await server.close(60_000);
    await closed;
    expect(server.hub.counters.upstream).toBe(0);
  });

  test.each(['ws', 'ws-prepared'] as const)(
    'refuses a client that comes late, on %s',
    async (name) => {
      const protocol = protocolOf[name];
      const server = await openWatched(transports[name]);
      const late = await openWire(server.httpPort, undefined);
      // It never answers the close frame, so the server waits for it.
      const first = await openWireTo(server, protocol);
      const closed = server.close(60_000);
      late.socket.write(protocol.request(server.endpoint));
      await late.ended();
      expect(late.received().toString()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
      first.socket.end();
      await closed;
      expect(server.hub.counters.opened).toBe(1);
    },
  );
});

test('a process that closes its clients or its server ends by itself', async () => {
  const script = `
    import { clientKinds } from './dist/core/transport.js';
    import { createPushServer } from './dist/servers/push-server.js';
    import { transports } from './dist/transports/registry.js';
    import { createUpstream } from './dist/transports/upstream.js';
    for (const transport of Object.values(transports)) {
      for (const kind of clientKinds) {
        for (const clientFirst of [true, false]) {
          const connect = transport.clients[kind];
          if (typeof connect !== 'function') continue;
          const server = await createPushServer({
            transports: { it: transport }, heartbeatMs: 1000, lingerMs: 60_000, replay: { count: 9, bytes: 1e6, ageMs: 1e6 }, feeds: true,
          });
          const endpoint = server.endpoints.it;
          const upstream = createUpstream(endpoint, { connections: 1, pipelining: 1 });
          let sink;
          const received = new Promise((resolve) => { sink = { message: resolve, closed: () => undefined }; });
          const client = await connect({
            endpoint, client: 0, sink, clock: () => 0, timeoutMs: 10_000, upstream, query: 'session=new',
          });
          await client.send(Buffer.from('x'));
          await received;
          await upstream.close();
          if (clientFirst) client.close();
          await server.close(60_000);
        }
      }
    }
    console.log('done');`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes;
  });
  const [code] = await once(child, 'close');
  expect({ code, output }).toEqual({ code: 0, output: 'done\n' });
});

test('the server and its client can be used as a package', async () => {
  const script = `
    import { createPushServer } from 'pushbench/server';
    import { createPushClient } from 'pushbench/client';
    const server = await createPushServer({ onRequest: ({ data }) => ({ youSaid: data }) });
    const client = createPushClient({ url: 'http://127.0.0.1:' + server.httpPort });
    console.log(JSON.stringify(await client.request('hello')));
    await client.close();
    await server.close();`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes;
  });
  const [code] = await once(child, 'close');
  expect({ code, output }).toEqual({ code: 0, output: '{"youSaid":"hello"}\n' });
});
