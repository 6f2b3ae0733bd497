/** One connection that comes back when it is cut. Two implementations: what differs between them is the demo. */
import type { PushedEvent } from './pushed-event.ts';

export type LinkState = 'connecting' | 'open' | 'waiting' | 'closed';

export interface LinkListener {
  /** @param says what the page can tell about it, for people */
  state(state: LinkState, says: string): void;
  event(event: PushedEvent): void;
}

/** What came of sending an operation, as far as one can know. */
export interface Sent {
  readonly ok: boolean;
  readonly says: string;
}

export interface Link {
  /** Known from `welcome` on. */
  readonly session: string | undefined;
  open(): void;
  /** Sends an operation up: what a one-way stream needs a POST for is a frame elsewhere. */
  send(operation: Readonly<Record<string, unknown>>): Promise<Sent>;
  /** Hears this room too, from now on and after every reconnect. */
  join(room: string): Promise<Sent>;
}

const FIRST_ROOMS = ['main', 'clock', 'ticker'];

/** What a link has to know to come back as who it was. */
export class Identity {
  session: string | undefined;
  lastEventId = '';
  readonly rooms: Set<string> = new Set(FIRST_ROOMS);

  /** Query of a connection. @param resume whether to come back, rather than to begin */
  query(resume: boolean): [string, string][] {
    const rooms = [...this.rooms].map((room): [string, string] => ['room', room]);
    if (!resume || this.session === undefined) return [...rooms, ['session', 'new']];
    const last: [string, string][] =
      this.lastEventId === '' ? [] : [['last_event_id', this.lastEventId]];
    return [...rooms, ['session', this.session], ...last];
  }
}
