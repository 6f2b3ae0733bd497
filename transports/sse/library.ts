/** SSE as an application would receive it: undici's EventSource. For cross-checking the lean client. */
import type { Dispatcher } from 'undici';
import type { Client, Connect } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';
import type { Answer } from '../handshake-trouble.ts';
import {
  brokenOff,
  EVENT_STREAM,
  isEventStream,
  tooSlow,
  unexpectedAnswer,
} from '../handshake-trouble.ts';
import { asksForIdentity, expectWelcome } from '../lean/welcome.ts';
import { sendBeside } from './client.ts';

/** An EventSource tells an event only to those who know its name. */
const NAMES = ['message', 'welcome', 'gap', 'answer', 'part', 'ask', 'refused', 'pong', 'binary'];

export const connectSseLibrary: Connect = async (options) => {
  const { EventSource, Agent, getGlobalDispatcher } = await import('undici');
  const { endpoint, client, clock, timeoutMs, query } = options;
  const { host, port, path, tls } = endpoint;
  return new Promise((resolve, reject) => {
    const url = `${tls === undefined ? 'http' : 'https'}://${host}:${port}${path}`;
    const seen: Seen = { asked: false, answer: undefined, trouble: undefined };
    const agent =
      tls === undefined ? getGlobalDispatcher() : new Agent({ connect: { ca: tls.ca } });
    const source = new EventSource(query === undefined ? url : `${url}?${query}`, {
      node: { dispatcher: agent.compose(watch(seen)) },
    });
    let open = false;
    let session: string | undefined;
    const timer = setTimeout(() => {
      source.close();
      const { answer, asked } = seen;
      const isOpen = isEventStream(answer?.headers.type);
      // It may be on its way along redirects that have no end.
      if (answer !== undefined && !isOpen) reject(unexpectedAnswer(EVENT_STREAM, answer));
      const stage = isOpen ? 'unnamed' : asked ? 'asking' : 'connecting';
      reject(tooSlow(stage, `${host}:${port}`, timeoutMs));
    }, timeoutMs);
    const opened = (): void => {
      open = true;
      clearTimeout(timer);
      resolve(connection);
    };
    const identified = asksForIdentity(options);
    const sink = identified
      ? expectWelcome(options.sink, (given) => {
          session = given;
          opened();
        })
      : options.sink;
    if (!identified) source.onopen = opened;
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        const receivedAt = clock();
        const { data, lastEventId } = event as { data?: unknown; lastEventId?: unknown };
        const bytes = Buffer.from(String(data), name === 'binary' ? 'base64' : 'utf8');
        const id = typeof lastEventId === 'string' ? lastEventId : '';
        sink.message(
          client,
          bytes,
          0,
          bytes.length,
          receivedAt,
          name === 'message' ? '' : name,
          id,
        );
      });
    }
    source.onerror = () => {
      // An EventSource reconnects by itself; in a trial that would hide the loss, so it is ended here.
      source.close();
      clearTimeout(timer);
      if (open) sink.closed(client, seen.trouble ?? 'EventSource reported an error');
      else reject(refusalOf(seen));
    };
    const connection: Client = {
      bytesRead: undefined,
      get session() {
        return session;
      },
      send: (message) => sendBeside(options, session, sink, message),
      // EventSource offers no way to stop reading; the callers check for `lean` before they pause.
      pause: () => undefined,
      resume: () => undefined,
      close: () => source.close(),
    };
  });
};

/** What an EventSource does not tell, seen on its way through the dispatcher. */
interface Seen {
  /** The connection is there, and the request on its way. */
  asked: boolean;
  answer: Answer | undefined;
  trouble: string | undefined;
}

function refusalOf({ answer, trouble }: Seen): HandshakeError {
  if (trouble !== undefined) return brokenOff(trouble);
  if (answer === undefined) return new HandshakeError('EventSource could not connect');
  return unexpectedAnswer(EVENT_STREAM, answer);
}

/** Passes everything on. */
function watch(seen: Seen): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart(controller, context) {
        seen.asked = true;
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart(controller, status, headers, statusText) {
        const text = (name: string): string | undefined => headers[name]?.toString();
        seen.answer = {
          status,
          ...(statusText === undefined ? {} : { statusText }),
          headers: {
            type: text('content-type'),
            location: text('location'),
            retryAfter: text('retry-after'),
          },
        };
        handler.onResponseStart?.(controller, status, headers, statusText);
      },
      onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError(controller, error) {
        seen.trouble = error.message;
        handler.onResponseError?.(controller, error);
      },
    });
}
