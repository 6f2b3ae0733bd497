/** SSE as an application would receive it: undici's EventSource. For cross-checking the lean client. */
import type { Client, Connect } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';
import { postUpstream } from './client.ts';

export const connectSseLibrary: Connect = async (options) => {
  const { EventSource } = await import('undici');
  const { endpoint, sink, client, clock, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const source = new EventSource(`http://${endpoint.host}:${endpoint.port}${endpoint.path}`);
    let open = false;
    const timer = setTimeout(() => {
      source.close();
      reject(new HandshakeError(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    source.onopen = () => {
      open = true;
      clearTimeout(timer);
      resolve(connection);
    };
    source.onmessage = (event) => {
      const receivedAt = clock();
      const bytes = Buffer.from(String(event.data), 'utf8');
      sink.message(client, bytes, 0, bytes.length, receivedAt);
    };
    source.onerror = () => {
      // An EventSource reconnects by itself; in a trial that would hide the loss, so it is ended here.
      source.close();
      clearTimeout(timer);
      if (open) sink.closed(client, 'EventSource reported an error');
      else reject(new HandshakeError('EventSource could not connect'));
    };
    const connection: Client = {
      bytesRead: undefined,
      handshakeBytes: undefined,
      send: (message) => postUpstream(options, message),
      // EventSource offers no way to stop reading; the callers check for `lean` before they pause.
      pause: () => undefined,
      resume: () => undefined,
      close: () => source.close(),
    };
  });
};
