/** The rooms there are: made when somebody first needs one, dropped when nobody would miss it. */
import type { RingLimits } from './replay-ring.ts';
import { Room } from './room.ts';
import type { Session } from './session.ts';

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

  /** @param ofOneself what is kept in the room of a single session, for the time it is away */
  constructor(limits: RingLimits, ofOneself: RingLimits) {
    this.limits = limits;
    this.ofOneself = ofOneself;
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
    const room = new Room(name, isPrivate(name) ? this.ofOneself : this.limits);
    if (room.ring !== undefined && !isPrivate(name)) {
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
    if (!room.isEmpty || isPrivate(room.name) || this.rooms.get(room.name) !== room) return;
    this.forgottenThrough = Math.max(this.forgottenThrough, room.ring?.forgottenThrough ?? 0);
    this.rooms.delete(room.name);
  }

  /** Forgets what is too old at `now`, ms. */
  expire(now: number): void {
    for (const room of this.rooms.values()) {
      room.ring?.expire(now);
      this.dropIfEmpty(room);
    }
  }
}
