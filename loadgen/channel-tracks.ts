/**
 * The channels of each client, for loads where a message is not for everybody, or where the order of
 * messages matters. A track is one client's view of one channel:
 *
 *     client 0          client 1          …      each client has as many tracks
 *     track 0, 1, 2     track 3, 4, 5            as it has channels
 */
import { channelAt, channelsOf, channelsPerClient, messagesIn, placeOf } from '../core/audience.ts';
import type { Expectation } from '../core/control.ts';
import { readChannel } from '../core/message.ts';

export interface OrderDigest {
  readonly channel: number;
  readonly digest: number;
}

export class ChannelTracks {
  /** Tracks of all clients of this worker. */
  readonly size: number;
  readonly channels: number;
  private readonly expectation: Expectation;
  private readonly clients: number;
  private readonly firstClient: number;
  private readonly each: number;
  /** Per track: a hash of the sequence numbers in the order in which they came. */
  private readonly digests: Int32Array;

  constructor(expectation: Expectation, clients: number, firstClient: number) {
    this.expectation = expectation;
    this.clients = clients;
    this.firstClient = firstClient;
    this.channels = channelsOf(expectation.audience);
    this.each = channelsPerClient(expectation.audience);
    this.size = clients * this.each;
    this.digests = new Int32Array(expectation.ordered ? this.size : 0);
  }

  /** The channel that a message names; those for everybody name none. */
  channelOf(bytes: Uint8Array, start: number): number {
    return this.expectation.audience.kind === 'everybody' ? 0 : readChannel(bytes, start);
  }

  /** @returns -1 where the message is for others */
  trackOf(client: number, channel: number): number {
    const place = placeOf(this.expectation.audience, this.firstClient + client, channel);
    return place < 0 ? -1 : client * this.each + place;
  }

  /** Index of a message in the phase. */
  indexOf(seq: number, channel: number): number {
    return (seq - this.expectation.firstSeq) * this.channels + channel;
  }

  /** Takes note of the order. FNV-1a over 32-bit words: two orders of the same numbers differ. */
  saw(track: number, seq: number): void {
    if (this.digests.length === 0) return;
    this.digests[track] = Math.imul((this.digests[track] ?? 0) ^ seq, 0x01000193) + 1;
  }

  /** Digest of each channel of each client for which `isOpen`. */
  orders(isOpen: (client: number) => boolean): OrderDigest[] | undefined {
    if (!this.expectation.ordered) return undefined;
    const found: OrderDigest[] = [];
    for (let client = 0; client < this.clients; client += 1) {
      if (!isOpen(client)) continue;
      for (let place = 0; place < this.each; place += 1) {
        const digest = this.digests[client * this.each + place] ?? 0;
        found.push({ channel: this.channelOfPlace(client, place), digest });
      }
    }
    return found;
  }

  /** Per track: the number behind its last. */
  ends(): Float64Array {
    const { firstSeq } = this.expectation;
    return new Float64Array(this.size).map((_, track) => {
      const client = Math.floor(track / this.each);
      return firstSeq + this.messagesAt(client, track % this.each);
    });
  }

  private channelOfPlace(client: number, place: number): number {
    return channelAt(this.expectation.audience, this.firstClient + client, place);
  }

  private messagesAt(client: number, place: number): number {
    const { audience, count } = this.expectation;
    return messagesIn(audience, this.channelOfPlace(client, place), count);
  }
}
