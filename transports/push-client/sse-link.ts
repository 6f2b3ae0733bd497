/** A link over SSE: what comes down is a stream, what goes up are POSTs beside it. */
import type { Dispatcher } from 'undici';
import { SseParser } from '../sse/parser.ts';
import { eventOfStream } from './incoming.ts';
import type { LinkEnd, LinkEvents, LinkRequest, OpenLink } from './link.ts';
import { newAgent } from './poster.ts';
import { contentTypeOf, isUnreachable, refusalEnd, troubleOf } from './refusal.ts';

export const openSseLink: OpenLink = (request, events) => {
  const abort = new AbortController();
  const stream = readStream(request, events, abort.signal);
  const closed = stream.then((end) => {
    if (!abort.signal.aborted) events.ended(end);
  });
  return {
    confirms: true,
    async send(operation, session) {
      await request.post(
        `/sessions/${encodeURIComponent(session)}/send`,
        'application/json',
        operation,
      );
    },
    close() {
      abort.abort();
      return closed;
    },
    destroy: () => abort.abort(),
  };
};

/** Never rejects. */
async function readStream(
  { url, headers, ca, onWire }: LinkRequest,
  events: LinkEvents,
  signal: AbortSignal,
): Promise<LinkEnd> {
  const agent = await newAgent(0, ca);
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: { ...headers, accept: 'text/event-stream', 'cache-control': 'no-cache' },
      // A stream may be silent for as long as it likes; who connects has a limit of his own for the head.
      bodyTimeout: 0,
      signal,
    });
    const type = contentTypeOf(answer.headers);
    if (answer.statusCode !== 200 || !/^text\/event-stream\s*(;|$)/i.test(type)) {
      return refusalEnd(answer.statusCode, answer.headers, await answer.body.text());
    }
    return await readEvents(answer.body, events, onWire, signal);
  } catch (error) {
    return { kind: isUnreachable(error) ? 'unreachable' : 'cut', says: troubleOf(error) };
  } finally {
    await agent.destroy();
  }
}

async function readEvents(
  body: Dispatcher.ResponseData['body'],
  events: LinkEvents,
  onWire: LinkRequest['onWire'],
  signal: AbortSignal,
): Promise<LinkEnd> {
  let lastId = '';
  const parser: SseParser = new SseParser({
    event(bytes, start, end) {
      if (signal.aborted) return;
      const { eventName, lastEventId } = parser;
      // The id persists from event to event: one that has none of its own shows that of the last one.
      const id = lastEventId === lastId ? '' : lastEventId;
      lastId = lastEventId;
      const data = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
      events.event(eventOfStream(eventName, id, data));
    },
  });
  const decoder = new TextDecoder();
  let says = 'the server ended the stream';
  try {
    for await (const piece of body) {
      const bytes: Buffer = piece;
      events.alive();
      onWire?.(decoder.decode(bytes, { stream: true }));
      parser.feed(bytes, 0, bytes.length, 0);
    }
  } catch (error) {
    says = troubleOf(error);
  }
  return { kind: 'cut', says, retryMs: parser.retryMs };
}
