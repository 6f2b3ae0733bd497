/** The ways into a target: every message gets there as the file says, and what does not is counted with its cause. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { LoadedTarget, Target } from '../../core/target.ts';
import { startGuard } from '../../servers/target/guard.ts';
import type { TargetPublisher } from '../../servers/target/publisher.ts';
import { openPublisher } from '../../servers/target/publisher.ts';

const SETTLE_MS = 5_000;

async function publisherOf(
  port: number,
  change: Pick<Target, 'publish' | 'ws'>,
): Promise<TargetPublisher> {
  const guard = startGuard();
  onTestFinished(() => guard.release());
  const target: LoadedTarget = { name: 'mine', cwd: tmpdir(), file: 'mine.target.ts', ...change };
  const publisher = await openPublisher(target, { port, folder: guard.folder }, guard);
  onTestFinished(() => publisher.close());
  return publisher;
}

function sendAll(publisher: TargetPublisher, ...messages: readonly string[]): void {
  for (const message of messages) publisher.send(Buffer.from(message));
}

interface Taken {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

async function httpServer(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ port: number; taken: Taken[]; server: Server }> {
  const taken: Taken[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const body = Buffer.concat(chunks).toString('utf8');
      taken.push({ method, url, type: headers['content-type'], body });
      answer(response, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, taken, server };
}

async function wsServer(onClient: (socket: WebSocket, request: IncomingMessage) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  server.on('connection', onClient);
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port };
}

describe('by POST', () => {
  test('a message is put into url and body, with headers and method as they are given', async () => {
    const { port, taken } = await httpServer((response) => response.writeHead(204).end());
    const publisher = await publisherOf(port, {
      publish: {
        post: {
          url: 'http://127.0.0.1:{port}/say/{message}?again={message}',
          method: 'PUT',
          headers: { 'Content-Type': 'text/x-mine' },
          body: '<{message}>',
        },
      },
    });
    sendAll(publisher, 'a-1.');
    expect(await publisher.settle(SETTLE_MS)).toEqual([]);
    expect(taken).toEqual([
      { method: 'PUT', url: '/say/a-1.?again=a-1.', type: 'text/x-mine', body: '<a-1.>' },
    ]);
  });

  test.each([
    ['{"text":"{message}"}', 'application/json'],
    ['{message}', 'text/plain; charset=utf-8'],
    ['text={message}', 'text/plain; charset=utf-8'],
  ])('what the body is follows from how it looks: %s', async (body, type) => {
    const { port, taken } = await httpServer((response) => response.end());
    const publisher = await publisherOf(port, {
      publish: { post: { url: 'http://127.0.0.1:{port}/', body } },
    });
    sendAll(publisher, 'm');
    await publisher.settle(SETTLE_MS);
    expect(taken[0]?.type).toBe(type);
  });

  test('what is refused is counted with what the server said, and the rest goes on', async () => {
    let posts = 0;
    const { port, taken } = await httpServer((response) => {
      posts += 1;
      response.writeHead(posts % 3 === 0 ? 429 : 200).end('whatever');
    });
    const publisher = await publisherOf(port, {
      publish: { post: { url: 'http://127.0.0.1:{port}/', body: '{message}' } },
    });
    sendAll(publisher, ...Array.from({ length: 30 }, (_, index) => `m-${index}`));
    expect(await publisher.settle(SETTLE_MS)).toEqual([
      { cause: 'publish: the server answered 429 Too Many Requests', count: 10 },
    ]);
    expect(taken.length).toBe(30);
    sendAll(publisher, 'm');
    expect(await publisher.settle(SETTLE_MS)).toEqual([]);
  });

  test('no message waits for the answer to the one before', async () => {
    const held: ServerResponse[] = [];
    const { port, taken } = await httpServer((response) => {
      held.push(response);
      if (held.length === 5) for (const one of held) one.end();
    });
    const publisher = await publisherOf(port, {
      publish: { post: { url: 'http://127.0.0.1:{port}/', body: '{message}' } },
    });
    sendAll(publisher, '1', '2', '3', '4', '5');
    expect(await publisher.settle(SETTLE_MS)).toEqual([]);
    expect(taken.map(({ body }) => body).sort()).toEqual(['1', '2', '3', '4', '5']);
  });

  test('a server that says nothing has not said that it has them', async () => {
    const { port, server } = await httpServer(() => undefined);
    const publisher = await publisherOf(port, {
      publish: { post: { url: 'http://127.0.0.1:{port}/', body: '{message}' } },
    });
    sendAll(publisher, '1', '2');
    expect(await publisher.settle(50)).toEqual([
      { cause: 'publish: no answer before the deadline', count: 2 },
    ]);
    // What comes of them later is not counted again.
    server.closeAllConnections();
    sendAll(publisher, '3');
    expect(await publisher.settle(50)).toEqual([
      { cause: 'publish: no answer before the deadline', count: 1 },
    ]);
  });

  test('nobody there is a cause, too', async () => {
    const publisher = await publisherOf(9, {
      publish: { post: { url: 'http://127.0.0.1:{port}/', body: '{message}' } },
    });
    sendAll(publisher, '1');
    expect((await publisher.settle(SETTLE_MS))[0]?.cause).toContain('ECONNREFUSED');
  });

  test.each([
    ['has no place for the message', { url: 'http://127.0.0.1/' }, /says nowhere what \{message\}/],
    ['goes nowhere', { url: 'mailto:me', body: '{message}' }, /is no address of HTTP/],
  ])('what %s is refused at once', async (_, post, says) => {
    await expect(publisherOf(80, { publish: { post } })).rejects.toThrow(says);
  });
});

describe('by frame', () => {
  /** Like a server that hands out ids, has heartbeats of its own and wants to be told who speaks. */
  const target = {
    ws: {
      url: 'ws://127.0.0.1:{port}/socket?client={client}',
      subprotocol: 'v1',
      headers: { 'x-port': '{port}' },
      opening: [{ send: 'hello' }, { await: '^id (?<id>\\w+)$' }, { send: 'join {id}' }],
      replies: [{ when: 'ping', send: 'pong' }],
    },
    publish: { frame: { text: '{id} says {message}' } },
  } satisfies Partial<Target>;

  test('it opens as clients do, answers heartbeats, and says its id', async () => {
    const heard: string[] = [];
    let all: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      all = resolve;
    });
    const { port } = await wsServer((socket, request) => {
      heard.push(`${request.url} ${request.headers['x-port'] === String(port)} ${socket.protocol}`);
      socket.on('message', (data) => {
        const text = String(data);
        heard.push(text);
        if (text === 'hello') socket.send('something else');
        if (text === 'hello') socket.send('id abc');
        if (text === 'join abc') socket.send('ping');
        if (heard.includes('pong') && heard.includes('abc says m-2')) all();
      });
    });
    const publisher = await publisherOf(port, target);
    sendAll(publisher, 'm-1', 'm-2');
    expect(await publisher.settle(SETTLE_MS)).toEqual([]);
    await done;
    expect(heard[0]).toBe('/socket?client=2147483647 true v1');
    expect(heard.slice(1, 3)).toEqual(['hello', 'join abc']);
    expect(heard.slice(3).sort()).toEqual(['abc says m-1', 'abc says m-2', 'pong']);
  });

  test('a connection that ends is made again; what is to be sent meanwhile has failed', async () => {
    let clients = 0;
    let again: () => void = () => undefined;
    const isAgain = new Promise<void>((resolve) => {
      again = resolve;
    });
    const heard: string[] = [];
    const { port } = await wsServer((socket) => {
      clients += 1;
      const number = clients;
      socket.on('message', (data) => {
        heard.push(`${number} ${String(data)}`);
        if (String(data) === '1') socket.close(4_001, 'enough');
        if (String(data) === 'last') again();
      });
    });
    const publisher = await publisherOf(port, {
      ws: { url: 'ws://127.0.0.1:{port}/' },
      publish: { frame: { text: '{message}' } },
    });
    sendAll(publisher, '1');
    await expect
      .poll(async () => {
        sendAll(publisher, 'lost');
        return (await publisher.settle(SETTLE_MS))[0]?.cause;
      })
      .toBe('publish: the publishing connection ended with code 4001 enough');
    await expect
      .poll(async () => {
        sendAll(publisher, 'last');
        return (await publisher.settle(SETTLE_MS)).length;
      })
      .toBe(0);
    await isAgain;
    expect(heard).toContain('2 last');
  });

  test('an opening that breaks off is told with the step, and what came instead', async () => {
    const { port } = await wsServer((socket) => {
      socket.on('message', () => {
        socket.send('go away');
        socket.close(4_003);
      });
    });
    await expect(publisherOf(port, target)).rejects.toThrow(
      'mine: the connection that publishes could not be opened: ' +
        'the connection broke off (close code 4003) while step 2 of 3 of the opening awaited ',
    );
  });

  test('a text that wants an id which nothing has found is refused, as it is for clients', async () => {
    const { port } = await wsServer(() => undefined);
    await expect(
      publisherOf(port, {
        ws: { url: 'ws://127.0.0.1:{port}/' },
        publish: { frame: { text: '{id} says {message}' } },
      }),
    ).rejects.toThrow("'{id} says {message}' wants an {id}, which nothing has found");
  });

  test('a handshake that is refused is told at once', async () => {
    const { port } = await httpServer((response) => response.writeHead(404).end());
    await expect(publisherOf(port, target)).rejects.toThrow(
      /^mine: the connection that publishes could not be opened: .*404/,
    );
  });
});

