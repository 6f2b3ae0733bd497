/** What clients of a one-way stream send: POSTs on keep-alive connections that all of a process share. */
import type { Pool } from 'undici';
import type { Endpoint, Upstream } from '../core/transport.ts';

export interface UpstreamOptions {
  /** Connections at most; a POST waits for one that is free. */
  readonly connections: number;
  /** Requests under way on one connection; more than 1 is HTTP/1.1 pipelining. */
  readonly pipelining: number;
  /** How long the answer to a POST may take; left out: five minutes. */
  readonly timeoutMs?: number;
  /** How long a connection may take to be established; left out: ten seconds. */
  readonly connectTimeoutMs?: number;
  /** Called for each POST that failed, with a cause that is the same for all that failed in one way. */
  readonly onFailure?: (cause: string) => void;
}

/** Opens no connection before the first POST. */
export function createUpstream(
  { host, port, tls }: Endpoint,
  { connections, pipelining, timeoutMs, connectTimeoutMs, onFailure }: UpstreamOptions,
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
      ...(timeoutMs === undefined ? {} : { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }),
      connect: {
        ...(connectTimeoutMs === undefined ? {} : { timeout: connectTimeoutMs }),
        ...(tls === undefined ? {} : { ca: tls.ca }),
      },
    });
    made.on('connect', () => {
      opened += 1;
    });
    return made;
  };
  const failed = (path: string, cause: string, says = ''): Error => {
    onFailure?.(`POST ${cause}`);
    return new Error(`POST ${path} ${cause} ${says}`.trimEnd());
  };
  return {
    async post(path, contentType, body) {
      pool ??= open();
      const request = {
        method: 'POST',
        path,
        headers: { 'content-type': contentType },
        body,
      } as const;
      const dispatcher = await pool;
      let status: number;
      let headers: Headers;
      let bytes: Buffer;
      try {
        const answer = await dispatcher.request(request);
        status = answer.statusCode;
        headers = answer.headers;
        bytes = Buffer.from(await answer.body.arrayBuffer());
      } catch (error) {
        throw failed(path, troubleOf(error, timeoutMs));
      }
      if (status >= 300) throw failed(path, refusalOf(status, headers), sentenceOf(bytes));
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

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What was answered, and when to come back or where else to go, where that was said. */
function refusalOf(status: number, { location, 'retry-after': retryAfter }: Headers): string {
  return [
    `answered ${status} instead of 2xx`,
    ...(retryAfter === undefined ? [] : [`(Retry-After: ${String(retryAfter)})`]),
    ...(location === undefined ? [] : [`(Location: ${String(location)})`]),
  ].join(' ');
}

/** What the server says, as far as it is worth showing. */
function sentenceOf(bytes: Buffer): string {
  return bytes.toString().trim().slice(0, 200);
}

function troubleOf(error: unknown, timeoutMs: number | undefined): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return `was not answered within ${timeoutMs ?? DEFAULT_TIMEOUT_MS} ms`;
  }
  return `was not answered: ${String(message)}`;
}

/** What undici waits for an answer unless it is told. */
const DEFAULT_TIMEOUT_MS = 300_000;
