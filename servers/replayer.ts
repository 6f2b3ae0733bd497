/**
 * Gives sessions what they missed, a slice at a time and in turn, so that a crowd that comes back does
 * not hold up what is being published meanwhile. A session that is replaying follows the rings of its
 * rooms until it has caught up with them; then it is live.
 */
import { NS_PER_MS } from '../core/clock.ts';
import type { Frame } from '../core/transport.ts';
import type { Kept, Room } from './room.ts';
import { frameFor } from './room.ts';
import { isPrivate } from './rooms.ts';
import type { Session } from './session.ts';

/** Messages written to one session before it is the next one's turn. */
const SLICE = 64;
/** How long one turn of the event loop is spent on replaying, ns. */
const TURN_NS = 2 * NS_PER_MS;

export interface ReplayHost {
  encodeId(number: number): string;
  readonly counters: { replayed: number; gaps: number };
  caughtUp(session: Session): void;
  now(): number;
}

export interface ReplayPlan {
  readonly rooms: readonly Room[];
  /** The event it saw last; `number` is undefined where that is not one of ours. */
  readonly from: { readonly id: string; readonly number: number | undefined } | undefined;
  /** Messages of each room wanted on a first connect. */
  readonly history: number;
  /** Its own room, in which it has seen everything up to `leftAt`. */
  readonly own: Room | undefined;
  readonly leftAt: number;
  /** Number of the newest message of all. */
  readonly newest: number;
  /** Is told how many messages follow, before anything is said of them. */
  readonly onCount: ((replay: number) => void) | undefined;
}

export class Replayer {
  private readonly host: ReplayHost;
  private queue: Session[] = [];
  private turn: NodeJS.Immediate | undefined;

  constructor(host: ReplayHost) {
    this.host = host;
  }

  /** Where each ring is to be followed from. @returns whether there is anything to replay */
  start(session: Session, plan: ReplayPlan): boolean {
    const positions = new Map<Room, number>();
    for (const room of plan.rooms) positions.set(room, positionIn(room, plan));
    const gaps = this.gapsOf(plan, positions);
    let missed = 0;
    for (const [room, position] of positions) missed += missedIn(room, position, session);
    plan.onCount?.(missed);
    for (const [room, after] of gaps) this.tellGap(session, room, after);
    if (missed === 0) return false;
    session.positions = positions;
    // One that is replaying has its turn already.
    if (session.state !== 'replaying') this.queue.push(session);
    this.turn ??= setImmediate(() => this.run());
    return true;
  }

  close(): void {
    clearImmediate(this.turn);
    this.queue = [];
  }

  /** Rooms of which something is missing, each with the id that it is missing behind. */
  private gapsOf({ rooms, from, own }: ReplayPlan, positions: Map<Room, number>): [Room, string][] {
    const gaps: [Room, string][] = [];
    for (const room of rooms) {
      const forgotten = room.ring?.forgottenThrough ?? 0;
      const position = positions.get(room) ?? 0;
      // Of an event that we do not know, it is unknown how much came after it.
      const unknown = from !== undefined && from.number === undefined && room !== own;
      if (!unknown && forgotten <= position) continue;
      positions.set(room, Math.max(forgotten, position));
      gaps.push([room, from?.id ?? this.host.encodeId(position)]);
    }
    return gaps;
  }

  private run(): void {
    this.turn = undefined;
    const until = this.host.now() + TURN_NS;
    while (this.queue.length > 0 && this.host.now() < until) {
      const session = this.queue.shift();
      if (session !== undefined) this.step(session);
    }
    if (this.queue.length > 0) this.turn = setImmediate(() => this.run());
  }

  /** One slice of one session. */
  private step(session: Session): void {
    const { connection, positions } = session;
    if (connection === undefined || positions === undefined || session.state !== 'replaying')
      return;
    const slice = this.nextSlice(session, positions);
    if (slice.length === 0) {
      session.positions = undefined;
      this.host.caughtUp(session);
      return;
    }
    const frames = slice
      .filter(({ key }) => session.wants(key))
      .map(({ push, frames }) => frameFor(session.encoder, push, frames));
    this.host.counters.replayed += frames.length;
    if (frames.length === 0 || connection.writeAll(frames)) {
      this.queue.push(session);
      return;
    }
    connection.whenDrained(() => {
      if (session.connection !== connection) return;
      this.queue.push(session);
      this.turn ??= setImmediate(() => this.run());
    });
  }

  /** The next messages of all its rooms together, in the order in which they were published. */
  private nextSlice(session: Session, positions: Map<Room, number>): readonly Kept[] {
    const candidates: Kept[] = [];
    for (const [room, position] of positions) {
      const { ring } = room;
      if (ring === undefined) continue;
      let from = position;
      if (ring.forgottenThrough > from) {
        // It reads more slowly than the ring turns.
        this.tellGap(session, room, this.host.encodeId(from));
        from = ring.forgottenThrough;
        positions.set(room, from);
      }
      candidates.push(...ring.after(from, SLICE));
    }
    if (positions.size > 1) candidates.sort((a, b) => a.number - b.number);
    const slice = candidates.slice(0, SLICE);
    // Up to the last of them it has all rooms, those too that had nothing to say.
    const through = slice.at(-1)?.number ?? 0;
    for (const [room, position] of positions) positions.set(room, Math.max(position, through));
    return slice;
  }

  private tellGap(session: Session, { name }: Room, after: string): void {
    this.host.counters.gaps += 1;
    // Direct messages have no room that a client knows of.
    const data = JSON.stringify({ room: isPrivate(name) ? '' : name, after });
    const frame: Frame = session.encoder.encode({ event: 'gap', id: '', data, kind: 'json' });
    session.connection?.write(frame);
  }
}

function positionIn(room: Room, { from, history, own, leftAt, newest }: ReplayPlan): number {
  if (from?.number !== undefined) return from.number;
  if (room === own) return leftAt;
  // What came since an unknown event is all that is kept.
  if (from !== undefined) return 0;
  // Behind the newest there is nothing, but what is published from now on.
  const last = Math.max(newest, room.filledThrough);
  return history > 0 ? Math.min(last, room.ring?.cursorBefore(history) ?? last) : last;
}

/** How many messages behind `position` are for the session. */
function missedIn({ ring }: Room, position: number, session: Session): number {
  if (ring === undefined) return 0;
  const count = ring.countAfter(position);
  if (count === 0 || session.keys === undefined) return count;
  return ring.after(position, count).filter(({ key }) => session.wants(key)).length;
}
