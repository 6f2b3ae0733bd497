import { describe, expect, test } from 'vitest';
import {
  channelAt,
  channelsOf,
  channelsPerClient,
  deliveriesOf,
  messagesIn,
  placeOf,
  senderOf,
  subscribersOf,
} from '../../core/audience.ts';
import type { Audience } from '../../core/scenario.ts';

const everybody: Audience = { kind: 'everybody' };
const rooms: Audience = { kind: 'rooms', count: 3 };
const keys: Audience = { kind: 'keys', count: 4, each: 2 };
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The channels of a client, from the definition rather than from the code. */
function channelsByDefinition(audience: Audience, client: number): number[] {
  if (audience.kind === 'everybody') return [0];
  const each = audience.kind === 'rooms' ? 1 : Math.min(audience.each, audience.count);
  return range(each).map((step) => (client + step) % audience.count);
}

describe.each<Audience>([
  everybody,
  rooms,
  keys,
  { kind: 'rooms', count: 1 },
  { kind: 'rooms', count: 50 },
  { kind: 'keys', count: 3, each: 3 },
  { kind: 'keys', count: 3, each: 9 },
  { kind: 'keys', count: 1, each: 1 },
])('of $kind ($count, $each each)', (audience) => {
  const channels = channelsOf(audience);

  test('client and channel find each other', () => {
    for (const client of range(12)) {
      const own = channelsByDefinition(audience, client);
      expect(
        range(channelsPerClient(audience)).map((at) => channelAt(audience, client, at)),
      ).toEqual(own);
      for (const channel of [-1, ...range(channels + 2)]) {
        expect(placeOf(audience, client, channel)).toBe(own.indexOf(channel));
      }
    }
  });

  test('subscribers, messages and deliveries are counted as if one by one', () => {
    for (const clients of [0, 1, 2, 7, 12]) {
      for (const channel of range(channels)) {
        const members = range(clients).filter((client) =>
          channelsByDefinition(audience, client).includes(channel),
        );
        expect(subscribersOf(audience, channel, clients)).toBe(members.length);
      }
      for (const count of [0, 1, 5, 13]) {
        const expected = range(count).flatMap((message) =>
          range(clients).filter((client) =>
            channelsByDefinition(audience, client).includes(message % channels),
          ),
        );
        expect(deliveriesOf(audience, count, clients)).toBe(expected.length);
        for (const channel of range(channels)) {
          const inChannel = range(count).filter((message) => message % channels === channel);
          expect(messagesIn(audience, channel, count)).toBe(inChannel.length);
        }
      }
    }
  });
});

describe('where all clients send in turn', () => {
  test.each([everybody, keys])('to %o each of them does', (audience) => {
    expect(range(5).map((index) => senderOf(audience, index, 3))).toEqual([0, 1, 2, 0, 1]);
  });

  test('to rooms it is always a member of the room, each as often', () => {
    const senders = range(12).map((index) => senderOf(rooms, index, 7));
    expect(senders).toEqual([0, 1, 2, 3, 4, 5, 6, 1, 2, 0, 4, 5]);
  });

  test('a room without members has no sender', () => {
    expect(senderOf(rooms, 2, 2)).toBeUndefined();
  });
});
