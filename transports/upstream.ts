/** What clients of a one-way stream send: POSTs on keep-alive connections that all of a process share. */
import type { Pool } from 'undici';
import type { Endpoint, Upstream } from '../core/transport.ts';

export interface UpstreamOptions {
  /** Connections at most; a POST waits for one that is free. */
  readonly connections: number;
  /** Requests under way on one connection; more than 1 is HTTP/1.1 pipelining. */
  readonly pipelining: number;
}

/** Opens no connection before the first POST. */
export function createUpstream(
  { host, port, tls }: Endpoint,
  { connections, pipelining }: UpstreamOptions,
): Upstream {
  const origin = `${tls === undefined ? 'http' : 'https'}://${host}:${port}`;
  let opened = 0;
  let pool: Promise<Pool> | undefined;
  const open = async (): Promise<Pool> => {
    // Loaded by the first POST: most loads never send one, and every process would start 0.2 s later.
    const { Pool } = await import('undici');
    const made = new Pool(origin, {
      connections,
      pipelining,
      ...(tls === undefined ? {} : { connect: { ca: tls.ca } }),
    });
    made.on('connect', () => {
      opened += 1;
    });
    return made;
  };
  return {
    async post(path, contentType, body) {
      pool ??= open();
      const answer = await (await pool).request({
        method: 'POST',
        path,
        headers: { 'content-type': contentType },
        body,
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      if (answer.statusCode >= 300) {
        throw new Error(
          `POST ${path} answered ${answer.statusCode} ${bytes.toString().trim()}`.trimEnd(),
        );
      }
      return bytes;
    },
    get connections() {
      return opened;
    },
    async close() {
      await (await pool)?.destroy();
    },
  };
}
