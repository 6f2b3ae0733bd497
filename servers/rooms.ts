/** The rooms there are: made when somebody first needs one, dropped when nobody would miss it. */
import type { PushEvent } from '../core/transport.ts';
import type { Membership, Numbered, RoomState } from './membership.ts';
import type { RingLimits } from './replay-ring.ts';
import { Room } from './room.ts';
import type { Session } from './session.ts';
import { eventIdOf } from './session-book.ts';

/** The room of everybody who asks for none. */
export const MAIN_ROOM = 'main';

/** No room that anybody can ask for begins like this: it would not be a valid name. */
const PRIVATE = '\n';

/** Whether it is the room of a single session. */
export function isPrivate(name: string): boolean {
  return name.startsWith(PRIVATE);
}

export class Rooms {
  private readonly rooms = new Map<string, Room>();
  /**
   * The latest number that a room had forgotten when it was dropped. Who comes back to a room of that
   * name is told of a gap, even where the number was another room's: one too many is better than none.
   */
  private forgottenThrough = 0;
  private readonly limits: RingLimits;
  private readonly ofOneself: RingLimits;
  private readonly membership: Membership | undefined;
  /** Of each room that is shared with other processes: which time of entering it this is. */
  private readonly entries = new Map<Room, number>();

  /**
   * @param ofOneself what is kept in the room of a single session, for the time it is away
   * @param membership of the process, where it shares its rooms with others
   */
  constructor(limits: RingLimits, ofOneself: RingLimits, membership?: Membership) {
    this.limits = limits;
    this.ofOneself = ofOneself;
    this.membership = membership;
    // Always: what is kept for everybody is here before the first of them comes back.
    if (membership !== undefined) this.get(MAIN_ROOM);
  }

  get size(): number {
    return this.rooms.size;
  }

  find(name: string): Room | undefined {
    return this.rooms.get(name);
  }

  get(name: string): Room {
    const known = this.rooms.get(name);
    if (known !== undefined) return known;
    const shared = isPrivate(name) ? undefined : this.membership;
    const limits = isPrivate(name) ? this.ofOneself : this.limits;
    const room = new Room(name, limits, shared !== undefined);
    if (shared !== undefined) this.entries.set(room, shared.enter(name));
    else if (room.ring !== undefined && !isPrivate(name)) {
      room.ring.forgottenThrough = this.forgottenThrough;
    }
    this.rooms.set(name, room);
    return room;
  }

  /** The session's own room, where it has one: direct messages go there, and wait there. */
  findOwn(session: Session): Room | undefined {
    return session.id === undefined ? undefined : this.rooms.get(PRIVATE + session.id);
  }

  own(session: Session): Room {
    return this.get(PRIVATE + (session.id ?? ''));
  }

  /** A session that is away is only noted down: it hears nothing before it is back. */
  enter(session: Session, room: Room): void {
    if (!session.rooms.includes(room)) session.rooms = [...session.rooms, room];
    if (session.connection === undefined) this.dropIfEmpty(room);
    else room.sessions.add(session);
  }

  /** @returns false when it was not in there */
  leave(session: Session, name: string): boolean {
    const room = session.rooms.find((one) => one.name === name);
    if (room === undefined) return false;
    session.rooms = session.rooms.filter((one) => one !== room);
    session.positions?.delete(room);
    room.sessions.delete(session);
    this.dropIfEmpty(room);
    return true;
  }

  /** Takes the session out of its rooms, which it keeps in mind for when it comes back. */
  absent(session: Session): void {
    for (const room of session.rooms) {
      room.sessions.delete(session);
      this.dropIfEmpty(room);
    }
  }

  forget(session: Session): void {
    const room = this.findOwn(session);
    if (room !== undefined) this.rooms.delete(room.name);
  }

  /** That of a session stays as long as the session, or it could not say what it has forgotten. */
  dropIfEmpty(room: Room): void {
    if (isPrivate(room.name) || this.rooms.get(room.name) !== room) return;
    if (this.membership !== undefined) {
      // What it has kept is kept elsewhere too.
      if (room.sessions.size > 0 || room.name === MAIN_ROOM) return;
      this.rooms.delete(room.name);
      this.entries.delete(room);
      this.membership.leave(room.name);
      room.ready();
      return;
    }
    if (!room.isEmpty) return;
    this.forgottenThrough = Math.max(this.forgottenThrough, room.ring?.forgottenThrough ?? 0);
    this.rooms.delete(room.name);
  }

  /** Takes in what a room has kept elsewhere. @param now ms */
  fill({ room: name, entry, through, forgottenThrough, kept }: RoomState, now: number): void {
    const room = this.rooms.get(name);
    // It may have been left meanwhile, and entered again.
    if (room === undefined || this.entries.get(room) !== entry) return;
    room.filledThrough = through;
    if (room.ring !== undefined) {
      room.ring.forgottenThrough = forgottenThrough;
      for (const { ageMs, publication } of kept) {
        const { number, data, key = '' } = publication;
        const push = pushOf(publication, this.membership?.instance ?? '');
        const { length: bytes } = data;
        room.ring.push({ number, bytes, at: now - ageMs, key, push, frames: new Map() });
      }
    }
    // Whoever came in while it was replaying something else hears this room from here on.
    for (const { positions } of room.sessions) {
      const position = positions?.get(room);
      if (position !== undefined) positions?.set(room, Math.max(position, through));
    }
    room.ready();
  }

  /** Forgets what is too old at `now`, ms. */
  expire(now: number): void {
    for (const room of this.rooms.values()) {
      room.ring?.expire(now);
      this.dropIfEmpty(room);
    }
  }
}

function pushOf({ event = '', data, kind, number }: Numbered, instance: string): PushEvent {
  return { event, id: eventIdOf(instance, number), data, kind };
}