describe('by command', () => {
  test('one that takes lines gets one for each message', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pushbench-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const publisher = await publisherOf(80, {
      publish: { command: `cat > ${folder}/lines`, line: 'say {message}' },
    });
    sendAll(publisher, 'm-1', 'm-2');
    expect(await publisher.settle(SETTLE_MS)).toEqual([]);
    await publisher.close();
    expect(readFileSync(join(folder, 'lines'), 'utf8')).toBe('say m-1\nsay m-2\n');
  });

  test('one that has ended takes nothing more, and says how', async () => {
    const publisher = await publisherOf(80, { publish: { command: 'echo no access; exit 7' } });
    await expect
      .poll(async () => {
        sendAll(publisher, 'm');
        return (await publisher.settle(SETTLE_MS))[0]?.cause;
      })
      .toBe('publish: the command ended with exit code 7: no access');
  });

  test('one is run for each message, and those that fail are counted by their reason', async () => {
    const publisher = await publisherOf(80, {
      publish: {
        command: ['sh', '-c', 'test "$0" != bad || { echo "$0 is refused"; exit 1; }', '{message}'],
      },
    });
    sendAll(publisher, 'good', 'bad', 'bad');
    expect(await publisher.settle(SETTLE_MS)).toEqual([
      { cause: 'publish: the command ended with exit code 1: bad is refused', count: 2 },
    ]);
  });
});
