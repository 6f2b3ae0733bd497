/**
 * A stream as a browser asks for it, compressed or not, of which every byte on the wire is counted. A path
 * may hold even the head until there is more behind it, so nothing here waits for an answer.
 */
import { get } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { SseParser } from '../../transports/sse/parser.ts';
import { decoded } from './decoded.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import { hostOf, portOf } from './endpoint.ts';
import type { Received } from './origin-line.ts';

export interface CodedReceived extends Received {
  /** Of its data. */
  readonly textBytes: number;
}

export interface CodedStream {
  /** Content-Encoding; undefined where there is none, or no head yet. */
  encoding(): string | undefined;
  /** All that came over the wire, head and framing included. */
  wireBytes(): number;
  readonly received: readonly CodedReceived[];
  /** Resolves when the stream is over, whoever ended it; never rejects. */
  readonly ended: Promise<void>;
  abandon(): void;
}

/** @param path of the stream, at the endpoint @param accepts Accept-Encoding */
export function openCodedStream(
  endpoint: ProbeEndpoint,
  path: string,
  accepts: 'gzip' | 'gzip, deflate, br' | 'identity',
): CodedStream {
  const received: CodedReceived[] = [];
  let encoding: string | undefined;
  const socket: Socket = connect({
    host: hostOf(endpoint.url),
    port: portOf(endpoint.url),
    noDelay: true,
  });
  const parser = new SseParser({
    event(bytes, start, end, at) {
      const { n, at: sentAt } = JSON.parse(bytes.toString('utf8', start, end)) as {
        n: number;
        at: number;
      };
      received.push({ n, sentAt, at, textBytes: end - start });
    },
  });
  // What has come is unpacked by then: that goes on when the socket is closed already.
  let unpacked: Promise<unknown> = Promise.resolve();
  const request = get({
    host: hostOf(endpoint.url),
    port: portOf(endpoint.url),
    path,
    headers: { Accept: 'text/event-stream', 'Accept-Encoding': accepts },
    createConnection: () => socket,
  });
  // What broke shows in what did not arrive.
  request.on('error', () => socket.destroy());
  request.once('response', (response) => {
    encoding = response.headers['content-encoding'];
    const plain = decoded(response);
    plain.on('data', (bytes: Buffer) => parser.feed(bytes, 0, bytes.length, performance.now()));
    unpacked = new Promise((resolve) => {
      plain.once('close', resolve);
    });
    response.once('close', () => {
      if (!response.complete) plain.destroy();
    });
    for (const one of new Set([response, plain])) one.on('error', () => socket.destroy());
    // A proxy keeps the connection for another request.
    plain.once('end', () => socket.destroy());
  });
  return {
    encoding: () => encoding,
    wireBytes: () => socket.bytesRead,
    received,
    ended: new Promise((resolve) => {
      socket.once('close', () => void unpacked.then(() => resolve()));
    }),
    abandon() {
      request.destroy();
      socket.destroy();
    },
  };
}
