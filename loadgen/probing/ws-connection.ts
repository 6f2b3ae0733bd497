/** A WebSocket that is watched, by the `ws` package on a connection of our own making. */
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { End } from '../../core/records/probe.ts';
import type { Open, Watched, Watcher } from './connection.ts';
import { dial } from './dial.ts';
import { headersOf, isSecure } from './endpoint.ts';
import { failureOf, noStream, ProbeFailure } from './probe-failure.ts';
import { watchEnd } from './socket-end.ts';
import { within } from './within.ts';

const PAYLOAD_LIMIT_BYTES = 16 * 1_048_576;
/** How long the other side has to answer a close frame, ms. */
const LEAVE_MS = 500;
/** RFC 6455, 7.4.1: no close frame came. */
const ABNORMAL = 1_006;

export const openWs: Open = async (endpoint, watcher, { compressed = false, signal } = {}) => {
  const { socket, times, tls } = await dial(endpoint, ['http/1.1'], signal);
  const endOf = watchEnd(socket);
  const sentAt = performance.now();
  const url = new URL(endpoint.url);
  url.protocol = isSecure(url) ? 'wss:' : 'ws:';
  url.hash = '';
  const client = new WebSocket(
    url,
    endpoint.subprotocol === undefined ? [] : [endpoint.subprotocol],
    {
      createConnection: () => socket,
      headers: headersOf(endpoint, {}),
      perMessageDeflate: compressed,
      maxPayload: PAYLOAD_LIMIT_BYTES,
    },
  );
  let why: string | undefined;
  client.on('error', (error) => {
    // What breaks before the connection is open is told by the promise below.
    why = error.message;
  });
  let left = false;
  const ended = new Promise<{ end: End; at: number }>((resolve) => {
    client.once('close', (code, reason) => {
      resolve({ end: left ? { how: 'open' } : ending(code, reason), at: performance.now() });
    });
  });
  const ending = (code: number, reason: Buffer): End => {
    if (code !== ABNORMAL) return { how: 'close-frame', code, reason: reason.toString('utf8') };
    const end = endOf();
    return end.how === 'broken' && why !== undefined ? { how: 'broken', why } : end;
  };
  // Before waiting for anything: what comes right behind the head is not to be missed.
  read(client, watcher);
  const {
    headers,
    httpVersion,
    statusCode: status = 0,
  } = await answerOf(client, endpoint.timeoutMs, signal).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  const openedAt = performance.now();
  return {
    times: { ...times, headMs: openedAt - sentAt },
    tls,
    status,
    httpVersion,
    headers,
    openedAt,
    ended,
    say(what) {
      if (client.readyState !== WebSocket.OPEN) return false;
      // Failing to write is the end of the connection, which `ended` tells.
      const written = (): void => undefined;
      if (what === 'ping') client.ping('', true, written);
      else if (what === 'pong') client.pong('', true, written);
      else client.send(what.text, written);
      return true;
    },
    async leave() {
      left = true;
      client.close(1_000);
      const timer = setTimeout(() => client.terminate(), LEAVE_MS);
      await ended;
      clearTimeout(timer);
    },
    abandon(how) {
      left = true;
      if (how === 'reset') socket.resetAndDestroy();
      client.terminate();
    },
  } satisfies Watched;
};

function read(client: WebSocket, watcher: Watcher): void {
  const arrived = (kind: 'event' | 'ping' | 'pong', text: string): void => {
    const at = performance.now();
    // Not every byte of the socket: the frame that ends a silent connection does not end its silence.
    watcher.heard?.(at);
    watcher.arrived({ kind, at, text, id: '', event: '' });
  };
  client.on('message', (data) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    arrived('event', bytes.toString('utf8'));
  });
  client.on('ping', (data) => arrived('ping', data.toString('utf8')));
  client.on('pong', (data) => arrived('pong', data.toString('utf8')));
}

async function answerOf(
  client: WebSocket,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  try {
    return await within<IncomingMessage>({ timeoutMs, signal }, 'no answer', (resolve, fail) => {
      let answer: IncomingMessage | undefined;
      client.once('upgrade', (response) => {
        answer = response;
      });
      client.once('open', () => {
        if (answer !== undefined) resolve(answer);
      });
      client.once('unexpected-response', (_request, response) => {
        response.on('error', () => undefined);
        response.resume();
        fail(noStream(response));
      });
      client.once('error', (error) => {
        // `ws` has words for what is wrong with an answer, and no codes.
        const isAnswer =
          answer !== undefined || /^(Invalid|Server sent|Unexpected)/.test(error.message);
        fail(isAnswer ? new ProbeFailure('not-http', error.message) : failureOf(error, 'head'));
      });
    });
  } catch (error) {
    client.terminate();
    throw error;
  }
}
