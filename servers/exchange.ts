/**
 * The one place of a server with several processes that numbers messages and keeps what was said lately.
 * It has no sessions and encodes nothing: it passes every message to the processes that have somebody in
 * its room, once each. It knows nothing of how they are reached.
 */
import type { Clock } from '../core/clock.ts';
import { NS_PER_MS } from '../core/clock.ts';
import type { Publication } from './hub-options.ts';
import type { Downward, Numbered, Upward } from './membership.ts';
import { Batch } from './membership.ts';
import type { RingLimits } from './replay-ring.ts';
import { ReplayRing } from './replay-ring.ts';
import { MAIN_ROOM } from './rooms.ts';

interface Kept {
  readonly number: number;
  readonly bytes: number;
  readonly at: number;
  readonly publication: Numbered;
}

/** One process, as the exchange sees it. */
export interface Member {
  /** What came from it, in its order. */
  take(items: readonly Upward[]): void;
  /** It has gone, and hears nothing any more. */
  gone(): void;
}

interface RoomOfAll {
  readonly ring: ReplayRing<Kept> | undefined;
  readonly members: Set<Batch<Downward>>;
}

export class Exchange {
  /** Messages published, by whomever. */
  published = 0;
  private readonly limits: RingLimits;
  private readonly clock: Clock;
  private readonly rooms = new Map<string, RoomOfAll>();
  private readonly housekeeping: NodeJS.Timeout | undefined;
  private lastNumber = 0;
  /** The latest number that a room had forgotten when it was dropped. */
  private forgottenThrough = 0;

  constructor(limits: RingLimits, clock: Clock) {
    this.limits = limits;
    this.clock = clock;
    if (limits.count === 0) return;
    this.housekeeping = setInterval(() => this.expire(), EXPIRY_MS);
    this.housekeeping.unref();
  }

  /** @param send takes what is for the process, in this order */
  join(send: (items: readonly Downward[]) => void): Member {
    const batch = new Batch(send);
    return {
      take: (items) => {
        for (const item of items) {
          if (item.kind === 'publish') this.publish(item.publication);
          else if (item.kind === 'enter') this.enter(item.room, item.entry, batch);
          else this.leave(item.room, batch);
        }
      },
      gone: () => {
        for (const name of [...this.rooms.keys()]) this.leave(name, batch);
      },
    };
  }

  publish(publication: Publication): void {
    this.published += 1;
    const { room: name = MAIN_ROOM, data } = publication;
    const room = this.limits.count > 0 ? this.roomOf(name) : this.rooms.get(name);
    if (room === undefined) return;
    if (room.ring !== undefined) this.lastNumber += 1;
    const numbered: Numbered = { ...publication, number: this.lastNumber };
    for (const member of room.members) member.add({ kind: 'deliver', publication: numbered });
    room.ring?.push({
      number: numbered.number,
      bytes: data.length,
      at: this.nowMs(),
      publication: numbered,
    });
  }

  close(): void {
    clearInterval(this.housekeeping);
  }

  private enter(name: string, entry: number, member: Batch<Downward>): void {
    const { ring, members } = this.roomOf(name);
    const now = this.nowMs();
    const kept = ring?.after(0, ring.length) ?? [];
    member.add({
      kind: 'room',
      state: {
        room: name,
        entry,
        through: this.lastNumber,
        forgottenThrough: ring?.forgottenThrough ?? 0,
        kept: kept.map(({ at, publication }) => ({ ageMs: now - at, publication })),
      },
    });
    members.add(member);
  }

  private leave(name: string, member: Batch<Downward>): void {
    const room = this.rooms.get(name);
    if (room === undefined) return;
    room.members.delete(member);
    this.dropIfEmpty(name, room);
  }

  private roomOf(name: string): RoomOfAll {
    const known = this.rooms.get(name);
    if (known !== undefined) return known;
    const ring = this.limits.count > 0 ? new ReplayRing<Kept>(this.limits) : undefined;
    if (ring !== undefined) ring.forgottenThrough = this.forgottenThrough;
    const room: RoomOfAll = { ring, members: new Set() };
    this.rooms.set(name, room);
    return room;
  }

  private dropIfEmpty(name: string, { ring, members }: RoomOfAll): void {
    if (members.size > 0 || (ring?.length ?? 0) > 0) return;
    this.forgottenThrough = Math.max(this.forgottenThrough, ring?.forgottenThrough ?? 0);
    this.rooms.delete(name);
  }

  private expire(): void {
    const now = this.nowMs();
    for (const [name, room] of this.rooms) {
      room.ring?.expire(now);
      this.dropIfEmpty(name, room);
    }
  }

  private nowMs(): number {
    return this.clock() / NS_PER_MS;
  }
}

/** How often what is too old is looked for. */
const EXPIRY_MS = 250;
