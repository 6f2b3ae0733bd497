/** The HTTP side of a server process: routes, upgrades, and TCP listeners for what is not HTTP. */

import type { Server as HttpServer } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Listener, Route, Upgrade } from '../core/transport.ts';

/** Connections waiting to be accepted: a crowd that connects at once must not be turned away by the kernel. */
const BACKLOG = 4_096;

export interface OpenListener extends Listener {
  readonly port: number;
  /** Stops accepting; connections that exist are left to their sessions. */
  close(): void;
  /** Ends the HTTP connections that are no session: silent ones, requests under way. */
  destroyRest(): void;
}

/** @throws the `listen` error of Node (EADDRINUSE, EACCES, …) */
export async function openListener(host: string, port: number): Promise<OpenListener> {
  const routes = new Map<string, Route>();
  const upgrades = new Map<string, Upgrade>();
  const tcpServers: TcpServer[] = [];

  const http = createHttpServer({ noDelay: true, keepAlive: false }, (request, response) => {
    const path = pathOf(request.url);
    const handler = routes.get(`${request.method} ${path}`);
    if (handler !== undefined) return handler(request, response);
    const known = [...routes.keys()].some((route) => route.endsWith(` ${path}`));
    response.writeHead(known ? 405 : 404, { 'Content-Type': 'text/plain' });
    response.end(
      known ? `${request.method} is not allowed on ${path}\n` : `there is nothing at ${path}\n`,
    );
  });
  http.on('upgrade', (request, socket, head) => {
    const handler = upgrades.get(pathOf(request.url));
    if (handler === undefined) refuseUpgrade(socket);
    else handler(request, socket, head);
  });
  http.on('clientError', (_error, socket) => {
    // Not into the middle of a stream, whose reader would take it for a part of that.
    const silent = 'bytesWritten' in socket && socket.bytesWritten === 0;
    if (silent && socket.writable) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    } else socket.destroy();
  });
  await listen(http, host, port);

  return {
    host,
    http,
    port: portOf(http),
    route: (method, path, handler) => void routes.set(`${method} ${path}`, handler),
    upgrade: (path, handler) => void upgrades.set(path, handler),
    async listenTcp(onSocket) {
      const server = createTcpServer({ noDelay: true, allowHalfOpen: false }, onSocket);
      tcpServers.push(server);
      await listen(server, host, 0);
      return portOf(server);
    },
    close() {
      http.close();
      http.closeIdleConnections();
      for (const server of tcpServers) server.close();
    },
    destroyRest: () => http.closeAllConnections(),
  };
}

function pathOf(url: string | undefined): string {
  return (url ?? '/').split('?', 1)[0] ?? '/';
}

function refuseUpgrade(socket: Duplex): void {
  // A peer that is already gone needs no answer.
  socket.on('error', () => socket.destroy());
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

function listen(server: HttpServer | TcpServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: HttpServer | TcpServer): number {
  return (server.address() as AddressInfo).port;
}
