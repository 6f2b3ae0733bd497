/** A link over WebSocket: operations go up the connection itself. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { WebSocket as WsSocket } from 'ws';
import { WebSocket } from 'ws';
import { eventOfBinary, eventOfText } from './incoming.ts';
import type { LinkEnd, OpenLink } from './link.ts';
import { PushClientError } from './push-client-error.ts';
import { isUnreachable, refusalEnd, troubleOf } from './refusal.ts';

/** How long the server may take to answer that it has seen us leave, ms. */
const FAREWELL_MS = 1_000;

export const openWsLink: OpenLink = ({ url, headers, ca, onWire }, events) => {
  const address = new URL(url);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const ws = new WebSocket(address, {
    headers: { ...headers },
    perMessageDeflate: false,
    ...(ca === undefined ? {} : { ca }),
  });
  let end: LinkEnd | undefined;
  let silent = false;
  /** What the server said when it let us in; what it says when it ends the connection is newer. */
  let toldRetryMs: number | undefined;
  ws.on('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
    readText(response, (text) => {
      end = refusalEnd(response.statusCode ?? 0, response.headers, text);
      request.destroy();
      finish();
    });
  });
  ws.on('message', (data, isBinary) => {
    // `ws` gives out Buffers unless it is told otherwise.
    if (silent || !Buffer.isBuffer(data)) return;
    onWire?.(isBinary ? `(binary) ${data.toString('base64')}\n` : `${data.toString('utf8')}\n`);
    const event = isBinary ? eventOfBinary(data) : eventOfText(data);
    if (event.event === 'retry') toldRetryMs = retryOf(event.data) ?? toldRetryMs;
    else events.event(event);
  });
  ws.on('ping', () => events.alive());
  ws.on('error', (error) => {
    end ??= isUnreachable(error)
      ? { kind: 'unreachable', says: troubleOf(error) }
      : { kind: 'cut', says: troubleOf(error) };
  });
  ws.on('close', (code, reason) => {
    end ??= {
      kind: 'cut',
      says: causeOf(code),
      retryMs: retryIn(reason.toString('utf8')) ?? toldRetryMs,
    };
    finish();
  });
  function finish(): void {
    if (silent) return;
    silent = true;
    events.ended(end ?? { kind: 'cut', says: 'the connection ended' });
  }

  return {
    confirms: false,
    send: (operation) => send(ws, operation),
    sendBinary: (bytes) => send(ws, bytes),
    close() {
      silent = true;
      if (ws.readyState === ws.CLOSED) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => ws.terminate(), FAREWELL_MS);
        ws.once('close', () => {
          clearTimeout(timer);
          resolve();
        });
        ws.close(1000);
      });
    },
    destroy() {
      silent = true;
      ws.terminate();
    },
  };
};

function send(ws: WsSocket, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    ws.send(data, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(new PushClientError('lost', error.message));
    });
  });
}

function causeOf(code: number): string {
  return code === 1006 ? 'the connection was cut' : `closed by the server with ${code}`;
}

/** The event `retry` of a server that tells everybody when to come back: `{"ms":1500}`. */
function retryOf(data: unknown): number | undefined {
  const ms = typeof data === 'object' && data !== null && 'ms' in data ? data.ms : undefined;
  return typeof ms === 'number' && ms >= 0 ? ms : undefined;
}

/** A server that sends everybody away says when each may come back: `retry=1500`. */
function retryIn(reason: string): number | undefined {
  const ms = /^retry=(\d{1,9})$/.exec(reason)?.[1];
  return ms === undefined ? undefined : Number(ms);
}

/** Enough of a refusal to show what it says. */
function readText(response: IncomingMessage, done: (text: string) => void): void {
  let text = '';
  let isDone = false;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    done(text);
  };
  response.setEncoding('utf8');
  response.on('data', (piece: string) => {
    text += piece;
    if (text.length > 4_096) finish();
  });
  response.on('end', finish);
  response.on('close', finish);
  response.on('error', finish);
}
