/** `tail` and `send` against a real push server: what is printed, what is said, and how they end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../core/free-port.ts';
import { defaults } from '../../servers/push-server.ts';
import { allGone, keeping, onlyRooms, publish, startServer, urlOf } from '../client-server.ts';
import { startCommand } from '../command.ts';
import { startFront } from '../front.ts';
import { runProgram, startProgram } from '../program.ts';
import { watchClient } from '../watched-client.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/cli/main.js');

const run = (args: readonly string[], input?: readonly string[]) =>
  startCommand(args, input === undefined ? {} : { input });

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('tail', () => {
  test.each(['ws', 'sse'])(
    'prints events as they come over %s, one line each',
    async (protocol) => {
      const server = await startServer();
      const tail = run(['tail', urlOf(server), '--protocol', protocol, '--count', '3']);
      await tail.says('connected');
      publish(server, { a: 1.0 });
      publish(server, 'text', { event: 'quote' });
      server.hub.publish({ data: Buffer.from('\u001b[31mred'), kind: 'text' });
      expect(await tail.code).toBe(0);
      const instance = server.hub.book.instance;
      expect(tail.out()).toBe(
        `${instance}-1 message {"a":1}\n` +
          `${instance}-2 quote text\n` +
          `${instance}-3 message \\x1b[31mred\n`,
      );
      expect(tail.err()).toMatch(new RegExp(`^connected over ${protocol}; session \\S{22}\n$`));
    },
  );

  test('prints one JSON object per event with --json', async () => {
    const server = await startServer();
    const tail = run(['tail', urlOf(server), '--json', '--count', '3']);
    await tail.says('connected');
    server.hub.publish({ data: Buffer.from('{"n":12345678901234567890}'), kind: 'json' });
    server.hub.publish({ data: Buffer.from([0, 255]), kind: 'binary', event: 'binary' });
    server.hub.publish({ data: Buffer.from('{\n"a": 1\n}'), kind: 'json', event: 'e' });
    expect(await tail.code).toBe(0);
    const lines = tail.out().trimEnd().split('\n');
    expect(lines[0]).toContain('"data":{"n":12345678901234567890},"at":"');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { event: 'message', id: expect.any(String), data: expect.anything(), at: expect.any(String) },
      { event: 'binary', id: expect.any(String), data: 'AP8=', at: expect.any(String) },
      { event: 'e', id: expect.any(String), data: { a: 1 }, at: expect.any(String) },
    ]);
  });

  test.each([
    ['ws', (id: string) => `{"event":"quote","id":"${id}","data":1}\n`],
    ['sse', (id: string) => `id: ${id}\nevent: quote\ndata: 1\n\n`],
  ] as const)('prints what is on the wire with --raw, over %s', async (protocol, wire) => {
    const server = await startServer();
    const tail = run(['tail', urlOf(server), '--protocol', protocol, '--raw', '--count', '1']);
    await tail.says('connected');
    publish(server, 1, { event: 'quote' });
    expect(await tail.code).toBe(0);
    expect(tail.out()).toContain('"resumed":false');
    expect(tail.out().endsWith(wire(`${server.hub.book.instance}-1`))).toBe(true);
  });

  test('hears the rooms and keys it was told, from where it was told', async () => {
    const server = await startServer();
    publish(server, 'one', { room: 'a' });
    publish(server, 'two', { room: 'b' });
    publish(server, 'other', { room: 'b', key: 'other' });
    publish(server, 'three', { room: 'a', key: 'k' });
    const rooms = ['--room', 'a', '--room', 'b', '--key', 'k'];
    const tail = run(['tail', urlOf(server), ...rooms, '--history', 'all', '--count', '3']);
    expect(await tail.code).toBe(0);
    const lines = tail.out().trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[2])).toEqual(['one', 'two', 'three']);
    const id = lines[0]?.split(' ')[0] ?? '';
    const rest = run(['tail', urlOf(server), ...rooms, '--last-event-id', id, '--count', '2']);
    expect(await rest.code).toBe(0);
    expect(rest.out()).toBe(`${lines.slice(1).join('\n')}\n`);
  });

  test('says when it was cut, when it is back and how much it has missed', async () => {
    const server = await startServer({ replay: keeping(2) });
    const front = await startFront(server.httpPort);
    const tail = run(['tail', front.url]);
    await tail.says('connected');
    publish(server, 'first');
    await tail.says('first');
    const { instance } = server.hub.book;
    front.shut = true;
    front.cut();
    await tail.says('again in');
    for (const n of [2, 3, 4, 5]) publish(server, n);
    front.shut = false;
    await tail.says(' 5\n');
    tail.interrupt();
    expect(await tail.code).toBe(0);
    expect(tail.out()).toBe(
      `${instance}-1 message first\n${instance}-4 message 4\n${instance}-5 message 5\n`,
    );
    expect(tail.err()).toMatch(/\ncut: the connection was cut; again in [\d.]+ s\n/);
    expect(tail.err()).toMatch(
      new RegExp(
        `\nresumed over ws\ngap in "main": what came after ${instance}-1 is not kept any more\n` +
          'missed 2 events at most\n$',
      ),
    );
  });

  test('waits for a server that is not there yet with --wait', async () => {
    const url = await unusedUrl();
    const tail = run(['tail', url, '--wait']);
    await tail.says('not there:');
    const server = await startServer({ port: Number(new URL(url).port) });
    await tail.says('connected over ws');
    tail.interrupt();
    expect(await tail.code).toBe(0);
    expect(server.hub.counters.opened).toBe(1);
  });
});

describe('send', () => {
  test.each(['post', 'ws'])('publishes its arguments over %s', async (protocol) => {
    const server = await startServer();
    const hears = watchClient({ url: urlOf(server), rooms: ['r'], keys: ['k'] });
    await hears.open();
    const options = ['--room', 'r', '--event', 'e', '--key', 'k', '--protocol', protocol];
    const send = run(['send', urlOf(server), 'hello', '{"a":1}', 'last one', ...options]);
    expect(await send.code).toBe(0);
    expect(await hears.until('last one')).toEqual(['hello', { a: 1 }, 'last one']);
    expect(hears.messages.map(({ event }) => event)).toEqual(['e', 'e', 'e']);
    expect(send.out()).toBe('');
    expect(send.err()).toBe('published 3 messages\n');
  });

  test('publishes each line of standard input where there are no arguments', async () => {
    const server = await startServer();
    const hears = watchClient({ url: urlOf(server) });
    await hears.open();
    expect(await run(['send', urlOf(server)], ['one', '2']).code).toBe(0);
    expect(await hears.until(2)).toEqual(['one', 2]);
  });

  test.each(['post', 'ws'])('asks the application over %s, and prints its answer', async (how) => {
    const server = await startServer({
      onRequest({ data }) {
        if (data === 'bad') throw new Error('not that');
        return { said: data };
      },
    });
    const options = ['--request', '--protocol', how];
    const good = run(['send', urlOf(server), 'hello', ...options]);
    expect(await good.code).toBe(0);
    expect(good.out()).toBe('{"said":"hello"}\n');
    const bad = run(['send', urlOf(server), 'bad', ...options]);
    expect(await bad.code).toBe(1);
    expect(bad.err()).toContain('The request was not answered: not that.');
  });

  test('asks a client by its session, and prints what it says', async () => {
    const server = await startServer({ token: 'secret' });
    const client = watchClient({ url: urlOf(server), token: 'secret' });
    client.onAsk((data) => {
      if (data === 'bad') throw new Error('not that');
      return [data];
    });
    const { session } = await client.open();
    const options = ['--ask', session, '--token', 'secret'];
    const good = run(['send', urlOf(server), '7', ...options]);
    expect(await good.code).toBe(0);
    expect(good.out()).toBe('[7]\n');
    const bad = run(['send', urlOf(server), 'bad', ...options]);
    expect(await bad.code).toBe(1);
    expect(bad.err()).toContain('The question was not answered: not that.');
    const unknown = run(['send', urlOf(server), 'x', '--ask', 'nobody', '--token', 'secret']);
    expect(await unknown.code).toBe(2);
    expect(unknown.err()).toContain('refuses, with 404: there is no such session.');
  });
});

async function unusedUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort(['127.0.0.1'])}`;
}

describe('what cannot be is said in one sentence', () => {
  const commands = [
    ['tail', ['--protocol', 'auto']],
    ['tail', ['--protocol', 'sse']],
    ['tail', ['--protocol', 'ws']],
    ['send', ['x']],
    ['send', ['x', '--protocol', 'ws']],
    ['send', ['x', '--request']],
  ] as const;

  describe.each(commands)('%s %j', (command, rest) => {
    const refused = async (
      url: string,
      code: number,
      says: string,
      more: string[] = [],
    ): Promise<void> => {
      const result = run([command, url, ...rest, ...more]);
      expect(await result.code).toBe(code);
      expect(result.err()).toContain(says);
      expect(result.err()).not.toMatch(/\n\s+at /);
      expect(result.out()).toBe('');
    };

    test('nobody there', async () => {
      const url = await unusedUrl();
      await refused(url, 3, `Nobody answers at ${url}: connect ECONNREFUSED`);
    });

    test('no token, or a wrong one', async () => {
      const url = urlOf(await startServer({ token: 'secret' }));
      await refused(url, 2, 'refuses, with 401: a token is needed.');
      await refused(url, 2, 'refuses, with 401: the token is wrong.', ['--token', 'x']);
    });

    test.skipIf(rest.some((one) => one === '--request'))('no such room', async () => {
      const server = await startServer({ limits: onlyRooms('main') });
      await refused(urlOf(server), 2, "refuses, with 404: there is no room 'r'.", ['--room', 'r']);
    });

    test('a server of something else', async () => {
      const pages = createHttpServer((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hello</h1>');
      });
      // A server of pages knows nothing of upgrades.
      pages.on('upgrade', (_request, socket) => {
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      });
      const url = await listen(pages);
      await refused(url, 2, `${url} is not a push server:`);
    });

    test('no address', async () => {
      await refused('127.0.0.1:8080', 2, "'127.0.0.1:8080' is not the address of a push server");
    });
  });

  test.each([
    ['tail', [], 503],
    ['tail', ['--protocol', 'sse'], 503],
    ['send', ['x', '--protocol', 'ws'], 503],
  ] as const)('%s %j: a server that is full', async (command, rest, status) => {
    const server = await startServer({ limits: { ...defaults.limits, maxSessions: 0 } });
    const result = run([command, urlOf(server), ...rest]);
    expect(await result.code).toBe(3);
    expect(result.err()).toContain(`refuses, with ${status}: the server is full.`);
  });

  test('a peer that does not speak HTTP', async () => {
    const url = await listen(createTcpServer((socket) => void socket.end('SSH-2.0-x\r\n')));
    const result = run(['tail', url]);
    expect(await result.code).toBe(2);
    expect(result.err()).toMatch(/^pushbench: \S+ is not a push server: .*HTTP/);
  });

  test.each<[readonly string[], string]>([
    [['tail'], "Missing required argument 'url'"],
    [['tail', 'http://x', '--count', '0'], "--count: '0' is not a number of events"],
    [['tail', 'http://x', '--history', 'some'], "--history: 'some' is not a number of events"],
    [['tail', 'http://x', '--protocol', 'raw'], "'raw' is not one of ws, sse, auto"],
    [['tail', 'http://x', '--raw', '--json'], '--raw and --json exclude each other.'],
    [['tail', 'http://x', '--token', 'a b'], '--token: a token is visible ASCII characters'],
    [['tail', 'http://x', '--rom', 'a'], "Did you mean '--room'?"],
    [['send', 'http://x', 'a', '--protocol', 'sse'], "'sse' is not one of post, ws"],
    [['send', 'http://x', 'a', '--ask', 's', '--request'], '--request and --ask exclude each'],
    [['send', 'http://x', 'a', '--ask', 's', '--room', 'r'], '--request and --ask exclude each'],
  ])('%j', async (args, says) => {
    const result = run(args);
    expect(await result.code).toBe(2);
    expect(result.err()).toContain(says);
  });
});

describe('the real program', () => {
  test('ends at Ctrl-C with a clean close', async () => {
    const server = await startServer();
    const tail = startProgram(['tail', urlOf(server)]);
    await tail.says('connected over ws');
    tail.child.kill('SIGINT');
    expect(await tail.finished).toMatchObject({ code: 0, stdout: '' });
    await allGone(server);
  });

  test('publishes lines as they are written to it, until Ctrl-C', async () => {
    const server = await startServer();
    const hears = watchClient({ url: urlOf(server) });
    await hears.open();
    const send = spawn(process.execPath, [PROGRAM, 'send', urlOf(server)], { stdio: 'pipe' });
    onTestFinished(() => void send.kill('SIGKILL'));
    send.stdin.write('one\n');
    await hears.until('one');
    send.stdin.write('two\nnot finished');
    await hears.until('two');
    send.kill('SIGINT');
    const [code] = await once(send, 'close');
    expect({ code, heard: hears.messages.length }).toEqual({ code: 130, heard: 2 });
  });

  test('does not wait for standard input that it does not need', async () => {
    const server = await startServer();
    expect(await runProgram(['send', urlOf(server), 'x'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'published 1 message\n',
    });
    expect(server.hub.counters.published).toBe(1);
  });
});
