/** The HTTP side of a server process: routes, upgrades, and TCP listeners for what is not HTTP. */

import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer, STATUS_CODES } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket, Server as TcpServer } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { onFreePort } from '../core/free-port.ts';
import { listenAt } from '../core/listen.ts';
import { addressesFrom } from '../core/loopback.ts';
import type { Listener, Route, Upgrade } from '../core/transport.ts';
import type { DoorSettings } from './doors.ts';
import { openAnother } from './doors.ts';

/** A client that has not sent a whole request head by then is ended, ms; it covers upgrades left half open. */
const HEADERS_TIMEOUT_MS = 10_000;
/** And the whole of a request, ms: nobody needs longer for a body within the limit. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How long who was refused has to read why, ms. */
const FAREWELL_MS = 1_000;
/**
 * How long an idle connection is kept for the next POST, ms. Longer than proxies keep theirs (60 s is
 * common), or the server closes one just as a proxy sends on it, which becomes a 502.
 */
const KEEP_ALIVE_MS = 75_000;

export interface ListenerOptions {
  readonly host: string;
  /** Of 127.0.0.1 on, each with the same port; left out: one, which is `host`. */
  readonly addresses?: number | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  /** Of the first TCP listener that is opened; left out or 0: any free port. */
  readonly tcpPort?: number | undefined;
  /** Paths of a certificate and its key, PEM. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** How long a connection is silent until TCP probes whether its peer is there; left out or 0: never. */
  readonly keepAliveMs?: number | undefined;
  readonly headersTimeoutMs?: number | undefined;
  readonly requestTimeoutMs?: number | undefined;
}

export interface OpenListener extends Listener {
  readonly port: number;
  /** PEM of the certificate, where it speaks TLS. */
  readonly certificate: string | undefined;
  /** Asked before every request that is no upgrade; true when it has answered itself. */
  guard(look: (request: IncomingMessage, response: ServerResponse) => boolean): void;
  /** Is told the status of what is refused here, before any route has seen it. */
  onRefused(tell: (status: number) => void): void;
  /** Bytes of all sockets there were, TLS and HTTP heads included. */
  traffic(): { bytesIn: number; bytesOut: number };
  /**
   * Listens at its further addresses too. For when all that it may be asked for is there: in a process that
   * is one of several, whoever waits to be let in is let in meanwhile.
   * @throws the `listen` error of Node
   */
  openFurther(): Promise<void>;
  /** Stops accepting; connections that exist are left to their sessions. */
  close(): void;
  /** Ends the HTTP connections that are no session: silent ones, requests under way. */
  destroyRest(): void;
}

