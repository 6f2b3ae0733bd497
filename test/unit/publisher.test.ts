import { describe, expect, test } from 'vitest';
import { NS_PER_MS } from '../../core/clock.ts';
import type { PublishOrder } from '../../core/control.ts';
import { readChannel, readDueAt, readSentAt, readSeq } from '../../core/message.ts';
import { publishOnSchedule } from '../../core/publisher.ts';
import type { Audience } from '../../core/scenario.ts';
import type { Ticker } from '../../core/ticker.ts';
import type { Client } from '../../core/transport.ts';
import { publishFromClients } from '../../loadgen/client-publisher.ts';

const now = 100 * NS_PER_MS;
const atOnce: Ticker = {
  async run(schedule, startNs, onDue) {
    for (let index = 0; index < schedule.count; index += 1) {
      onDue(index, startNs + schedule.dueAt(index));
    }
  },
  poke: () => undefined,
  close: async () => undefined,
};
const orderFor = (audience: Audience): PublishOrder => ({
  schedule: { pacing: 'constant', ratePerS: 1_000, durationMs: 7, seed: 1 },
  startNs: 10 * NS_PER_MS,
  firstSeq: 50,
  payloadBytes: 100,
  audience,
  measured: true,
});
const everybody: Audience = { kind: 'everybody' };
const rooms: Audience = { kind: 'rooms', count: 3 };
const keys: Audience = { kind: 'keys', count: 3, each: 2 };

describe('publishing', () => {
  test('to everybody numbers the messages one by one and names no channel', async () => {
    const seen: number[][] = [];
    const publication = await publishOnSchedule(
      orderFor(everybody),
      () => now,
      atOnce,
      (message, channel, index) => {
        seen.push([
          readSeq(message, 0),
          readDueAt(message, 0),
          readSentAt(message, 0),
          channel,
          index,
        ]);
        expect(message.toString()).toContain('"body":"the quick brown');
      },
    );
    expect(seen[6]).toEqual([56, 16 * NS_PER_MS, now, 0, 6]);
    expect(seen.length).toBe(7);
    expect(publication).toMatchObject({ sent: 7, firstSentAt: now, lastSentAt: now });
  });

  test.each([rooms, keys])('to %o numbers them per channel, which each names', async (audience) => {
    const seen: string[] = [];
    await publishOnSchedule(
      orderFor(audience),
      () => now,
      atOnce,
      (message, channel) => {
        seen.push(`${readSeq(message, 0)} in ${channel}`);
        expect(readChannel(message, 0)).toBe(channel);
      },
    );
    expect(seen).toEqual([
      '50 in 0',
      '50 in 1',
      '50 in 2',
      '51 in 0',
      '51 in 1',
      '51 in 2',
      '52 in 0',
    ]);
  });
});

describe('publishing through clients', () => {
  /** What each client of a worker sent, as the text in front of the message, or '' for a bare one. */
  async function sentBy(audience: Audience, everyone: boolean, firstClient = 0, count = 4) {
    const sent: string[] = [];
    const clients = Array.from({ length: count }, (_, index): Client | undefined =>
      firstClient + index === 1
        ? undefined
        : {
            bytesRead: 0,
            session: 's',
            async send(message) {
              const text = message.toString('latin1');
              JSON.parse(text);
              sent.push(`${firstClient + index} ${text.slice(0, text.indexOf('{"seq"'))}`.trim());
            },
            pause: () => undefined,
            resume: () => undefined,
            close: () => undefined,
          },
    );
    const crowd = { clients, firstClient, totalClients: 4 };
    const published = await publishFromClients(
      orderFor(audience),
      everyone,
      crowd,
      () => now,
      atOnce,
    );
    return { sent, published };
  }

  test('one of them sends everything, the first that is connected', async () => {
    const { sent, published } = await sentBy(everybody, false, 1, 3);
    expect(sent).toEqual(new Array(7).fill('2'));
    expect(published).toMatchObject({ sent: 7, failed: 0 });
  });

  test('all of them send in turn; what one that is not connected should send has failed', async () => {
    const { sent, published } = await sentBy(everybody, true);
    expect(sent).toEqual(['0', '2', '3', '0', '2']);
    expect(published).toMatchObject({ sent: 7, failed: 2 });
  });

  test('those of other workers are left to them', async () => {
    const { sent, published } = await sentBy(everybody, true, 2, 2);
    expect(sent).toEqual(['2', '3', '2']);
    expect(published.sent).toBe(3);
  });

  test('members of a room send to it, by its name', async () => {
    // Room 0 has the members 0 and 3, room 1 only 1, which is not connected, and room 2 only 2.
    const { sent } = await sentBy(rooms, true);
    expect(sent).toEqual([
      '0 {"op":"publish","room":"r0","data":',
      '2 {"op":"publish","room":"r2","data":',
      '3 {"op":"publish","room":"r0","data":',
      '2 {"op":"publish","room":"r2","data":',
      '0 {"op":"publish","room":"r0","data":',
    ]);
  });

  test('a key is named too', async () => {
    const { sent } = await sentBy(keys, false);
    expect(sent.slice(0, 2)).toEqual([
      '0 {"op":"publish","key":"k0","data":',
      '0 {"op":"publish","key":"k1","data":',
    ]);
  });
});
