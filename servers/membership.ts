/**
 * What one process of a server shares with the others behind the same port. Whatever is published goes to
 * the primary process first, which numbers it and keeps it; from there it comes to every process that has
 * somebody in the room. So an event has one number and one id wherever it is heard, and who comes back to
 * another process finds what it missed.
 *
 *     process 1 ──publish──▶ primary ──deliver──▶ process 1, process 2
 *     process 2 ──enter────▶ primary ──room─────▶ process 2        what the room has kept so far
 *
 * Both ways keep their order, on which everything rests: what a room has kept arrives after all that was
 * delivered before it, and before all that follows.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Publication } from './hub-options.ts';

/** A publication with the number that it has in all processes. */
export interface Numbered extends Publication {
  readonly number: number;
}

/** All that the primary has kept of a room, for a process in which somebody enters it. */
export interface RoomState {
  readonly room: string;
  /** Which time of entering it this answers: the room may have been left and entered again meanwhile. */
  readonly entry: number;
  /** Number of the newest message of all rooms; whatever follows is delivered. */
  readonly through: number;
  readonly forgottenThrough: number;
  readonly kept: readonly { readonly ageMs: number; readonly publication: Numbered }[];
}

/** From a process to the primary, in this order. */
export type Upward =
  | { readonly kind: 'publish'; readonly publication: Publication }
  | { readonly kind: 'enter'; readonly room: string; readonly entry: number }
  | { readonly kind: 'leave'; readonly room: string };

/** From the primary to a process, in this order. */
export type Downward =
  | { readonly kind: 'deliver'; readonly publication: Numbered }
  | { readonly kind: 'room'; readonly state: RoomState };

export interface Membership {
  /** Tells events of this server from those of another; the same in all its processes. */
  readonly instance: string;
  /** Begins the identity of every session of this process, so that the others know whose it is. */
  readonly prefix: string;
  /** It comes back numbered, like what others publish. */
  publish(publication: Publication): void;
  /** Somebody is in the room who was not before; its state follows. @returns the number of this entry */
  enter(room: string): number;
  /** Nobody is in it any more. */
  leave(room: string): void;
  /** Who is told of what comes from the primary. */
  attach(host: MemberHost): void;
  /** Hands a request for a session on to the process that has it. @returns false where that is this one, or none */
  forward(session: string, request: IncomingMessage, response: ServerResponse): boolean;
  /** Answers the other processes when they gather `what`. */
  offer(what: string, read: () => Promise<string>): void;
  /** What the other processes answer, as far as they do. */
  gather(what: string): Promise<readonly string[]>;
}

export interface MemberHost {
  deliver(publication: Numbered): void;
  fill(state: RoomState): void;
}

/** Gathers what is said in one turn of the event loop, so that a crowd costs one message between processes. */
export class Batch<Item> {
  private items: Item[] = [];
  private turn: NodeJS.Immediate | undefined;
  private readonly send: (items: readonly Item[]) => void;

  constructor(send: (items: readonly Item[]) => void) {
    this.send = send;
  }

  add(item: Item): void {
    this.items.push(item);
    this.turn ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.turn);
    this.turn = undefined;
    if (this.items.length === 0) return;
    const { items } = this;
    this.items = [];
    this.send(items);
  }
}
