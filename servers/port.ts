/** Where one transport reports its connections: the hub's side of it, with the rules for what comes in. */

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { NS_PER_MS } from '../core/clock.ts';
import type {
  Admission,
  Attendance,
  Connection,
  Frame,
  Host,
  PushEvent,
  Visit,
} from '../core/transport.ts';
import type { Gatekeeper } from './admission.ts';
import type { Hub } from './hub.ts';
import { isAt } from './json-text.ts';
import type { Operator } from './operator.ts';
import type { Encoder, Session } from './session.ts';
import { TokenBucket } from './token-bucket.ts';

export interface Rates {
  /** Messages per second of one session, over its connection and beside it; 0: as many as it likes. */
  readonly perSession: number;
  readonly burst: number;
}

export interface PortServices {
  readonly hub: Hub;
  readonly gatekeeper: Gatekeeper;
  readonly operator: Operator;
  readonly rates: Rates;
  readonly clock: () => number;
  /** Lets somebody look at what passes over a session's connection. */
  readonly watch: (session: Session, connection: Connection) => Connection;
}

export class Port implements Host, Encoder {
  readonly feeds: readonly string[];
  readonly messageLimitBytes: number;
  /** Set when the transport has been attached. */
  encode: (event: PushEvent) => Frame = () => ({ bytes: Buffer.alloc(0), binary: false });
  private readonly services: PortServices;

  constructor(services: PortServices, feeds: readonly string[], messageLimitBytes: number) {
    this.services = services;
    this.feeds = feeds;
    this.messageLimitBytes = messageLimitBytes;
  }

  admit(request: IncomingMessage): Admission {
    return this.services.gatekeeper.admit(request);
  }

  admitQuery(query: string, address: string): Admission {
    return this.services.gatekeeper.admitQuery(query, address);
  }

  refused(status: number): void {
    this.services.gatekeeper.count(status);
  }

  open(connection: Connection, visit: Visit): Attendance {
    const { hub, gatekeeper, watch } = this.services;
    const leave = gatekeeper.enter(visit.address);
    const session = hub.open(connection, visit, this);
    if (session.connection === connection) session.connection = watch(session, connection);
    return new Seat(this.services, session, session.connection ?? connection, leave);
  }
}

const OPERATION = Buffer.from('{"op":');

/** One connection of a session. A session that comes back has another. */
class Seat implements Attendance {
  private readonly services: PortServices;
  private readonly session: Session;
  private readonly connection: Connection;
  private readonly leave: () => void;

  constructor(services: PortServices, session: Session, connection: Connection, leave: () => void) {
    this.services = services;
    this.session = session;
    this.connection = connection;
    this.leave = leave;
  }

  received(message: Buffer, kind: Parameters<Attendance['received']>[1]): void {
    const { session, services } = this;
    const { hub, operator } = services;
    if (session.connection !== this.connection || session.state === 'closing') return;
    hub.counters.upstream += 1;
    if (overRate(session, services) > 0) {
      hub.expel(session, 'policy');
      return;
    }
    if (kind === 'binary') {
      hub.publish({ data: Buffer.from(message), kind: 'binary', event: 'binary' });
    } else if (kind === 'text' && !isUtf8(message)) {
      hub.expel(session, 'malformed');
    } else if (!isAt(message, 0, OPERATION)) {
      // The bytes belong to the caller; a session's socket may keep what it is given.
      hub.broadcast(Buffer.from(message));
    } else {
      const outcome = operator.carryOut(session, message);
      if (outcome.status === 400 && outcome.malformed === true) hub.expel(session, 'malformed');
      else if (outcome.status >= 400) {
        const { status, says = '' } = outcome;
        hub.tell(session, 'refused', JSON.stringify({ status, says }));
      }
    }
  }

  closed(broke?: 'malformed' | 'too-big'): void {
    const { hub } = this.services;
    this.leave();
    if (broke !== undefined) hub.counters.expelled[broke] += 1;
    hub.closed(this.session, this.connection);
  }
}

/** @returns 0 when the session may send one more message, or the ms until it may */
export function overRate(session: Session, { rates, clock }: PortServices): number {
  if (rates.perSession === 0) return 0;
  const now = clock() / NS_PER_MS;
  session.bucket ??= new TokenBucket(rates.perSession, rates.burst, now);
  return session.bucket.take(now);
}
