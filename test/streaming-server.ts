/**
 * Somebody's server, as far as a probe can see: an event stream at /events and a WebSocket at /socket, which
 * send what their query asks for: `every`, `comment`, `ping` (ms), `head` (ms until the head), `end` (ms until
 * the end), `stamp`.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'vitest';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';

export interface StreamingServer {
  readonly port: number;
  readonly http: string;
  readonly ws: string;
  /** Heads of requests that came, as `path user-agent`. */
  readonly requests: readonly IncomingMessage[];
  /** Messages that clients sent. */
  readonly messages: readonly string[];
}

/** Closed when the test is over. @param tls PEM @param atEnd of its context, where tests run beside each other */
export async function startStreaming(
  tls?: { readonly cert: string; readonly key: string },
  atEnd: TestContext['onTestFinished'] = onTestFinished,
): Promise<StreamingServer> {
  const requests: IncomingMessage[] = [];
  const messages: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const every = (ms: string | null, act: () => void, until: NodeJS.EventEmitter): void => {
    if (ms === null) return;
    const timer = setInterval(act, Number(ms));
    timers.add(timer);
    until.once('close', () => clearInterval(timer));
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(request);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    if (pathname !== '/events') {
      plain(pathname, request, response);
      return;
    }
    const begin = (): void => {
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-cache',
        Server: 'somebody/1.0',
        ...(searchParams.has('echo') ? { Via: request.headers.authorization ?? 'nobody' } : {}),
      });
      response.flushHeaders();
      const text = eventTexts(searchParams.has('stamp'));
      every(searchParams.get('every'), () => response.write(`data: ${text()}\n\n`), response);
      const end = searchParams.get('end');
      if (end !== null) timers.add(setTimeout(() => response.end(), Number(end)));
      every(searchParams.get('comment'), () => response.write(': still here\n\n'), response);
    };
    const late = searchParams.get('head');
    if (late === null) begin();
    else timers.add(setTimeout(begin, Number(late)));
  };
  const server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  server.on('upgrade', (request, socket, head) => {
    requests.push(request);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    if (pathname !== '/socket') {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      client.on('message', (data) => messages.push(String(data)));
      const text = eventTexts(searchParams.has('stamp'));
      every(searchParams.get('every'), () => client.send(text()), client);
      every(searchParams.get('ping'), () => client.ping(), client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => {
    for (const timer of timers) clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const secure = tls === undefined ? '' : 's';
  return {
    port,
    http: `http${secure}://127.0.0.1:${port}`,
    ws: `ws${secure}://127.0.0.1:${port}`,
    requests,
    messages,
  };
}

/** Each another text, so that none passes for a heartbeat. */
function eventTexts(stamped: boolean): () => string {
  let n = 0;
  return () => {
    n += 1;
    return JSON.stringify(
      stamped ? { price: `${n}.5`, at: new Date().toISOString() } : { word: 'x'.repeat(n % 50) },
    );
  };
}

function plain(path: string, request: IncomingMessage, response: ServerResponse): void {
  switch (path) {
    case '/page':
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>hello');
      return;
    case '/private':
      response.writeHead(401).end();
      return;
    case '/login':
      response.writeHead(302, { Location: '/sign-in?next=secret-place' }).end();
      return;
    case '/down':
      response.writeHead(503).end();
      return;
    case '/silent':
      request.resume();
      return;
    default:
      response.writeHead(404).end();
  }
}
