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

  constructor(name: string, limits: RingLimits) {
    this.name = name;
    this.ring = limits.count > 0 ? new ReplayRing(limits) : undefined;
  }

  /** Whether nobody would miss it. */
  get isEmpty(): boolean {
    return this.sessions.size === 0 && (this.ring?.length ?? 0) === 0;
  }
}

export function frameFor(encoder: Encoder, push: PushEvent, frames: Map<Encoder, Frame>): Frame {
  const known = frames.get(encoder);
  if (known !== undefined) return known;
  const frame = encoder.encode(push);
  frames.set(encoder, frame);
  return frame;
}
