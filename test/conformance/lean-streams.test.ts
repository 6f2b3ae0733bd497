/** What the lean clients make of a stream once it is open: how it ends, how it breaks, what they answer. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { createRecorder } from '../recorder.ts';
import { leanClients, openLean, serve } from './lean-clients.ts';

const eventStream = 'Content-Type: text/event-stream';

describe('a stream of events', () => {
  async function receive(head: readonly string[], body: string) {
    const server = await serve((socket) => socket.end(`${head.join('\r\n')}\r\n\r\n${body}`));
    const recorder = createRecorder();
    await openLean(leanClients.sse, { endpoint: server.endpoint, recorder });
    const cause = await recorder.ended(0);
    return { messages: recorder.messagesOf(0).map(String), cause };
  }

  test('may come without chunks and end with its connection', async () => {
    expect(await receive(['HTTP/1.0 200 OK', eventStream], 'data: 1\n\ndata: 2\n\n')).toEqual({
      messages: ['1', '2'],
      cause: 'the server ended the connection',
    });
  });

  test('may name parameters of its type, and an encoding that is none', async () => {
    const head = [
      'HTTP/1.1 200 OK',
      'content-type: Text/Event-Stream;charset=UTF-8',
      'Content-Encoding: identity',
    ];
    expect(await receive(head, 'data: 1\n\n')).toMatchObject({ messages: ['1'] });
  });

  test('that ends with its last chunk is told from one that is cut', async () => {
    const head = ['HTTP/1.1 200 OK', eventStream, 'Transfer-Encoding: chunked'];
    expect(await receive(head, '9\r\ndata: 1\n\n\r\n0\r\n\r\n')).toEqual({
      messages: ['1'],
      cause: 'the server ended the stream',
    });
    expect(await receive(head, '9\r\ndata: 1\n\n\r\n')).toEqual({
      messages: ['1'],
      cause: 'the server ended the connection',
    });
  });

  test('with broken chunks is ended by the client, which says why', async () => {
    const head = ['HTTP/1.1 200 OK', eventStream, 'Transfer-Encoding: chunked'];
    expect(await receive(head, '9\r\ndata: 1\n\n\r\nnonsense\r\n')).toEqual({
      messages: ['1'],
      cause: 'broken chunked encoding: a chunk size is not hexadecimal',
    });
  });
});

describe('a WebSocket', () => {
  /** A connection of the lean client to the server of the ws package, seen from both ends. */
  async function connected() {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    onTestFinished(async () => {
      for (const peer of server.clients) peer.terminate();
      server.close();
      await once(server, 'close');
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const recorder = createRecorder();
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    const client = await openLean(leanClients.ws, {
      endpoint: { host: '127.0.0.1', port, path: '/' },
      recorder,
    });
    const [peer] = await accepted;
    return { client, peer, recorder };
  }

  test.each(['', 'beat', 'x'.repeat(125)])(
    'answers the ping %j with a pong of the same bytes',
    async (payload) => {
      const { peer } = await connected();
      const pong = once(peer, 'pong') as Promise<[Buffer]>;
      peer.ping(payload);
      expect(String((await pong)[0])).toBe(payload);
    },
  );

  test.each([
    { code: 1001, reason: '', cause: 'closed by the server with 1001' },
    { code: 1012, reason: 'restart', cause: 'closed by the server with 1012 (restart)' },
    { code: undefined, reason: undefined, cause: 'closed by the server with 1005' },
  ])(
    'that the server closes with $code tells the cause and answers the close',
    async ({ code, reason, cause }) => {
      const { peer, recorder } = await connected();
      const closed = once(peer, 'close') as Promise<[number]>;
      peer.close(code, reason);
      expect(await recorder.ended(0)).toBe(cause);
      expect((await closed)[0]).toBe(code ?? 1000);
    },
  );

  test('that the client closes says 1000 to the server and nothing to the sink', async () => {
    const { client, peer, recorder } = await connected();
    const closed = once(peer, 'close') as Promise<[number]>;
    client.close();
    expect((await closed)[0]).toBe(1000);
    expect(recorder.causes.size).toBe(0);
  });

  test('whose server breaks the protocol is closed with 1002', async () => {
    const { peer, recorder } = await connected();
    const closed = once(peer, 'close') as Promise<[number]>;
    (peer as unknown as { readonly _socket: NodeJS.WritableStream })._socket.write(
      Buffer.from([0x83, 0x00]),
    );
    expect(await recorder.ended(0)).toBe('the server broke the protocol: opcode 3 is not defined');
    expect((await closed)[0]).toBe(1002);
  });

  test('that is cut without a close frame says so', async () => {
    const { peer, recorder } = await connected();
    peer.terminate();
    expect(await recorder.ended(0)).toBe('the server ended the connection');
  });
});
