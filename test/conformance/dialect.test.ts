/** Clients of somebody else's server: what they say first, what they wait for, and what they say when it does not come. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { createCertificate } from '../../core/certificate.ts';
import { createMarkerWriter } from '../../core/marker.ts';
import type { Client, Connect, ConnectOptions, Dialect, Endpoint } from '../../core/transport.ts';
import { explain } from '../../core/transport.ts';
import type { Behaviour } from '../misbehaving-server.ts';
import { acceptOf, switches } from '../misbehaving-server.ts';
import type { Recorder } from '../recorder.ts';
import { createRecorder } from '../recorder.ts';
import { leanClients, serve } from './lean-clients.ts';

const plain: Dialect = {
  tag: '4f1c90ab',
  headers: {},
  opening: [],
  replies: [],
  ignore: [],
  resume: false,
};

interface Wish extends Partial<Omit<ConnectOptions, 'endpoint'>> {
  readonly dialect?: Partial<Dialect>;
  readonly path?: string;
}

async function open(connect: Connect, endpoint: Endpoint, wish: Wish = {}): Promise<Client> {
  const { dialect, path = endpoint.path, ...rest } = wish;
  const client = await connect({
    endpoint: { ...endpoint, path, dialect: { ...plain, ...dialect } },
    client: 0,
    sink: createRecorder(),
    clock: () => 0,
    timeoutMs: 10_000,
    ...rest,
  });
  onTestFinished(() => client.close());
  return client;
}

/** What a person is told. */
async function refusalOf(opening: Promise<Client>): Promise<string> {
  return opening.then(
    () => 'was let in',
    (error: unknown) => explain(error),
  );
}

const texts = (recorder: Recorder): string[] => recorder.messagesOf(0).map(String);

