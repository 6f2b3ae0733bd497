/**
 * A process with many connections that does with what it reads as little as its kind says: the baselines
 * that the generator's receive path is held against.
 */
import { get } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { createParser } from 'eventsource-parser';
import { WebSocket } from 'ws';
import { configOf, connectToParent } from '../../core/child.ts';
import type { Endpoint } from '../../core/transport.ts';
import { connectAll } from '../../loadgen/connect-all.ts';

export type ToReader =
  | { readonly kind: 'open'; readonly endpoint: Endpoint; readonly connections: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' };

export type FromReader =
  | { readonly kind: 'ready' }
  | { readonly kind: 'opened'; readonly connections: number }
  | { readonly kind: 'counted'; readonly bytes: number; readonly messages: number };

export const readerKinds = ['bare-sse', 'bare-ws', 'eventsource-parser', 'ws-client'] as const;
export type ReaderKind = (typeof readerKinds)[number];

const { kind } = configOf<{ kind: ReaderKind }>(process.argv);
const channel = connectToParent<ToReader, FromReader>(process);
const buffer = Buffer.allocUnsafeSlow(64 * 1024);
let bytes = 0;
let messages = 0;
const closers: (() => void)[] = [];

/** Asks, and counts every byte that comes: nothing less is a client. */
function openBare({ host, port }: Endpoint, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let open = false;
    const socket = connectTcp({
      host,
      port,
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          bytes += length;
          if (!open) {
            open = true;
            resolve();
          }
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(request));
    closers.push(() => socket.destroy());
  });
}

const openers: Readonly<Record<ReaderKind, (endpoint: Endpoint) => Promise<void>>> = {
  'bare-sse': (endpoint) =>
    openBare(endpoint, `GET ${endpoint.path} HTTP/1.1\r\nHost: bench\r\n\r\n`),
  'bare-ws': (endpoint) =>
    openBare(
      endpoint,
      `GET ${endpoint.path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    ),
  'eventsource-parser': ({ host, port, path }) =>
    new Promise((resolve, reject) => {
      const parser = createParser({
        onEvent: () => {
          messages += 1;
        },
      });
      const request = get({ host, port, path, agent: false }, (response) => {
        response.setEncoding('utf8');
        response.on('data', (text: string) => parser.feed(text));
        resolve();
      });
      request.once('error', reject);
      closers.push(() => request.destroy());
    }),
  'ws-client': ({ host, port, path }) =>
    new Promise((resolve, reject) => {
      const ws = new WebSocket(`ws://${host}:${port}${path}`, { perMessageDeflate: false });
      ws.on('message', () => {
        messages += 1;
      });
      ws.once('open', () => resolve());
      ws.once('error', reject);
      closers.push(() => ws.terminate());
    }),
};

async function open(endpoint: Endpoint, connections: number): Promise<void> {
  const idle = {
    bytesRead: 0,
    session: undefined,
    send: async () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    close: () => undefined,
  };
  const outcome = await connectAll(
    connections,
    128,
    () => 0,
    async () => {
      await openers[kind](endpoint);
      return idle;
    },
  );
  channel.send({
    kind: 'opened',
    connections: outcome.clients.filter((one) => one !== undefined).length,
  });
}

channel.onMessage((message) => {
  if (message.kind === 'count') channel.send({ kind: 'counted', bytes, messages });
  else if (message.kind === 'open') {
    open(message.endpoint, message.connections).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  } else {
    for (const close of closers) close();
    process.disconnect();
  }
});
channel.send({ kind: 'ready' });
