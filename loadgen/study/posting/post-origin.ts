/**
 * A server that takes POSTs and says which of its connections each came on. Some paths lose the race of
 * keep-alive for certain: a connection that was used before is ended in place of an answer, which is how it
 * looks from a proxy whose request has met the end of an idle connection.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { z } from 'zod';

export const POST_PATH = '/post';
/** Lost on a connection that was used before, answered on a new one: its end is TCP's ordinary one, or a reset. */
export const LOSING_PATHS = { fin: '/lose/fin', rst: '/lose/rst' } as const;
export type Losing = keyof typeof LOSING_PATHS;

export interface PostOriginOptions {
  /** How long a connection may be idle before it is closed, ms; 0: for ever. */
  readonly keepAliveMs: number;
}

export interface PostOrigin {
  readonly port: number;
  /** POSTs that were lost because of their path. */
  readonly lost: number;
  close(): Promise<void>;
}

export const receiptSchema = z.object({
  /** Connections of this origin are numbered as they come, from 1. */
  connection: z.int().positive(),
  /** How many requests came on it, this one included. */
  request: z.int().positive(),
  /** How long the connection had been idle, or there, when it came, ms. */
  idleMs: z.number().nonnegative(),
  /** How often a POST with this URL has come to the origin: more than once where somebody on the path sent it again. */
  arrivals: z.int().positive(),
});

export type Receipt = z.infer<typeof receiptSchema>;

interface Connection {
  readonly number: number;
  requests: number;
  idleSince: number;
}

export async function startPostOrigin({ keepAliveMs }: PostOriginOptions): Promise<PostOrigin> {
  const connections = new Map<Socket, Connection>();
  const arrivals = new Map<string, number>();
  let accepted = 0;
  let lost = 0;
  const answer = (
    connection: Connection,
    idleMs: number,
    url: string,
    response: ServerResponse,
  ): void => {
    const receipt: Receipt = {
      connection: connection.number,
      request: connection.requests,
      idleMs,
      arrivals: arrivals.get(url) ?? 1,
    };
    const body = JSON.stringify(receipt);
    response.once('finish', () => {
      connection.idleSince = performance.now();
    });
    // Node waits for a second more than it was told, from some 20.x on and not to be changed there: the timer is
    // set again, behind its own, and what it does then is Node's.
    if (keepAliveMs > 0) response.once('finish', () => response.req.socket.setTimeout(keepAliveMs));
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  };
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket, url = '' } = request;
    const connection = connections.get(socket);
    if (connection === undefined) return;
    const idleMs = performance.now() - connection.idleSince;
    connection.requests += 1;
    arrivals.set(url, (arrivals.get(url) ?? 0) + 1);
    // To its end: a connection that is closed before it was read is reset, whatever was meant.
    request.resume().once('end', () => {
      const how = losingOf(url);
      if (how === undefined || connection.requests === 1) {
        return answer(connection, idleMs, url, response);
      }
      lost += 1;
      if (how === 'rst') socket.resetAndDestroy();
      else socket.destroy();
    });
  };
  const server = createServer({ keepAliveTimeout: keepAliveMs }, take);
  server.on('connection', (socket) => {
    socket.setNoDelay(true);
    accepted += 1;
    connections.set(socket, { number: accepted, requests: 0, idleSince: performance.now() });
    // Whoever leaves may do so in any way; 'close' follows.
    socket.on('error', () => undefined);
    socket.once('close', () => connections.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get lost() {
      return lost;
    },
    async close() {
      for (const socket of connections.keys()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function losingOf(url: string): Losing | undefined {
  if (url.startsWith(LOSING_PATHS.fin)) return 'fin';
  return url.startsWith(LOSING_PATHS.rst) ? 'rst' : undefined;
}
