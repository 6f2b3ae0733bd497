/** SSE as an application would receive it: undici's EventSource. For cross-checking the lean client. */
import type { Client, Connect } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';
import { asksForIdentity, expectWelcome } from '../lean/welcome.ts';
import { sendBeside } from './client.ts';

/** An EventSource tells an event only to those who know its name. */
const NAMES = ['message', 'welcome', 'gap', 'answer', 'part', 'ask', 'refused', 'pong', 'binary'];

export const connectSseLibrary: Connect = async (options) => {
  const { EventSource, Agent } = await import('undici');
  const { endpoint, client, clock, timeoutMs, query } = options;
  const { host, port, path, tls } = endpoint;
  return new Promise((resolve, reject) => {
    const url = `${tls === undefined ? 'http' : 'https'}://${host}:${port}${path}`;
    const source = new EventSource(query === undefined ? url : `${url}?${query}`, {
      ...(tls === undefined
        ? {}
        : { node: { dispatcher: new Agent({ connect: { ca: tls.ca } }) } }),
    });
    let open = false;
    let session: string | undefined;
    const timer = setTimeout(() => {
      source.close();
      reject(new HandshakeError(`no answer within ${timeoutMs} ms`));
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
      if (open) sink.closed(client, 'EventSource reported an error');
      else reject(new HandshakeError('EventSource could not connect'));
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
