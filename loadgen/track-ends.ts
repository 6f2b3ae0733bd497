/**
 * How far the tracks of a phase go, for a receiver that wants to know when there is nothing more to wait
 * for. A track is one client's view of one channel; where all messages are for everybody, it is the client.
 */
import type { Expectation } from '../core/control.ts';
import type { ChannelTracks } from './channel-tracks.ts';

export class TrackEnds {
  /** Deliveries to connected clients. */
  readonly expected: number;
  /** Tracks of connected clients that lack their last message. */
  unfinished: number;
  private readonly ends: Float64Array;
  private readonly each: number;
  private readonly isOpen: Uint8Array;

  /** @param isOpen per client: whether it is connected; the others can complete nothing */
  constructor(expectation: Expectation, tracks: ChannelTracks | undefined, isOpen: Uint8Array) {
    const { firstSeq, count } = expectation;
    this.isOpen = isOpen;
    this.ends = tracks?.ends() ?? new Float64Array(isOpen.length).fill(firstSeq + count);
    this.each = isOpen.length === 0 ? 1 : this.ends.length / isOpen.length;
    const lengths = this.ends
      .map((end) => end - firstSeq)
      .filter((_, track) => this.isOfOpen(track));
    this.expected = lengths.reduce((sum, length) => sum + length, 0);
    this.unfinished = lengths.filter((length) => length > 0).length;
  }

  /** To be called once per message, the first time it comes. @returns whether it was the last of all tracks */
  saw(track: number, seq: number): boolean {
    if (seq + 1 !== this.ends[track]) return false;
    this.unfinished -= 1;
    return this.unfinished === 0;
  }

  /**
   * A client that will get nothing more: nobody waits for its tracks.
   * @param next per track: the number behind the highest that has come
   * @returns whether nobody is waited for any more
   */
  giveUp(client: number, next: Float64Array): boolean {
    for (let track = client * this.each; track < (client + 1) * this.each; track += 1) {
      if ((next[track] ?? 0) < (this.ends[track] ?? 0)) this.unfinished -= 1;
    }
    return this.unfinished === 0;
  }

  /** @param next per track: the number behind the highest that has come */
  staleClients(next: Float64Array): number {
    const stale = new Set<number>();
    for (const [track, end] of this.ends.entries()) {
      if (this.isOfOpen(track) && (next[track] ?? 0) < end) stale.add(this.clientOf(track));
    }
    return stale.size;
  }

  private isOfOpen(track: number): boolean {
    return this.isOpen[this.clientOf(track)] === 1;
  }

  private clientOf(track: number): number {
    return Math.floor(track / this.each);
  }
}
