/** A shaped path between real sockets: never earlier, never faster, nothing lost and nothing out of turn. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createClock, newEpoch } from '../../core/clock.ts';
import { createRandom } from '../../core/random.ts';
import { startRelay } from '../../loadgen/relay.ts';
import { describeShape, parseShape, shapedForward } from '../../loadgen/routes/shape.ts';

const HOST = '127.0.0.1';

/** A client of a target that says again whatever it is told, through a path of that shape. */
async function openThrough(shape: string): Promise<Socket> {
  const target = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(bytes));
    socket.on('end', () => socket.end());
  });
  await once(target.listen(0, HOST), 'listening');
  const relay = await startRelay({
    host: HOST,
    target: { host: HOST, port: (target.address() as AddressInfo).port },
    clock: createClock(newEpoch()),
    forward: shapedForward(parseShape(shape), createRandom(1).next),
  });
  const client = connect(relay.port, HOST);
  onTestFinished(() => {
    client.destroy();
    relay.close();
    target.close();
  });
  await once(client, 'connect');
  return client;
}

/** Until `bytes` of them are there. */
async function read(client: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const [chunk] = (await once(client, 'data')) as [Buffer];
    chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

test('a round trip takes the delay twice, and jitter makes it no shorter', async () => {
  const client = await openThrough('delay=40ms,jitter=10ms');
  for (let trip = 0; trip < 3; trip += 1) {
    const startedAt = performance.now();
    client.write('ping');
    expect(String(await read(client, 4))).toBe('ping');
    // What a timer cannot tell is taken for due.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(79);
  }
});

test('nothing overtakes, whatever the jitter', async () => {
  const client = await openThrough('jitter=20ms');
  let sent = '';
  for (let number = 0; number < 200; number += 1) {
    sent += `${number},`;
    client.write(`${number},`);
    if (number % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(String(await read(client, sent.length))).toBe(sent);
});

test('a narrow path is no faster than it is wide, and passes on more than it holds', async () => {
  const client = await openThrough('bandwidth=2MiB/s');
  const sent = Buffer.alloc(1024 * 1024);
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
  const startedAt = performance.now();
  client.write(sent);
  expect((await read(client, sent.length)).equals(sent)).toBe(true);
  // Half a second for the way there; the way back has begun by then.
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(490);
});

test('an end takes as long as everything else, and nothing before it is lost', async () => {
  const client = await openThrough('delay=30ms');
  const startedAt = performance.now();
  client.end('last words');
  const words = read(client, 10);
  const end = once(client, 'end');
  expect(String(await words)).toBe('last words');
  await end;
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
});

test('a shape is told in words', () => {
  expect(describeShape(parseShape('delay=40ms,jitter=5ms,bandwidth=2MiB/s'))).toBe(
    '40 ms each way, up to 5 ms more, 2,097,152 B/s per connection',
  );
});
