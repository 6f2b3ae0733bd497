/**
 * The core of the push server, the same for every transport: who is connected, who hears what, one
 * encoding per message and transport, what happens to who reads too slowly, and who is sent a heartbeat.
 * It knows no protocol and no application.
 */
import { NS_PER_MS } from '../core/clock.ts';
import type { CloseReason, Connection, Frame, PushEvent, Visit } from '../core/transport.ts';
import { Departures } from './departures.ts';
import { Gate } from './gate.ts';
import { Heartbeats } from './heartbeats.ts';
import type { HubOptions, Publication } from './hub-options.ts';
import { startCounting } from './hub-options.ts';
import { Lifetimes } from './lifetimes.ts';
import { checkEventName } from './names.ts';
import { whenRoomsReady } from './readiness.ts';
import { Replayer } from './replayer.ts';
import { hintRetry } from './retry-hint.ts';
import type { Room } from './room.ts';
import { frameFor } from './room.ts';
import { MAIN_ROOM, Rooms } from './rooms.ts';
import type { Encoder, Session } from './session.ts';
import { SessionBook } from './session-book.ts';
import { SlowSessions } from './slow-sessions.ts';

/** How often lifetimes, ages and slow sessions are looked at, ms. */
const HOUSEKEEPING_MS = 250;

export class Hub {
  /** Those with a connection. */
  readonly sessions = new Set<Session>();
  readonly book: SessionBook;
  readonly rooms: Rooms;
  readonly counters = startCounting();
  private readonly options: HubOptions;
  private readonly gate: Gate<Publication>;
  private readonly slow: SlowSessions;
  private readonly replayer: Replayer;
  readonly heartbeats: Heartbeats;
  private readonly lifetimes: Lifetimes;
  private readonly departures = new Departures();
  private readonly housekeeping: NodeJS.Timeout | undefined;
  /** Number of the last message that was kept in any room. */
  private lastNumber = 0;
  private state: 'open' | 'draining' | 'ending' = 'open';

