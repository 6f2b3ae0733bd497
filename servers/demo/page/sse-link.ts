/**
 * The browser's own EventSource. After a cut it reconnects by itself, to the URL it was made with, and
 * says in `Last-Event-ID` what it has seen. So what was missed comes back, but the URL still says
 * `session=new`: the session that comes back is another one. A page that wants to be the same session has
 * to open a new EventSource with another URL, as is done here when `keepsSession` says so.
 */
import { addressOf, post } from './address.ts';
import { backOffMs } from './back-off.ts';
import type { Link, LinkListener, Sent } from './link.ts';
import { Identity } from './link.ts';
import { fieldOf, fromStream, jsonOf } from './pushed-event.ts';

/** EventSource dispatches an event only to those who listen for its name. */
const NAMES = [
  ...['message', 'time', 'quote', 'welcome', 'gap', 'answer', 'part', 'ask', 'refused'],
  ...['pong', 'binary'],
];

export function createSseLink(listener: LinkListener, keepsSession: () => boolean): Link {
  const identity = new Identity();
  let attempt = 0;
  /** Rooms in the URL, which a running EventSource cannot change. */
  let roomsInUrl: ReadonlySet<string> = new Set();

  function connect(resume: boolean): void {
    roomsInUrl = new Set(identity.rooms);
    const source = new EventSource(addressOf('/events', identity.query(resume)));
    listener.state('connecting', 'connecting');
    // A new EventSource knows of no earlier event; a running one keeps the id when it reconnects.
    let lastSeen = '';
    for (const name of NAMES) {
      source.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
        const id = lastEventId === lastSeen ? '' : lastEventId;
        lastSeen = lastEventId;
        if (id !== '') identity.lastEventId = id;
        if (name === 'welcome') welcome(data);
        listener.event(fromStream(name, id, data));
      });
    }
    source.addEventListener('open', () => {
      attempt = 0;
      listener.state('open', 'open');
    });
    source.addEventListener('error', () => {
      const refused = source.readyState === EventSource.CLOSED;
      if (keepsSession()) {
        source.close();
        const waitMs = backOffMs(attempt);
        attempt += 1;
        setTimeout(() => connect(true), waitMs);
        listener.state('waiting', `the page opens a new one in ${Math.round(waitMs)} ms`);
      } else if (refused) {
        listener.state('closed', 'refused, and EventSource never tries again; reload the page');
      } else listener.state('waiting', 'the browser reconnects by itself');
    });
  }

  function welcome(data: string): void {
    const session = fieldOf(jsonOf(data), 'session');
    if (typeof session === 'string') identity.session = session;
    // What was joined later is not in the URL of an EventSource that has reconnected by itself.
    for (const room of identity.rooms) if (!roomsInUrl.has(room)) void send({ op: 'join', room });
  }

  async function send(operation: Readonly<Record<string, unknown>>): Promise<Sent> {
    if (identity.session === undefined) return { ok: false, says: 'not connected yet' };
    const { status, text } = await post(`/sessions/${identity.session}/send`, operation);
    const ok = status >= 200 && status < 300;
    return { ok, says: ok ? `POST answered ${status}` : `POST answered ${status}: ${text}` };
  }

  return {
    get session() {
      return identity.session;
    },
    open: () => connect(false),
    send,
    join(room) {
      identity.rooms.add(room);
      return send({ op: 'join', room });
    },
  };
}
