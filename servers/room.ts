/** Those who hear the same messages, and what was said lately. */
import type { Frame, PushEvent } from '../core/transport.ts';
import type { RingLimits } from './replay-ring.ts';
import { ReplayRing } from './replay-ring.ts';
import type { Encoder, Session } from './session.ts';

/** One message as a room keeps it. */
export interface Kept {
  readonly number: number;
  readonly bytes: number;
  readonly at: number;
  readonly key: string;
  readonly push: PushEvent;
  /** Made at most once per transport, for the live delivery and every replay. */
  readonly frames: Map<Encoder, Frame>;
}

export class Room {
  readonly name: string;
  readonly sessions = new Set<Session>();
  /** Undefined where nothing is kept. */
  readonly ring: ReplayRing<Kept> | undefined;
  /** Number of the newest message of all when the room was filled from elsewhere; 0 where it never was. */
  filledThrough = 0;
  /** Who waits for what it has kept elsewhere; undefined once it is here. */
  private waiting: (() => void)[] | undefined;

  /** @param comes whether what it has kept is still to come from elsewhere */
  constructor(name: string, limits: RingLimits, comes = false) {
    this.name = name;
    this.ring = limits.count > 0 ? new ReplayRing(limits) : undefined;
    if (comes) this.waiting = [];
  }

  /** Whether nobody would miss it. */
  get isEmpty(): boolean {
    return this.sessions.size === 0 && (this.ring?.length ?? 0) === 0;
  }

  /** Whether all that it has kept is here. */
  get isReady(): boolean {
    return this.waiting === undefined;
  }

  /** Calls back when it is ready; not where it is already. */
  whenReady(callback: () => void): void {
    this.waiting?.push(callback);
  }

  ready(): void {
    const { waiting } = this;
    this.waiting = undefined;
    for (const callback of waiting ?? []) callback();
  }
}

export function frameFor(encoder: Encoder, push: PushEvent, frames: Map<Encoder, Frame>): Frame {
  const known = frames.get(encoder);
  if (known !== undefined) return known;
  const frame = encoder.encode(push);
  frames.set(encoder, frame);
  return frame;
}