  constructor(options: HubOptions) {
    this.options = options;
    this.book = new SessionBook(options.membership);
    this.rooms = new Rooms(options.replay, options.away, options.membership);
    this.gate = new Gate(options.blockMs, options.clock, (held) => this.publish(held));
    this.slow = new SlowSessions(options, this.counters, this.gate, (session) =>
      this.expel(session, 'slow'),
    );
    this.replayer = new Replayer({
      encodeId: (number) => this.book.eventId(number),
      counters: this.counters,
      caughtUp: (session) => {
        if (session.state === 'replaying') session.state = 'live';
      },
      now: options.clock,
    });
    this.heartbeats = new Heartbeats(options, (session) => this.expel(session, 'silent'));
    this.lifetimes = new Lifetimes(options);
    const remembers = options.replay.count > 0 || options.lingerMs > 0;
    if (remembers || options.lifetimeMs > 0 || options.policy === 'disconnect') {
      this.housekeeping = setInterval(() => this.keepHouse(), HOUSEKEEPING_MS);
      this.housekeeping.unref();
    }
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Takes a connection in: as a new session, or as one that was here before. */
  open(connection: Connection, visit: Visit, encoder: Encoder): Session {
    const known = this.book.find(visit.session);
    const session = known ?? this.book.begin(visit, encoder);
    if (known === undefined) this.counters.opened += 1;
    else this.comeBack(known, encoder);
    session.connection = connection;
    session.state = 'live';
    this.lifetimes.begin(session);
    this.sessions.add(session);
    this.heartbeats.add(session);
    if (visit.keys.length > 0) session.keys = new Set(visit.keys);
    const before = known === undefined ? [MAIN_ROOM] : known.rooms.map(({ name }) => name);
    session.rooms = [];
    for (const name of visit.rooms.length > 0 ? visit.rooms : before) {
      this.rooms.enter(session, this.rooms.get(name));
    }
    const history = known === undefined ? visit.history : 0;
    const { retryMs = 0, random } = this.options;
    hintRetry(connection, retryMs, random, (event, data) => this.tell(session, event, data));
    // Who has seen no event yet has no id to name: what came since it left is what it missed.
    const leftAt = known === undefined ? undefined : this.book.eventId(known.leftAt);
    this.replay(session, visit.lastEventId ?? leftAt, history, (replay) => {
      if (session.id === undefined) return;
      const welcome = { session: session.id, resumed: known !== undefined, replay };
      this.tell(session, 'welcome', JSON.stringify(welcome));
    });
    this.options.onEvent?.({ kind: known === undefined ? 'opened' : 'resumed', session });
    if (this.state === 'ending') this.end(session, 'going-away');
    return session;
  }

  /** The connection is gone. One that was replaced by a newer one of its session has no say any more. */
  closed(session: Session, connection: Connection): void {
    this.counters.closedBytes += connection.bytesWritten;
    if (session.connection !== connection) return;
    this.detach(session);
    if (this.mayReturn(session)) {
      this.book.linger(session, this.options.lingerMs, () => this.forget(session));
    } else this.forget(session);
    if (this.sessions.size === 0) this.departures.done();
  }

  /** Sends one message to everybody in the main room. */
  broadcast(data: Buffer, kind: PushEvent['kind'] = 'text'): void {
    this.publish({ data, kind });
  }

  /**
   * Sends a message to a room. It is encoded once per transport, whatever the number of sessions.
   * @throws RangeError for an event whose name would break out of its field
   */
  publish(publication: Publication): void {
    checkEventName(publication.event);
    // A write behind the end of a stream would cut off what is still buffered before it.
    if (this.state === 'ending') return;
    const { membership } = this.options;
    if (membership !== undefined && publication.number === undefined) {
      membership.publish(publication);
      return;
    }
    if (this.gate.isShut) {
      this.gate.hold(publication);
      return;
    }
    this.counters.published += 1;
    const { room: name = MAIN_ROOM } = publication;
    const keeps = membership === undefined && this.options.replay.count > 0;
    const room = keeps ? this.rooms.get(name) : this.rooms.find(name);
    // What comes before a room has been filled is a part of what it will be filled with.
    if (room?.isReady === true) this.publishIn(room, publication);
  }

  private publishIn(room: Room, publication: Publication): void {
    const { event = '', key = '', data, kind } = publication;
    if (room.ring !== undefined) this.lastNumber = publication.number ?? this.lastNumber + 1;
    const number = this.lastNumber;
    const id = room.ring === undefined ? '' : this.book.eventId(number);
    const push: PushEvent = { event, id, data, kind };
    const frames = new Map<Encoder, Frame>();
    let encoder: Encoder | undefined;
    let frame: Frame | undefined;
    for (const session of room.sessions) {
      // It follows the ring, and this message with it.
      if (session.state === 'replaying' && room.ring !== undefined) continue;
      if (!session.wants(key)) continue;
      if (frame === undefined || session.encoder !== encoder) {
        encoder = session.encoder;
        frame = frameFor(encoder, push, frames);
      }
      this.deliver(session, frame, key);
    }
    const at = this.options.clock() / NS_PER_MS;
    room.ring?.push({ number, bytes: data.length, at, key, push, frames });
  }

  /** Writes a frame to one session, or leaves it to the policy for those that hold back. */
  deliver(session: Session, frame: Frame, key: string): void {
    const { state } = session;
    if (state === 'live') this.slow.write(session, frame);
    else if (state === 'congested') this.slow.offer(session, frame, key);
    else if (state === 'replaying') this.slow.interpose(session, frame);
    else this.slow.drop('gone');
  }

  /**
   * Sends an event to one session only, past whatever is being replayed to it.
   * @returns false when the session holds back: who has more to say should wait for `drained`
   */
  tell(
    session: Session,
    event: string,
    data: Buffer | string,
    kind: PushEvent['kind'] = 'json',
  ): boolean {
    const { state } = session;
    if (state === 'away' || state === 'closing') {
      if (this.mayReturn(session)) this.publishIn(this.own(session), { event, data, kind });
      else this.slow.drop('gone');
      return true;
    }
    if (state !== 'live' && session.bufferedBytes > this.options.bufferLimitBytes) {
      this.slow.drop('newest');
      return false;
    }
    return this.slow.write(session, session.encoder.encode({ event, id: '', data, kind }));
  }

  /** A direct message: kept for the session while it is away, where sessions may be away. */
  message(session: Session, publication: Publication): void {
    checkEventName(publication.event);
    this.counters.published += 1;
    const { event = '', data, kind } = publication;
    if (this.mayReturn(session)) this.publishIn(this.own(session), publication);
    else this.tell(session, event, data, kind);
  }

  /** Resolves when the session has drained, or is gone. */
  drained(session: Session): Promise<void> {
    return this.book.drained(session);
  }

  join(session: Session, name: string): void {
    this.enter(session, this.rooms.get(name));
  }

  /** @returns false when it was not in there */
  leave(session: Session, name: string): boolean {
    return this.rooms.leave(session, name);
  }

  /**
   * Replays to a session what followed an event that it has seen, as if it had just come back.
   * @returns false when it does not read what it has been sent already
   */
  resume(session: Session, lastEventId: string): boolean {
    if (session.state === 'congested' && session.bufferedBytes === 0) this.slow.recovered(session);
    const { state } = session;
    // Gaps are told at once: who asks on and on without reading would be buffered for without end.
    const isSlow = state === 'congested' || session.bufferedBytes > this.options.bufferLimitBytes;
    if (!isSlow && (state === 'live' || state === 'replaying'))
      this.replay(session, lastEventId, 0);
    return !isSlow;
  }

  /** Ends a session's connection for a reason of the server, which is told where that is possible. */
  expel(session: Session, reason: CloseReason, retryMs?: number): void {
    const { connection } = session;
    if (connection === undefined || session.state === 'closing') return;
    this.counters.expelled[reason] += 1;
    this.options.onEvent?.({ kind: 'expelled', session, why: reason });
    this.retire(session);
    this.departures.farewell(connection, reason, retryMs);
  }

  get bufferedBytes(): number {
    return this.slow.bufferedBytes;
  }

  get bytesWritten(): number {
    let sum = this.counters.closedBytes;
    for (const { connection } of this.sessions) sum += connection?.bytesWritten ?? 0;
    return sum;
  }

  /** Time that publishing stood still for slow sessions, ns. */
  get blockedNs(): number {
    return this.gate.blockedNs;
  }

  /** Deliveries left out, for whatever reason. */
  get dropped(): number {
    return Object.values(this.counters.drops).reduce((sum, one) => sum + one, 0);
  }

  /**
   * Sends everybody away in batches, each with a time of its own to come back. Resolves when they have
   * gone or the deadline has passed.
   */
  async drain(deadlineMs: number): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'draining';
    this.departures.drain(this.sessions, deadlineMs, this.options.random, (session, retryMs) =>
      this.expel(session, 'restart', retryMs),
    );
    if (this.sessions.size > 0) await this.departures.allGone(deadlineMs);
  }

