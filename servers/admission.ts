/** Whether a connection is let in: who asks, what for, and whether there is room. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Admission } from '../core/transport.ts';
import type { Access } from './access.ts';
import type { Hub } from './hub.ts';
import { nameProblem } from './names.ts';
import { MAIN_ROOM } from './rooms.ts';

export interface AdmissionLimits {
  /** Sessions at the same time, in all and from one address. */
  readonly maxSessions: number;
  readonly maxPerAddress: number;
  readonly maxRooms: number;
  /** The only rooms there are, beside `main`; undefined: whatever room is asked for. */
  readonly rooms: readonly string[] | undefined;
}

export interface AdmissionCounters {
  /** Refused connections and requests, by status. */
  readonly refused: Map<number, number>;
}

/** When it may be better, s: how long to wait before asking a full or draining server again. */
const RETRY_AFTER_S = 5;

export class Gatekeeper {
  readonly counters: AdmissionCounters = { refused: new Map() };
  readonly access: Access;
  private readonly hub: Hub;
  private readonly limits: AdmissionLimits;
  private readonly feeds: readonly string[];
  private readonly log: Logger | undefined;
  private readonly perAddress = new Map<string, number>();

  constructor(
    hub: Hub,
    access: Access,
    limits: AdmissionLimits,
    feeds: readonly string[],
    log: Logger | undefined,
  ) {
    this.hub = hub;
    this.access = access;
    this.limits = limits;
    this.feeds = feeds;
    this.log = log;
  }

  /** Why a request that is no connection may not be served; undefined when it may. */
  check({ headers, url = '/' }: IncomingMessage): ReturnType<Access['check']> {
    if (this.access.asksForNoToken && headers.origin === undefined) return undefined;
    const at = url.indexOf('?');
    const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    const refusal = this.access.check({ headers, query });
    if (refusal !== undefined) this.count(refusal.status, refusal.says);
    return refusal;
  }

  admit(request: IncomingMessage): Admission {
    const { headers, url = '/' } = request;
    const at = url.indexOf('?');
    const query = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    const resumed = headers['last-event-id'];
    if (typeof resumed === 'string') query.set('last_event_id', resumed);
    const path = at < 0 ? url : url.slice(0, at);
    const feed = path.slice(path.lastIndexOf('/') + 1);
    if (this.feeds.includes(feed)) query.append('room', feed);
    return this.decide(query, headers, request.socket.remoteAddress ?? '');
  }

  admitQuery(query: string, address: string): Admission {
    return this.decide(new URLSearchParams(query), {}, address);
  }

  private decide(query: URLSearchParams, headers: IncomingHttpHeaders, address: string): Admission {
    const cors = this.access.corsHeaders(headers.origin);
    const refusal = this.access.check({ headers, query });
    if (refusal !== undefined) {
      return this.refuse(refusal.status, refusal.says, { ...cors, ...refusal.headers });
    }
    if (!this.hub.isOpen) return this.refuse(503, 'the server is shutting down', cors);
    const session = query.get('session') ?? undefined;
    const known = session === undefined ? undefined : this.hub.book.find(session);
    if (known?.connection === undefined && this.hub.sessions.size >= this.limits.maxSessions) {
      return this.refuse(503, 'the server is full', cors);
    }
    if (
      known?.connection === undefined &&
      (this.perAddress.get(address) ?? 0) >= this.limits.maxPerAddress
    ) {
      return this.refuse(429, 'too many connections from this address', cors);
    }
    const rooms = query.getAll('room');
    const keys = query.getAll('key');
    const problem =
      this.roomsProblem(rooms) ??
      keys.map((key) => nameProblem('key', key)).find((one) => one !== undefined) ??
      (session === undefined || session === '' ? undefined : nameProblem('id', session));
    if (problem !== undefined) return this.refuse(400, problem, cors);
    const unknown = rooms.find((room) => !this.isRoom(room));
    if (unknown !== undefined) return this.refuse(404, `there is no room '${unknown}'`, cors);
    return {
      ok: true,
      headers: cors,
      visit: {
        address,
        rooms,
        keys,
        session,
        // Whatever it is, it may be told in a gap of each room; ours are shorter.
        lastEventId: query.get('last_event_id')?.slice(0, 64),
        history: historyOf(query.get('history')),
      },
    };
  }

  /** What is wrong with the names, or with their number. */
  roomsProblem(rooms: readonly string[]): string | undefined {
    const wrong = rooms.map((room) => nameProblem('room', room)).find((one) => one !== undefined);
    if (wrong !== undefined) return wrong;
    const { maxRooms } = this.limits;
    const fresh = rooms.filter((room) => this.hub.rooms.find(room) === undefined).length;
    return this.hub.rooms.size + fresh > maxRooms
      ? `there are ${maxRooms} rooms already`
      : undefined;
  }

  isRoom(name: string): boolean {
    const { rooms } = this.limits;
    if (rooms === undefined || name === MAIN_ROOM) return true;
    return rooms.includes(name) || this.feeds.includes(name);
  }

  /** Counts the connections of an address. @returns undoes it */
  enter(address: string): () => void {
    if (this.limits.maxPerAddress === Number.POSITIVE_INFINITY) return () => undefined;
    this.perAddress.set(address, (this.perAddress.get(address) ?? 0) + 1);
    return () => {
      const left = (this.perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.perAddress.delete(address);
      else this.perAddress.set(address, left);
    };
  }

  /** Counts a refusal, and logs it. */
  count(status: number, says = ''): void {
    this.log?.warn({ status, says }, 'refused');
    this.counters.refused.set(status, (this.counters.refused.get(status) ?? 0) + 1);
  }

  private refuse(
    status: number,
    says: string,
    headers: Readonly<Record<string, string>>,
  ): Admission {
    this.count(status, says);
    const retry = status === 503 || status === 429 ? { 'Retry-After': String(RETRY_AFTER_S) } : {};
    return {
      ok: false,
      status,
      says,
      headers: { 'Content-Type': 'text/plain', ...headers, ...retry },
    };
  }
}

/** Messages of the past that are wanted: 'all', a number, or none. */
function historyOf(text: string | null): number {
  if (text === 'all') return Number.MAX_SAFE_INTEGER;
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
