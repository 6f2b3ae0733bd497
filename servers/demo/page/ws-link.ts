/**
 * The browser's own WebSocket. It never reconnects by itself: the page does, with exponential back-off and
 * full jitter, and says in the URL who it was and what it has seen.
 */
import { addressOf } from './address.ts';
import { backOffMs, retryIn } from './back-off.ts';
import type { Link, LinkListener } from './link.ts';
import { Identity } from './link.ts';
import { fieldOf, fromBinaryFrame, fromTextFrame, jsonOf } from './pushed-event.ts';

export function createWsLink(listener: LinkListener): Link {
  const identity = new Identity();
  let attempt = 0;
  let socket: WebSocket | undefined;

  function connect(): void {
    const url = addressOf('/ws', identity.query(true));
    url.protocol = url.protocol.replace('http', 'ws');
    socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    listener.state('connecting', 'connecting');
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      const event = typeof data === 'string' ? fromTextFrame(data) : fromBinaryFrame(data);
      if (event.id !== '') identity.lastEventId = event.id;
      if (event.name === 'welcome') {
        const session = fieldOf(jsonOf(event.text), 'session');
        if (typeof session === 'string') identity.session = session;
      }
      listener.event(event);
    });
    socket.addEventListener('open', () => {
      attempt = 0;
      listener.state('open', 'open');
    });
    // A refusal and a server that is gone look the same: a browser does not say what a page was answered.
    socket.addEventListener('close', ({ code, reason }) => {
      const waitMs = backOffMs(attempt, retryIn(reason));
      attempt += 1;
      setTimeout(connect, waitMs);
      listener.state(
        'waiting',
        `closed (${code}); the page tries again in ${Math.round(waitMs)} ms`,
      );
    });
  }

  function send(operation: Readonly<Record<string, unknown>>) {
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.resolve({ ok: false, says: 'not connected now' });
    }
    // `op` comes first, by which the server tells an operation from data.
    socket.send(JSON.stringify(operation));
    return Promise.resolve({ ok: true, says: 'frame sent' });
  }

  return {
    get session() {
      return identity.session;
    },
    open: connect,
    send,
    join(room) {
      identity.rooms.add(room);
      return send({ op: 'join', room });
    },
  };
}
