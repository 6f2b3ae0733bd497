/**
 * Who gets which message. A channel is a room or a key; clients and channels are counted from 0, and
 * both kinds follow one rule, so that either side can compute it:
 *
 *     client i has the channels i, i + 1, … i + each − 1, modulo their number; of rooms, one
 *     message i is in channel i mod channels, as number floor(i / channels) of it
 */
import type { Audience } from './scenario.ts';

export const roomName = (channel: number): string => `r${channel}`;
export const keyName = (channel: number): string => `k${channel}`;

export function channelsOf(audience: Audience): number {
  return audience.kind === 'everybody' ? 1 : audience.count;
}

/** How many channels each client has. */
export function channelsPerClient(audience: Audience): number {
  return audience.kind === 'keys' ? Math.min(audience.each, audience.count) : 1;
}

/** Of `count` messages, those in this channel. */
export function messagesIn(audience: Audience, channel: number, count: number): number {
  return Math.max(0, Math.ceil((count - channel) / channelsOf(audience)));
}

/** Position of a channel among those of a client, from 0; -1 for one that it does not have. */
export function placeOf(audience: Audience, client: number, channel: number): number {
  if (audience.kind === 'everybody') return channel === 0 ? 0 : -1;
  const { count } = audience;
  if (!(channel >= 0 && channel < count)) return -1;
  const place = (channel + count - (client % count)) % count;
  return place < channelsPerClient(audience) ? place : -1;
}

/** The channel at a position of a client. */
export function channelAt(audience: Audience, client: number, place: number): number {
  return audience.kind === 'everybody' ? 0 : (client + place) % audience.count;
}

/** Of `clients` clients, those that have this channel. */
export function subscribersOf(audience: Audience, channel: number, clients: number): number {
  if (audience.kind === 'everybody') return clients;
  const { count } = audience;
  const each = channelsPerClient(audience);
  const [rounds, rest] = [Math.floor(clients / count), clients % count];
  // Of each whole round of `count` clients, `each` have it; of the rest, those from `first` to the channel's own number.
  const first = channel - each + 1;
  const upTo = Math.min(channel + 1, rest);
  const before = Math.max(0, rest - (first + count));
  return rounds * each + (first >= 0 ? Math.max(0, upTo - first) : upTo + before);
}

/** Deliveries of `count` messages to `clients` clients, if none is lost. */
export function deliveriesOf(audience: Audience, count: number, clients: number): number {
  let deliveries = 0;
  for (let channel = 0; channel < channelsOf(audience); channel += 1) {
    deliveries += messagesIn(audience, channel, count) * subscribersOf(audience, channel, clients);
  }
  return deliveries;
}

/** Who sends message `index` where all clients do in turn; undefined for a room without members. */
export function senderOf(audience: Audience, index: number, clients: number): number | undefined {
  if (audience.kind !== 'rooms') return index % clients;
  const room = index % audience.count;
  const members = subscribersOf(audience, room, clients);
  if (members === 0) return undefined;
  return room + (Math.floor(index / audience.count) % members) * audience.count;
}
