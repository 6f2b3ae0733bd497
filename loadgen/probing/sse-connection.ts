/** An event stream that is watched: HTTP by Node, events by our parser, comments beside it. */
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { End } from '../../core/records/probe.ts';
import { isEventStream } from '../../transports/handshake-trouble.ts';
import { SseParser } from '../../transports/sse/parser.ts';
import { createCommentFinder } from './comment-finder.ts';
import type { Open, Watched, Watcher } from './connection.ts';
import { dial } from './dial.ts';
import type { ProbeEndpoint } from './endpoint.ts';
import { headersOf, isSecure, portOf } from './endpoint.ts';
import { failureOf, noStream } from './probe-failure.ts';
import { watchEnd } from './socket-end.ts';
import { within } from './within.ts';

/** What is asked for when compression is. */
export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

export const openSse: Open = async (endpoint, watcher, { compressed = false, signal } = {}) => {
  const { socket, times, tls } = await dial(endpoint, ['http/1.1'], signal);
  const endOf = watchEnd(socket);
  const sentAt = performance.now();
  const response = await answerOf(endpoint, socket, compressed, signal);
  const openedAt = performance.now();
  const { statusCode: status = 0, headers, httpVersion } = response;
  if (status !== 200 || !isEventStream(headers['content-type'])) {
    response.on('error', () => undefined);
    socket.destroy();
    throw noStream(response);
  }
  let left = false;
  const ended = new Promise<{ end: End; at: number }>((resolve) => {
    response.once('close', () => {
      const end: End = left ? { how: 'open' } : response.complete ? { how: 'complete' } : endOf();
      resolve({ end, at: performance.now() });
    });
  });
  // Compressed bytes are heard and not read: how they are made is not what is looked at.
  read(response, watcher, headers['content-encoding'] === undefined);
  const watched: Watched = {
    times: { ...times, headMs: openedAt - sentAt },
    tls,
    status,
    httpVersion,
    headers,
    openedAt,
    ended,
    // A stream of events goes one way.
    say: () => false,
    leave() {
      // Whoever wants no more of a stream closes it: there are no words for it.
      watched.abandon();
      return ended.then(() => undefined);
    },
    abandon(how) {
      left = true;
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    },
  };
  return watched;
};

function read(response: IncomingMessage, watcher: Watcher, legible: boolean): void {
  const parser = new SseParser({
    event(bytes, start, end, at) {
      watcher.arrived({
        kind: 'event',
        at,
        text: bytes.toString('utf8', start, end),
        id: parser.lastEventId,
        event: parser.eventName,
      });
    },
  });
  let now = 0;
  const comments = createCommentFinder((text) =>
    watcher.arrived({ kind: 'comment', at: now, text, id: '', event: '' }),
  );
  response.on('data', (bytes: Buffer) => {
    now = performance.now();
    watcher.heard?.(now);
    if (!legible) return;
    parser.feed(bytes, 0, bytes.length, now);
    comments.feed(bytes);
  });
  // 'close' follows, and says how.
  response.on('error', () => undefined);
}

async function answerOf(
  endpoint: ProbeEndpoint,
  socket: Socket,
  compressed: boolean,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const { url, timeoutMs } = endpoint;
  const request = httpRequest({
    method: 'GET',
    host: url.hostname,
    port: portOf(url),
    path: `${url.pathname}${url.search}`,
    ...authOf(url),
    // Decides whether the port is written into Host.
    defaultPort: isSecure(url) ? 443 : 80,
    headers: headersOf(endpoint, {
      Accept: 'text/event-stream',
      'Accept-Encoding': compressed ? ACCEPT_ENCODING : 'identity',
      'Cache-Control': 'no-cache',
      Connection: 'keep-alive',
    }),
    createConnection: () => socket,
  });
  try {
    return await within<IncomingMessage>({ timeoutMs, signal }, 'no answer', (resolve, fail) => {
      request.on('error', (error) => fail(failureOf(error, 'head')));
      request.once('response', resolve);
      request.end();
    });
  } catch (error) {
    request.destroy();
    socket.destroy();
    throw error;
  }
}

/** Name and password in an address are what Basic authentication is. */
function authOf({ username, password }: URL): { auth?: string } {
  if (username === '' && password === '') return {};
  return { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` };
}
