/** The relay between real sockets: what it forwards, and what it does to connections that it cuts. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createClock, newEpoch } from '../../core/clock.ts';
import type { Relay } from '../../loadgen/relay.ts';
import { startRelay } from '../../loadgen/relay.ts';

const HOST = '127.0.0.1';

interface Path {
  readonly relay: Relay;
  /** A client whose first bytes have come back, and the other end of its connection. */
  open(): Promise<{ client: Socket; served: Socket }>;
}

/** Clients, a relay, and a target that says again whatever it is told. */
async function pathThroughRelay(): Promise<Path> {
  const sockets: Socket[] = [];
  const keep = (socket: Socket): Socket => {
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  const served: Socket[] = [];
  const target = createServer((socket) => {
    served.push(keep(socket));
    socket.on('data', (bytes) => socket.write(bytes));
  });
  await once(target.listen(0, HOST), 'listening');
  const { port } = target.address() as AddressInfo;
  const relay = await startRelay({
    host: HOST,
    target: { host: HOST, port },
    clock: createClock(newEpoch()),
  });
  onTestFinished(() => {
    relay.close();
    target.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    relay,
    async open() {
      const client = keep(connect(relay.port, HOST));
      client.write('hello');
      await once(client, 'data');
      const other = served.at(-1);
      if (other === undefined) throw new Error('the target has seen nobody');
      return { client, served: other };
    },
  };
}

test('bytes arrive as they were sent, and more than fits into any buffer', async () => {
  const { open } = await pathThroughRelay();
  const { client } = await open();
  const sent = Buffer.alloc(8 * 1024 * 1024, 'pushbench');
  const chunks: Buffer[] = [];
  client.on('data', (bytes) => chunks.push(bytes));
  client.end(sent);
  await once(client, 'end');
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
});

test('a reset reaches both sides as one', async () => {
  const { relay, open } = await pathThroughRelay();
  const { client, served } = await open();
  const errors = Promise.all([once(client, 'error'), once(served, 'error')]);
  expect(relay.cut('rst', 1, false).log).toHaveLength(1);
  const codes = (await errors).map(([error]) => (error as NodeJS.ErrnoException).code);
  expect(codes).toEqual(['ECONNRESET', 'ECONNRESET']);
});

test('an end in good order reaches both sides as one', async () => {
  const { relay, open } = await pathThroughRelay();
  const { client, served } = await open();
  const broken: boolean[] = [];
  const closed = [client, served].map(async (socket) => {
    const [hadError] = await once(socket, 'close');
    broken.push(hadError as boolean);
  });
  client.resume();
  relay.cut('fin', 1, false);
  await Promise.all(closed);
  expect(broken).toEqual([false, false]);
});

test('a half-open connection says nothing more, to either side, while others go on', async () => {
  const { relay, open } = await pathThroughRelay();
  const healthy = await open();
  const held = await open();
  expect(relay.cut('half-open', 1, false).log.map(({ connection }) => connection)).toEqual([1]);
  let heard = 0;
  held.client.on('data', () => {
    heard += 1;
  });
  held.served.write('nobody hears this');
  held.client.write('nor this');
  // What went through after it went through the same relay: it had its chance.
  healthy.client.write('still here');
  await once(healthy.client, 'data');
  expect(heard).toBe(0);
  expect([held.client.destroyed, held.served.destroyed]).toEqual([false, false]);
});

test('of a share, the last that were accepted are cut, and the log says which', async () => {
  const { relay, open } = await pathThroughRelay();
  const all = [await open(), await open(), await open(), await open(), await open()];
  const gone = Promise.all(
    all.slice(-2).map(({ client }) => new Promise((resolve) => client.once('close', resolve))),
  );
  const { log } = relay.cut('rst', 2, false);
  expect(log.map(({ connection, how }) => [connection, how])).toEqual([
    [3, 'rst'],
    [4, 'rst'],
  ]);
  await gone;
  expect(relay.log).toEqual(log);
  expect(relay.open).toBe(3);
});

test('nobody is let in from the cut until it is mended, and then on the same port', async () => {
  const { relay, open } = await pathThroughRelay();
  await open();
  relay.cut('rst', 1, true);
  const [error] = await once(connect(relay.port, HOST), 'error');
  expect((error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
  await relay.mend();
  await open();
  expect(relay.open).toBe(1);
});
