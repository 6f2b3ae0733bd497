/** A port where connections are never accepted: somebody listens, is asleep, and the queue is full. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';

/** In a thread of its own, which sleeps before it has accepted anybody. */
const SLEEPER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;
/** The kernel takes one more than the queue is long. */
const QUEUED = 2;

/** @returns the port; whatever holds it is gone when the test is over */
export async function neverAccepts(): Promise<number> {
  const worker = new Worker(SLEEPER, { eval: true });
  onTestFinished(async () => void (await worker.terminate()));
  const [port] = (await once(worker, 'message')) as [number];
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const queued = new Promise<void>((resolve) => {
    let connected = 0;
    for (let n = 0; n < QUEUED + 2; n += 1) {
      const socket = connect({ host: '127.0.0.1', port });
      socket.on('error', () => undefined);
      socket.once('connect', () => {
        connected += 1;
        if (connected === QUEUED) resolve();
      });
      sockets.push(socket);
    }
  });
  await queued;
  return port;
}