  /** Asks every session to end, and ends those that have not by the deadline. */
  async close(deadlineMs: number): Promise<void> {
    this.state = 'ending';
    clearInterval(this.housekeeping);
    this.heartbeats.close();
    this.gate.close();
    this.replayer.close();
    this.book.close();
    for (const session of this.sessions) {
      if (session.state !== 'closing') this.end(session, 'going-away');
    }
    if (this.sessions.size > 0) await this.departures.allGone(deadlineMs);
    this.departures.close();
    for (const { connection } of this.sessions) connection?.destroy();
  }

  /** Whoever speaks for a session that still has a connection takes it over: the old one is cut. */
  private comeBack(session: Session, encoder: Encoder): void {
    this.counters.resumed += 1;
    session.linger?.cancel();
    session.encoder = encoder;
    const { connection } = session;
    if (connection === undefined) return;
    this.detach(session);
    // It is often one that is dead, and would never answer.
    this.departures.farewell(connection, 'going-away');
  }

  private detach(session: Session): void {
    this.retire(session);
    session.connection = undefined;
    session.state = 'away';
    this.slow.drop('gone', session.outbox?.length ?? 0);
    session.outbox = undefined;
    session.positions = undefined;
    this.sessions.delete(session);
    this.book.gone(session);
    this.rooms.absent(session);
    this.counters.closed += 1;
    this.options.onEvent?.({ kind: 'closed', session });
  }

  /** A session that is replaying follows the room from here on. */
  private enter(session: Session, room: Room): void {
    if (!room.sessions.has(session)) session.positions?.set(room, this.lastNumber);
    this.rooms.enter(session, room);
  }

  /** The room of a session itself. */
  private own(session: Session): Room {
    const room = this.rooms.own(session);
    this.enter(session, room);
    return room;
  }

  /** Whether it is kept in mind without a connection. */
  private mayReturn(session: Session): boolean {
    if (this.options.lingerMs === 0 || this.state !== 'open') return false;
    return this.book.find(session.id) === session;
  }

  /** It will not come back, or not as the same. */
  private forget(session: Session): void {
    if (session.connection !== undefined) return;
    this.book.remove(session);
    this.rooms.forget(session);
    this.options.onEvent?.({ kind: 'forgotten', session });
  }

  /** Nothing is written to it from now on. */
  private retire(session: Session): void {
    if (session.state !== 'closing') {
      // One that is replaying has been given no more than the room it has followed least.
      session.leftAt = Math.min(this.lastNumber, ...(session.positions?.values() ?? []));
    }
    session.state = 'closing';
    this.slow.remove(session);
    this.heartbeats.remove(session);
  }

  private end(session: Session, reason: CloseReason): void {
    this.retire(session);
    session.connection?.close(reason);
  }

  /** @param onCount is told how many messages follow, before the first of them */
  private replay(
    session: Session,
    lastEventId: string | undefined,
    history: number,
    onCount?: (replay: number) => void,
  ): void {
    const own = this.rooms.findOwn(session);
    if (own !== undefined) this.rooms.enter(session, own);
    const newest = this.lastNumber;
    whenRoomsReady(session, () => {
      const behind = this.replayer.start(session, {
        rooms: session.rooms.filter(({ ring }) => ring !== undefined),
        from: lastEventId === undefined ? undefined : this.book.eventOf(lastEventId),
        history,
        own,
        leftAt: session.leftAt,
        newest,
        onCount,
      });
      if (behind) session.state = 'replaying';
    });
  }

  private keepHouse(): void {
    this.slow.sweep();
    this.lifetimes.sweep(this.sessions, (session, retryMs) =>
      this.expel(session, 'restart', retryMs),
    );
    this.rooms.expire(this.options.clock() / NS_PER_MS);
  }
}