/** A stream whose server says what it is told to, and keeps the head of the request. */
async function startStream(...events: readonly string[]) {
  const heads: string[] = [];
  const sockets: Socket[] = [];
  const answer: Behaviour = (socket, head) => {
    heads.push(head);
    sockets.push(socket);
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${events.join('')}`);
  };
  const { endpoint } = await serve(answer);
  return { endpoint, heads, say: (text: string) => sockets.at(-1)?.write(text), sockets };
}

/** A WebSocket server as others write it. */
async function startSockets(
  onConnection: (socket: WebSocket, request: IncomingMessage) => void,
  protocols?: (asked: Set<string>) => string | false,
): Promise<Endpoint> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    ...(protocols === undefined ? {} : { handleProtocols: protocols }),
  });
  onTestFinished(() => void server.close());
  server.on('connection', onConnection);
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, path: '/' };
}

describe('a stream of a dialect', () => {
  test('is asked for with its query, its headers and the number of the client', async () => {
    const { endpoint, heads } = await startStream();
    await open(leanClients.sse, endpoint, {
      path: '/live?user=u-{client}&x=%7Bclient%7D',
      number: 12,
      dialect: {
        headers: { host: 'example.test', Authorization: 'Bearer {client}', Accept: 'text/*' },
      },
    });
    expect(heads[0]?.split('\r\n').filter((line) => line !== '')).toEqual([
      'GET /live?user=u-12&x=12 HTTP/1.1',
      'host: example.test',
      'Accept: text/*',
      'Cache-Control: no-cache',
      'Authorization: Bearer 12',
    ]);
  });

  test('says what it saw last only where the server has promised to care', async () => {
    const { endpoint, heads } = await startStream();
    const wish = { lastEventId: 'é7' };
    await open(leanClients.sse, endpoint, { ...wish, dialect: { resume: true } });
    await open(leanClients.sse, endpoint, wish);
    await open(leanClients.sse, endpoint, { lastEventId: '', dialect: { resume: true } });
    const said = heads.map((head) => /^Last-Event-ID: (.*)$/m.exec(head)?.[1]);
    expect(said.map((id) => id && Buffer.from(id, 'latin1').toString())).toEqual([
      'é7',
      undefined,
      undefined,
    ]);
  });

  test('hands on events as they came, by whatever name', async () => {
    const { endpoint } = await startStream('event: binary\ndata: aGk=\n\n', 'data: {"data":1}\n\n');
    const sink = createRecorder();
    await open(leanClients.sse, endpoint, { sink });
    await sink.received(0, 2);
    expect(texts(sink)).toEqual(['aGk=', '{"data":1}']);
  });

  test.each([
    [{ headers: { 'X-Two': 'a\r\nX-Three: b' } }, "the header 'X-Two' has a character"],
    [{ headers: { 'X Two': 'a' } }, "the header 'X Two' has a character"],
    [{ headers: { 'X-Id': '{id}' } }, "'{id}' wants an {id}, which nothing has found"],
  ])('is not asked for with what is no header: %j', async (dialect, says) => {
    const { endpoint, heads } = await startStream();
    expect(await refusalOf(open(leanClients.sse, endpoint, { dialect }))).toContain(says);
    expect(heads).toEqual([]);
  });

  test('is not asked for by what is no path', async () => {
    const { endpoint } = await startStream();
    const opening = open(leanClients.sse, endpoint, { path: '/a b' });
    expect(await refusalOf(opening)).toContain("'/a b' is no path of a URL");
  });

  test('sends nothing: its target file says how to publish', async () => {
    const { endpoint } = await startStream();
    const client = await open(leanClients.sse, endpoint);
    await expect(client.send(Buffer.from('x'))).rejects.toThrow('not described by its target');
  });

  test('over TLS trusts those whom the system trusts, unless it is told whom', async () => {
    const certificate = await createCertificate();
    onTestFinished(() => certificate.remove());
    const server = createTlsServer(
      { cert: readFileSync(certificate.certPath), key: readFileSync(certificate.keyPath) },
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: x\n\n');
      },
    );
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const endpoint = { host: '127.0.0.1', port, path: '/' };
    const sink = createRecorder();
    const refused = await refusalOf(open(leanClients.sse, { ...endpoint, tls: {} }));
    expect(refused).toMatch(/self-signed certificate|unable to verify/);
    await open(leanClients.sse, { ...endpoint, tls: { ca: certificate.ca } }, { sink });
    await sink.received(0, 1);
  });
});

describe('the opening of a stream', () => {
  test('waits, posts with the id it was given, and is over when the answer has come', async () => {
    const posts: { url: string | undefined; body: string; type: string | undefined }[] = [];
    const server = createServer(async (request, response) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('event: endpoint\ndata: /messages?session=a1b2\n\n');
        streams.push((text) => response.write(text));
        return;
      }
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
      posts.push({ url: request.url, body, type: request.headers['content-type'] });
      // The answer on the stream overtakes that of the POST.
      streams[0]?.('data: {"jsonrpc":"2.0","id":7,"result":{}}\n\n');
      setImmediate(() => response.writeHead(202).end());
    });
    const streams: ((text: string) => void)[] = [];
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sink = createRecorder();
    await open(
      leanClients.sse,
      { host: '127.0.0.1', port, path: '/mcp' },
      {
        sink,
        number: 7,
        dialect: {
          opening: [
            { await: '^(?<id>/messages\\?session=\\w+)$' },
            {
              post: {
                url: `http://127.0.0.1:${port}{id}`,
                body: '{"id":{client},"method":"initialize"}',
              },
            },
            { await: '"result"' },
          ],
        },
      },
    );
    expect(posts).toEqual([
      {
        url: '/messages?session=a1b2',
        body: '{"id":7,"method":"initialize"}',
        type: 'application/json',
      },
    ]);
    // What belongs to the opening is no message.
    streams[0]?.('data: first\n\n');
    expect((await sink.received(0, 1)).map(String)).toEqual(['first']);
  });

  test('lets pass what is a message of the benchmark already', async () => {
    const marker = createMarkerWriter(plain.tag, 80)(1, 2, 3).toString();
    const { endpoint } = await startStream(
      `data: ${marker}\n\n`,
      'data: hi\n\n',
      'data: ready\n\n',
    );
    const sink = createRecorder();
    await open(leanClients.sse, endpoint, { sink, dialect: { opening: [{ await: '^ready$' }] } });
    expect(texts(sink)).toEqual([marker]);
  });

  const opening: Dialect['opening'] = [{ await: 'welcome' }, { await: 'ready' }];
  const hint =
    " (see 'opening' in the target file; 'npm run doctor -- --target FILE' goes through it)";

  test('says which step waited for what, and what came instead', async () => {
    const { endpoint } = await startStream(
      'data: welcome\n\n',
      'data: {"type":"ping","at":"2026-11-21T14:00:00Z"}\n\n',
    );
    const wish = { timeoutMs: 2_000, dialect: { opening } };
    expect(await refusalOf(open(leanClients.sse, endpoint, wish))).toBe(
      'step 2 of 2 of the opening awaits /ready/ and nothing that matches came within 2000 ms; ' +
        String.raw`what came: "{\"type\":\"ping\",\"at\":\"…\"}"` +
        hint,
    );
  });

  test('says so where nothing came, and where the connection ended', async () => {
    const silent = await startStream();
    const wish = { timeoutMs: 2_000, dialect: { opening } };
    expect(await refusalOf(open(leanClients.sse, silent.endpoint, wish))).toBe(
      'step 1 of 2 of the opening awaits /welcome/ and nothing that matches came within 2000 ms; ' +
        `nothing came at all${hint}`,
    );
    const { endpoint } = await serve((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: no\n\n'),
    );
    expect(await refusalOf(open(leanClients.sse, endpoint, { dialect: { opening } }))).toBe(
      `the server ended the connection while step 1 of 2 of the opening awaited /welcome/; what came: "no"${hint}`,
    );
  });

  test('says what was answered to a POST of it, or that nothing was', async () => {
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/gone') === true) response.writeHead(404).end();
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { endpoint } = await startStream();
    const posting = (url: string, timeoutMs = 10_000) =>
      refusalOf(
        open(leanClients.sse, endpoint, { timeoutMs, dialect: { opening: [{ post: { url } }] } }),
      );
    expect(await posting(`${at}/gone?token=secret`)).toBe(
      `step 1 of 1 of the opening, POST ${at}/gone, was answered 404 instead of 2xx${hint}`,
    );
    expect(await posting(`${at}/silent`, 2_000)).toBe(
      `step 1 of 1 of the opening, POST ${at}/silent, was not over within 2000 ms${hint}`,
    );
    expect(await posting('http://127.0.0.1:1/')).toContain('ECONNREFUSED');
  });

  test('says that a text cannot be sent up a stream', async () => {
    const { endpoint } = await startStream();
    const wish = { dialect: { opening: [{ send: 'hello' }] } };
    expect(await refusalOf(open(leanClients.sse, endpoint, wish))).toContain(
      'a text cannot be sent over this protocol',
    );
  });
});

