/** The first event of a client that asked for an identity: it is not open before it has one. */
import type { ConnectOptions, Sink } from '../../core/transport.ts';

/** Whether the server will send a `welcome`, which the client waits for. */
export function asksForIdentity({ query }: ConnectOptions): boolean {
  return query !== undefined && /(^|&)session=/.test(query);
}

/** Takes the welcome out of what comes in, and passes everything else on. */
export function expectWelcome(sink: Sink, onWelcome: (session: string) => void): Sink {
  return {
    message(client, bytes, start, end, receivedAt, event, id) {
      if (event !== 'welcome') {
        sink.message(client, bytes, start, end, receivedAt, event, id);
        return;
      }
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
      const { session } = JSON.parse(text) as { session: string };
      onWelcome(session);
    },
    closed: (client, cause) => sink.closed(client, cause),
  };
}
