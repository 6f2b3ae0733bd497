/** The HTTP side of a push client: its streams and its POSTs, on connections of its own. */
import type { Agent, Dispatcher } from 'undici';
import type { Post } from './link.ts';
import { PushClientError } from './push-client-error.ts';
import { contentTypeOf, isUnreachable, retryAfterMs, sentenceOf, troubleOf } from './refusal.ts';

export interface Poster {
  readonly post: Post;
  /** Waits for POSTs under way; opens nothing any more. */
  close(): Promise<void>;
}

/** @param base http: or https:, perhaps with a path, without a slash at the end */
export function createPoster(
  base: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
  ca?: string,
): Poster {
  let agent: Promise<Agent> | undefined;
  return {
    async post(path, contentType, body) {
      agent ??= newAgent(timeoutMs, ca);
      const url = new URL(`${base}${path}`);
      const answer = await request(await agent, url, timeoutMs, {
        method: 'POST',
        headers: { ...headers, 'content-type': contentType },
        body: typeof body === 'string' ? body : Buffer.from(body),
      });
      const { status, retryMs } = answer;
      if (status >= 300) {
        const sentence = sentenceOf(answer.contentType, answer.text);
        throw new PushClientError('refused', sentence ?? `the server answered ${status}`, {
          status,
          retryMs,
          spoken: sentence !== undefined,
          body: answer.text,
        });
      }
      return answer;
    },
    async close() {
      await (await agent)?.close();
    },
  };
}

/** Loaded by whoever needs it first: over WebSocket most programs never do. */
export async function newAgent(timeoutMs: number, ca: string | undefined): Promise<Agent> {
  const { Agent } = await import('undici');
  return new Agent({
    connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) },
    headersTimeout: timeoutMs,
  });
}

async function request(
  agent: Agent,
  url: URL,
  timeoutMs: number,
  options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>,
): Promise<{ status: number; contentType: string; text: string; retryMs: number | undefined }> {
  try {
    const { statusCode, headers, body } = await agent.request({
      ...options,
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
    });
    return {
      status: statusCode,
      contentType: contentTypeOf(headers),
      text: await body.text(),
      retryMs: retryAfterMs(headers),
    };
  } catch (error) {
    // Whether it was carried out is not known once it has left.
    const { code } = error as { code?: unknown };
    const says =
      code === 'UND_ERR_HEADERS_TIMEOUT' ? `no answer within ${timeoutMs} ms` : troubleOf(error);
    throw new PushClientError(isUnreachable(error) ? 'unreachable' : 'lost', says);
  }
}