/** @throws the `listen` error of Node (EADDRINUSE, EACCES, …), or that of reading the certificate */
export async function openListener(options: ListenerOptions): Promise<OpenListener> {
  const { host, port, tls } = options;
  const hosts = addressesFrom(host, options.addresses);
  const routes = new Map<string, Route>();
  const upgrades = new Map<string, Upgrade>();
  const listening: { server: TcpServer; port: number; settings: DoorSettings }[] = [];
  const further: TcpServer[] = [];
  const sockets = new Set<Socket>();
  const gone = { bytesIn: 0, bytesOut: 0 };
  let guard: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  let refused: (status: number) => void = () => undefined;

  const handlerOf = (method: string, path: string): Route | undefined =>
    routes.get(`${method} ${path}`) ?? routes.get(`${method} ${patternOf(path)}`);

  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const tcpSettings = { noDelay: true, ...probing(options.keepAliveMs) };
  const settings = {
    ...tcpSettings,
    headersTimeout: headersTimeoutMs,
    // Node refuses one that is shorter than that of the head.
    requestTimeout: Math.max(headersTimeoutMs, requestTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000,
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (guard(request, response)) return;
    const path = pathOf(request.url);
    const handler = handlerOf(request.method ?? '', path);
    if (handler !== undefined) {
      handler(request, response);
      return;
    }
    const known = ['GET', 'POST'].some((method) => handlerOf(method, path) !== undefined);
    const status = known ? 405 : 404;
    refused(status);
    response.writeHead(status, { 'Content-Type': 'text/plain' });
    response.end(
      known ? `${request.method} is not allowed on ${path}\n` : `there is nothing at ${path}\n`,
    );
  };
  const material =
    tls === undefined
      ? undefined
      : { cert: readFileSync(tls.cert, 'utf8'), key: readFileSync(tls.key, 'utf8') };
  const http =
    material === undefined
      ? createHttpServer(settings, onRequest)
      : createHttpsServer(
          { ...settings, ...material, handshakeTimeout: headersTimeoutMs },
          onRequest,
        );
  const count = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      gone.bytesIn += socket.bytesRead;
      gone.bytesOut += socket.bytesWritten;
    });
  };
  http.on('connection', count);
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const handler = upgrades.get(pathOf(request.url));
    if (handler !== undefined) {
      handler(request, socket, head);
      return;
    }
    refused(404);
    refuse(socket, 404);
  });
  http.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Whatever else comes from somebody who has been refused.
    if (socket.writableEnded) return;
    const status = statusOf(error);
    if (status !== undefined) refused(status);
    // Not into the middle of a stream, whose reader would take it for a part of that.
    const silent = 'bytesWritten' in socket && socket.bytesWritten === 0;
    if (status !== undefined && silent && socket.writable) refuse(socket, status);
    else socket.destroy();
  });
  const httpPort = await onFreePort(hosts, port, (one) => listenAt(http, host, one));
  // As Node's servers have it: over HTTP a client may end its own side and go on reading, over TLS not.
  const halfOpen = { ...tcpSettings, allowHalfOpen: material === undefined };
  listening.push({ server: http, port: httpPort, settings: halfOpen });

  return {
    host,
    http,
    secure: material !== undefined,
    certificate: material?.cert,
    port: httpPort,
    guard: (look) => {
      guard = look;
    },
    onRefused: (tell) => {
      refused = tell;
    },
    route: (method, path, handler) => {
      const key = `${method} ${path}`;
      if (routes.has(key)) throw new Error(`two handlers for ${key}`);
      else routes.set(key, handler);
    },
    upgrade: (path, handler) => void upgrades.set(path, handler),
    async listenTcp(onSocket) {
      const accept = (socket: Socket): void => {
        if (material === undefined) count(socket);
        onSocket(socket);
      };
      const plain = { ...tcpSettings, allowHalfOpen: false };
      const server =
        material === undefined
          ? createTcpServer(plain, accept)
          : createTlsServer({ ...plain, handshakeTimeout: headersTimeoutMs, ...material }, accept);
      if (material !== undefined) server.on('connection', count);
      // Only an HTTPS server lets go by itself of a peer that does not finish its handshake.
      server.on('tlsClientError', (_error: Error, socket: Duplex) => socket.destroy());
      // Behind that of HTTP.
      const isFirst = listening.length === 1;
      const wanted = isFirst ? (options.tcpPort ?? 0) : 0;
      const tcpPort = await onFreePort(hosts, wanted, (one) => listenAt(server, host, one));
      listening.push({ server, port: tcpPort, settings: plain });
      return tcpPort;
    },
    async openFurther() {
      for (const { server, port, settings } of listening) {
        for (const another of hosts.slice(1)) {
          further.push(await openAnother(server, another, port, settings));
        }
      }
    },
    traffic() {
      const sum = { ...gone };
      for (const { bytesRead, bytesWritten } of sockets) {
        sum.bytesIn += bytesRead;
        sum.bytesOut += bytesWritten;
      }
      return sum;
    },
    close() {
      for (const { server } of listening) server.close();
      for (const door of further) door.close();
      http.closeIdleConnections();
    },
    destroyRest() {
      http.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Of TCP, not of HTTP: after that silence libuv has the kernel send ten probes, one second apart. */
function probing(keepAliveMs = 0): { keepAlive: boolean; keepAliveInitialDelay: number } {
  return { keepAlive: keepAliveMs > 0, keepAliveInitialDelay: keepAliveMs };
}

/** '/sessions/abc/send' → '/sessions/:id/send': the only kind of path with a variable part. */
function patternOf(path: string): string {
  const from = path.indexOf('/', 1) + 1;
  const to = path.indexOf('/', from);
  return from === 0 || to <= from ? path : `${path.slice(0, from)}:id${path.slice(to)}`;
}

function pathOf(url: string | undefined): string {
  return (url ?? '/').split('?', 1)[0] ?? '/';
}

/** What the client did wrong; undefined where its connection just broke. */
function statusOf({ code = '' }: NodeJS.ErrnoException): number | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code.startsWith('HPE_') ? 400 : undefined;
}

/**
 * Answers, and gives the peer a while to read that: to close on bytes that were not read would reset the
 * connection, answer and all. A peer that does not end its own side would keep the socket for ever.
 */
function refuse(socket: Duplex, status: number): void {
  // A peer that is already gone needs no answer.
  socket.on('error', () => socket.destroy());
  const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroy());
  socket.resume();
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}