describe('a WebSocket of a dialect', () => {
  test('is opened as its server wants, answers its heartbeats, and hands on the rest as it came', async () => {
    const heard: string[] = [];
    const answered = createRecorder();
    const endpoint = await startSockets((socket) => {
      socket.send('0{"sid":"lv_VI97","pingInterval":25000}');
      socket.on('message', (data) => {
        const text = String(data);
        heard.push(text);
        answered.message(0, Buffer.from(text), 0, text.length, 0, '', '');
        if (text === '40lv_VI97/3') {
          socket.send('40{"sid":"x"}');
          socket.send('2');
        } else if (text === '3') {
          socket.send('42["news","a"]');
          socket.send(Buffer.from([0, 1, 2]));
          socket.send('{"event":"x","data":{"y":1}}');
        }
      });
    });
    const sink = createRecorder();
    await open(leanClients.ws, endpoint, {
      sink,
      number: 3,
      dialect: {
        opening: [
          { await: '^0\\{"sid":"(?<id>[^"]+)"' },
          { send: '40{id}/{client}' },
          { await: '^40' },
        ],
        replies: [{ when: '2', send: '3' }],
      },
    });
    await sink.received(0, 3);
    expect(heard).toEqual(['40lv_VI97/3', '3']);
    expect(texts(sink)).toEqual([
      '42["news","a"]',
      '\0\u0001\u0002',
      '{"event":"x","data":{"y":1}}',
    ]);
  });

  test('asks for its subprotocol, and is open when the server has chosen it', async () => {
    const asked: (string | undefined)[] = [];
    const endpoint = await startSockets((socket, request) => {
      asked.push(request.headers['sec-websocket-protocol']);
      socket.send('hello');
    });
    await open(leanClients.ws, endpoint, { dialect: { subprotocol: 'graphql-transport-ws' } });
    await open(leanClients.ws, endpoint, { dialect: { subprotocol: 'v2, v1' } });
    await open(leanClients.ws, endpoint, {
      dialect: { headers: { 'Sec-WebSocket-Protocol': 'v3' } },
    });
    expect(asked).toEqual(['graphql-transport-ws', 'v2, v1', 'v3']);
  });

  test.each([
    [undefined, "the server chose no subprotocol where it was asked for 'v1'"],
    ['v2', "the server chose the subprotocol 'v2' where it was asked for 'v1'"],
  ])('is refused where the server chose %s', async (chosen, says) => {
    const { endpoint } = await serve(
      switches(chosen === undefined ? {} : { 'Sec-WebSocket-Protocol': chosen }),
    );
    const opening = open(leanClients.ws, endpoint, { dialect: { subprotocol: 'v1' } });
    expect(await refusalOf(opening)).toBe(`${says} (see 'subprotocol' in the target file)`);
  });

  test('does not let a target file stand in for what the handshake needs', async () => {
    const { endpoint } = await serve(switches({}));
    const opening = open(leanClients.ws, endpoint, {
      dialect: { headers: { 'sec-websocket-key': 'x' } },
    });
    expect(await refusalOf(opening)).toContain("'Sec-WebSocket-Key' is part of the handshake");
  });

  test('takes what comes in one read with the handshake for the opening', async () => {
    const { endpoint } = await serve((socket, head) =>
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(head)}\r\n\r\n\u0081\u0005ready`,
        'latin1',
      ),
    );
    await open(leanClients.ws, endpoint, { dialect: { opening: [{ await: '^ready$' }] } });
  });
});
