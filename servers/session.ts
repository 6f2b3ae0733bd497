/**
 * The server's view of one client. It outlives its connection where it has an identity: who comes back
 * in time finds rooms, filters and what was missed. The hub acts on it; it holds no rules itself.
 */
import type { Connection, Frame, PushEvent } from '../core/transport.ts';
import type { Outbox } from './outbox.ts';
import type { Room } from './room.ts';
import type { TokenBucket } from './token-bucket.ts';

/** Turns events into the frames of one transport. */
export interface Encoder {
  encode(event: PushEvent): Frame;
}

export type SessionState =
  /** What is published is written at once. */
  | 'live'
  /** The last write said to hold back: the policy for slow sessions decides. */
  | 'congested'
  /** It is being given what it missed, and follows the rings until it has caught up. */
  | 'replaying'
  /** Its connection is being ended. */
  | 'closing'
  /** It has no connection now, and may come back. */
  | 'away';

export class Session {
  /** For logs and metrics: 1, 2, 3 … in order of arrival. */
  readonly number: number;
  /** Its identity, and the right to speak for it; undefined where none was asked for. */
  readonly id: string | undefined;
  readonly address: string;
  connection: Connection | undefined;
  encoder: Encoder;
  state: SessionState = 'away';
  rooms: readonly Room[] = [];
  /** Only messages under one of these keys, and those without; undefined: all. */
  keys: ReadonlySet<string> | undefined;
  /** What waits for a drained connection; made when it is first needed. */
  outbox: Outbox | undefined;
  /** How far it has followed each room's ring, while it is replaying. */
  positions: Map<Room, number> | undefined;
  /** When it began to hold back, ms. */
  congestedSince = 0;
  /** When its connection has had its time, ms; undefined: never. */
  endsAt: number | undefined;
  bucket: TokenBucket | undefined;
  /** The last number it can have seen when its connection went. */
  leftAt = 0;
  linger: { cancel(): void } | undefined;

  constructor(number: number, id: string | undefined, address: string, encoder: Encoder) {
    this.number = number;
    this.id = id;
    this.address = address;
    this.encoder = encoder;
  }

  /** Whether a message under `key` is for it; '' is none. */
  wants(key: string): boolean {
    return key === '' || this.keys === undefined || this.keys.has(key);
  }

  get bufferedBytes(): number {
    return (this.connection?.bufferedBytes ?? 0) + (this.outbox?.bytes ?? 0);
  }
}
