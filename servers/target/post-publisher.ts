/** Publishes by one HTTP request per message, over connections that are kept. */
import { STATUS_CODES } from 'node:http';
import { Pool } from 'undici';
import type { TargetPost } from '../../core/target.ts';
import { contentTypeOf } from '../../transports/lean/dialect.ts';
import type { Places } from './placeholders.ts';
import { fill, fillAll, MESSAGE, messageTemplate } from './placeholders.ts';
import type { TargetPublisher } from './publisher.ts';
import { Sendings } from './sendings.ts';
import { TargetFailure } from './target-failure.ts';

/** Requests under way at one time; beyond that they wait in line, which is a part of their latency. */
const CONNECTIONS = 64;
/** How long one answer may take. */
const ANSWER_MS = 30_000;
/** Stands for the message while a URL is taken apart: braces it would change. */
const STAND_IN = 'pushbench.message.place';

export function postPublisher(post: TargetPost, places: Places): TargetPublisher {
  const { method = 'POST', body } = post;
  const text = fill(post.url, places).replaceAll(MESSAGE, STAND_IN);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TargetFailure(`publish.post.url '${fill(post.url, places)}' is no address of HTTP`);
  }
  if (!text.includes(STAND_IN) && body?.includes(MESSAGE) !== true) {
    throw new TargetFailure('publish.post says nowhere what {message} is to be put into');
  }
  const pathOf = messageTemplate((url.pathname + url.search).replaceAll(STAND_IN, MESSAGE));
  const bodyOf = body === undefined ? undefined : messageTemplate(fill(body, places));
  const headers = headersOf(post, places);
  const pool = new Pool(url.origin, {
    connections: CONNECTIONS,
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
  });
  const sendings = new Sendings();

  const postOne = async (message: string): Promise<void> => {
    const answer = await pool.request({
      method: method as 'POST',
      path: pathOf(message),
      headers,
      body: bodyOf?.(message) ?? null,
    });
    const { statusCode } = answer;
    await answer.body.dump();
    if (statusCode < 200 || statusCode > 299) {
      throw new Error(`the server answered ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim());
    }
  };
  return {
    send: (message) => sendings.add(postOne(message.toString('latin1'))),
    settle: (timeoutMs) => sendings.settle(timeoutMs),
    close: () => pool.destroy(),
  };
}

/** What the body looks like, where the file does not say what it is. */
function headersOf({ headers, body }: TargetPost, places: Places): Record<string, string> {
  const given = fillAll(headers, places);
  if (
    body === undefined ||
    Object.keys(given).some((name) => name.toLowerCase() === 'content-type')
  )
    return given;
  return { ...given, 'content-type': contentTypeOf(body.replaceAll(MESSAGE, '')) };
}
