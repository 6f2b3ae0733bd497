import { describe, expect, test } from 'vitest';
import { NS_PER_MS, NS_PER_US } from '../../core/clock.ts';
import type { Expectation } from '../../core/control.ts';
import { HIGHEST_US } from '../../core/histogram.ts';
import { createMessageWriter, putChannel } from '../../core/message.ts';
import type { DeliveryCounts } from '../../core/process-reports.ts';
import { History } from '../../loadgen/history.ts';
import { Receiver } from '../../loadgen/receiver.ts';

const write = createMessageWriter(100);
const phase: Expectation = {
  firstSeq: 10,
  count: 5,
  audience: { kind: 'everybody' },
  ordered: false,
  deadlineMs: 100,
  sampleEvery: 1,
};

interface Arrival {
  readonly seq: number;
  readonly client?: number;
  /** After the message was due; it is sent 100 µs after that. */
  readonly afterUs?: number;
}

function deliver(receiver: Receiver, ...arrivals: readonly (number | Arrival)[]): void {
  for (const arrival of arrivals) {
    const {
      seq,
      client = 0,
      afterUs = 500,
    } = typeof arrival === 'number' ? { seq: arrival } : arrival;
    const dueAt = 1_000 * NS_PER_MS + seq * NS_PER_MS;
    const bytes = write(seq, dueAt, dueAt + 100 * NS_PER_US);
    // Anywhere in a buffer, as it comes from a socket.
    const read = Buffer.concat([Buffer.from('data: '), bytes, Buffer.from('\n\n')]);
    receiver.message(client, read, 6, 6 + bytes.length, dueAt + afterUs * NS_PER_US);
  }
}

function expecting(clients: number, expectation: Partial<Expectation> = {}): Receiver {
  const receiver = new Receiver(clients);
  receiver.expect({ ...phase, ...expectation });
  return receiver;
}

const none: DeliveryCounts = {
  received: 0,
  duplicated: 0,
  reordered: 0,
  late: 0,
  foreign: 0,
  beforeDue: 0,
};

interface Case {
  readonly says: string;
  readonly arrivals: readonly (number | Arrival)[];
  readonly counts: Partial<DeliveryCounts>;
}

const cases: readonly Case[] = [
  {
    says: 'in order, all are received and nothing else is counted',
    arrivals: [10, 11, 12, 13, 14],
    counts: { received: 5 },
  },
  {
    says: 'a gap is not received, and no fault of the others',
    arrivals: [10, 12, 14],
    counts: { received: 3 },
  },
  {
    says: 'a gap at the start does not matter to what follows',
    arrivals: [13, 14],
    counts: { received: 2 },
  },
  {
    says: 'a second copy is a duplicate and not received again',
    arrivals: [10, 10, 11, 11, 11],
    counts: { received: 2, duplicated: 3 },
  },
  {
    says: 'a copy that comes much later is a duplicate',
    arrivals: [10, 11, 12, 10],
    counts: { received: 3, duplicated: 1 },
  },
  {
    says: 'one that fills a gap is received and reordered',
    arrivals: [10, 12, 11, 13, 14],
    counts: { received: 5, reordered: 1 },
  },
  {
    says: 'the first that comes after a later one is reordered',
    arrivals: [14, 10, 11, 12, 13],
    counts: { received: 5, reordered: 4 },
  },
  {
    says: 'a copy of one that filled a gap is a duplicate',
    arrivals: [10, 12, 11, 11],
    counts: { received: 3, reordered: 1, duplicated: 1 },
  },
  {
    says: 'one after the deadline is late, and received',
    arrivals: [{ seq: 10, afterUs: 100_001 }],
    counts: { received: 1, late: 1 },
  },
  {
    says: 'one at the deadline is not late',
    arrivals: [{ seq: 10, afterUs: 100_000 }],
    counts: { received: 1 },
  },
  {
    says: 'a late duplicate is a duplicate only',
    arrivals: [10, { seq: 10, afterUs: 200_000 }],
    counts: { received: 1, duplicated: 1 },
  },
  {
    says: 'one of an earlier phase is foreign',
    arrivals: [9, 0, 10],
    counts: { received: 1, foreign: 2 },
  },
  {
    says: 'one of a later phase is foreign',
    arrivals: [15, 1_000, 10],
    counts: { received: 1, foreign: 2 },
  },
  {
    says: 'one before it was due is counted as that, and received',
    arrivals: [{ seq: 10, afterUs: -1 }],
    counts: { received: 1, beforeDue: 1 },
  },
  {
    says: 'one after it was due but before it was sent is counted as that',
    arrivals: [{ seq: 10, afterUs: 50 }],
    counts: { received: 1, beforeDue: 1 },
  },
];

describe('where the latest messages are kept', () => {
  const keys = { kind: 'keys', count: 2, each: 2 } as const;
  const write7 = createMessageWriter(120);
  const hear = (receiver: Receiver, client: number, channel: number, seq: number): void => {
    const bytes = putChannel(write7(seq, 0, 0), channel);
    receiver.message(client, bytes, 0, bytes.length, NS_PER_MS);
  };

  test('the phase is complete when everybody has the last of each channel', () => {
    // Five messages: key 0 has 10, 11 and 12, key 1 has 10 and 11.
    const receiver = expecting(2, { audience: keys, coalesces: true });
    let completions = 0;
    receiver.onComplete = () => {
      completions += 1;
    };
    for (const seq of [10, 11, 12]) hear(receiver, 0, 0, seq);
    hear(receiver, 0, 1, 11);
    hear(receiver, 1, 0, 12);
    expect([receiver.complete, completions]).toEqual([false, 0]);
    expect(receiver.collect().staleClients).toBe(1);
    hear(receiver, 1, 1, 11);
    expect([receiver.complete, completions]).toEqual([true, 1]);
    expect(receiver.collect()).toMatchObject({
      staleClients: 0,
      counts: { ...none, received: 6 },
    });
  });

  test('nobody waits for a client that is not connected, nor for a channel without messages', () => {
    const receiver = new Receiver(2);
    receiver.absent(1);
    receiver.expect({ ...phase, count: 1, audience: keys, coalesces: true });
    hear(receiver, 0, 0, 10);
    expect(receiver.complete).toBe(true);
  });

  test('the last message alone completes nothing unless the server may leave out the others', () => {
    const receiver = expecting(1, { audience: keys });
    hear(receiver, 0, 0, 12);
    hear(receiver, 0, 1, 11);
    expect(receiver.complete).toBe(false);
    expect(receiver.collect().staleClients).toBe(0);
  });
});

test('messages of a history are no deliveries, and not foreign', () => {
  const receiver = expecting(1);
  receiver.history = new History({ firstSeq: 3, count: 2, deadlineMs: 1 }, 1);
  deliver(receiver, 2, 3, 4, 4, 10);
  expect(receiver.collect().counts).toEqual({ ...none, received: 1, foreign: 1 });
  expect(receiver.history.report()).toMatchObject({ expected: 2, received: 2, repeated: 1 });
});

describe('the ledger', () => {
  for (const { says, arrivals, counts } of cases) {
    test(says, () => {
      const receiver = expecting(1);
      deliver(receiver, ...arrivals);
      expect(receiver.collect().counts).toEqual({ ...none, ...counts });
    });
  }

  test('is kept for each client apart', () => {
    const receiver = expecting(3);
    deliver(
      receiver,
      { seq: 10, client: 0 },
      { seq: 11, client: 1 },
      { seq: 10, client: 1 },
      { seq: 10, client: 2 },
      { seq: 10, client: 2 },
    );
    expect(receiver.collect().counts).toEqual({
      ...none,
      received: 4,
      reordered: 1,
      duplicated: 1,
    });
  });

  test.each([
    { what: 'text', bytes: Buffer.from('hello') },
    { what: 'nothing', bytes: Buffer.alloc(0) },
    { what: 'other JSON', bytes: Buffer.from(JSON.stringify({ text: 'x'.repeat(200) })) },
  ])('counts a message of $what as foreign', ({ bytes }) => {
    const receiver = expecting(1);
    receiver.message(0, bytes, 0, bytes.length, 0);
    expect(receiver.collect().counts).toEqual({ ...none, foreign: 1 });
  });

  test('starts anew with every phase', () => {
    const receiver = expecting(1);
    deliver(receiver, 12, 12, 11, 99, { seq: 13, afterUs: 200_000 }, { seq: 14, afterUs: -1 });
    receiver.expect({ ...phase, firstSeq: 15 });
    expect(receiver.collect().counts).toEqual(none);
    deliver(receiver, 15, 14, 16);
    expect(receiver.collect().counts).toEqual({ ...none, received: 2, foreign: 1 });
    expect(receiver.collect().due.totalCount).toBe(2);
  });

  test('does not take a gap of an earlier phase for one of this', () => {
    const receiver = expecting(1);
    deliver(receiver, 10, 12);
    receiver.expect(phase);
    deliver(receiver, 10, 11, 11);
    expect(receiver.collect().counts).toEqual({ ...none, received: 2, duplicated: 1 });
  });

  test('counts every message since the start for the bytes on the wire', () => {
    const receiver = expecting(1);
    deliver(receiver, 10, 10, 99);
    receiver.expect({ ...phase, firstSeq: 15 });
    deliver(receiver, 15);
    expect(receiver.messages).toBe(4);
  });
});

describe('latencies', () => {
  test('count from the due time and from the time of sending', () => {
    const receiver = expecting(1);
    deliver(receiver, { seq: 10, afterUs: 500 });
    const { due, sent } = receiver.collect();
    expect([due.maxValue, sent.maxValue]).toEqual([500, 400]);
  });

  test('that are negative are in neither histogram, so that no zero is made of them', () => {
    const receiver = expecting(1);
    deliver(receiver, { seq: 10, afterUs: -5_000 }, { seq: 11, afterUs: 50 });
    const { due, sent } = receiver.collect();
    expect([due.totalCount, sent.totalCount]).toEqual([0, 0]);
  });

  test('of duplicates are not counted again', () => {
    const receiver = expecting(1);
    deliver(receiver, 10, { seq: 10, afterUs: 9_000 });
    expect(receiver.collect().due.maxValue).toBe(500);
  });

  test('beyond the highest a histogram holds are recorded as that', () => {
    const receiver = expecting(1);
    deliver(receiver, { seq: 10, afterUs: 500_000_000 });
    const { due } = receiver.collect();
    expect(due.totalCount).toBe(1);
    expect(due.maxValue / HIGHEST_US).toBeCloseTo(1, 3);
  });

  test('so far have no 99th percentile before anything has come', () => {
    const receiver = expecting(1);
    expect(receiver.p99SoFar).toBeUndefined();
    deliver(receiver, 10);
    expect(receiver.p99SoFar).toBe(500);
  });
});

describe('completion', () => {
  function countCompletions(receiver: Receiver): () => number {
    let completions = 0;
    receiver.onComplete = () => {
      completions += 1;
    };
    return () => completions;
  }

  test('is told once, with the last delivery to the last client', () => {
    const receiver = expecting(2, { count: 2 });
    const completions = countCompletions(receiver);
    deliver(receiver, { seq: 10, client: 0 }, { seq: 11, client: 0 }, { seq: 10, client: 1 });
    expect(completions()).toBe(0);
    deliver(receiver, { seq: 11, client: 1 });
    expect(completions()).toBe(1);
    deliver(receiver, { seq: 11, client: 1 }, { seq: 10, client: 0 }, 99);
    expect(completions()).toBe(1);
  });

  test('does not come by duplicates, nor by messages of other phases', () => {
    const receiver = expecting(1, { count: 3 });
    const completions = countCompletions(receiver);
    deliver(receiver, 10, 10, 10, 99, 98, 97);
    expect(completions()).toBe(0);
  });

  test('does not wait for clients that are not connected', () => {
    const receiver = new Receiver(3);
    receiver.absent(0);
    receiver.absent(1);
    expect(receiver.open).toBe(1);
    receiver.expect({ ...phase, count: 1 });
    const completions = countCompletions(receiver);
    deliver(receiver, { seq: 10, client: 2 });
    expect(completions()).toBe(1);
  });
});

describe('cells', () => {
  test('hold every latency plus one, 0 where nothing has come: a row per message, a column per client', () => {
    const receiver = expecting(2, { count: 2 });
    deliver(
      receiver,
      { seq: 10, client: 0, afterUs: 800 },
      { seq: 10, client: 1, afterUs: 900 },
      { seq: 11, client: 1, afterUs: 0 },
    );
    expect([...receiver.collect().cells]).toEqual([801, 901, 0, 1]);
  });

  test('are kept for every n-th message only, where that is asked for', () => {
    const receiver = expecting(1, { count: 5, sampleEvery: 2 });
    deliver(receiver, ...[10, 11, 12, 13, 14].map((seq) => ({ seq, afterUs: seq })));
    expect([...receiver.collect().cells]).toEqual([11, 13, 15]);
  });

  test('are not kept at all when 0 is asked for', () => {
    const receiver = expecting(1, { sampleEvery: 0 });
    deliver(receiver, 10);
    expect(receiver.collect().cells.length).toBe(0);
  });

  test('keep the latency of the first copy', () => {
    const receiver = expecting(1, { count: 1 });
    deliver(receiver, { seq: 10, afterUs: 700 }, { seq: 10, afterUs: 900 });
    expect([...receiver.collect().cells]).toEqual([701]);
  });
});

/** Message number `index` of the phase in a load over channels. */
function deliverInChannels(
  receiver: Receiver,
  channels: number,
  ...arrivals: readonly { readonly index: number; readonly client: number }[]
): void {
  for (const { index, client } of arrivals) {
    const dueAt = 1_000 * NS_PER_MS + index * NS_PER_MS;
    const bytes = putChannel(
      write(10 + Math.floor(index / channels), dueAt, dueAt),
      index % channels,
    );
    receiver.message(client, bytes, 0, bytes.length, dueAt + 500 * NS_PER_US);
  }
}

describe('messages to rooms', () => {
  // Rooms of clients 4 … 7 of all: 1, 2, 0, 1. Messages 0 … 6 are in rooms 0, 1, 2, 0, 1, 2, 0.
  const rooms: Partial<Expectation> = { count: 7, audience: { kind: 'rooms', count: 3 } };
  function inRooms(expectation: Partial<Expectation> = {}): Receiver {
    const receiver = new Receiver(4, 4);
    receiver.expect({ ...phase, ...rooms, ...expectation });
    return receiver;
  }
  const all = [
    { index: 0, client: 2 },
    { index: 1, client: 0 },
    { index: 1, client: 3 },
    { index: 2, client: 1 },
    { index: 3, client: 2 },
    { index: 4, client: 0 },
    { index: 4, client: 3 },
    { index: 5, client: 1 },
    { index: 6, client: 2 },
  ];

  test('are complete when each member has those of its room', () => {
    const receiver = inRooms();
    deliverInChannels(receiver, 3, ...all.slice(0, -1));
    expect(receiver.complete).toBe(false);
    expect(receiver.collect().staleClients).toBe(1);
    deliverInChannels(receiver, 3, ...all.slice(-1));
    expect(receiver.complete).toBe(true);
    expect(receiver.collect()).toMatchObject({
      counts: { ...none, received: 9 },
      staleClients: 0,
      orders: undefined,
    });
  });

  test('are not expected by members that are not connected', () => {
    const receiver = new Receiver(4, 4);
    receiver.absent(2);
    receiver.expect({ ...phase, ...rooms });
    deliverInChannels(receiver, 3, ...all.filter(({ client }) => client !== 2));
    expect(receiver.complete).toBe(true);
    expect(receiver.collect().staleClients).toBe(0);
  });

  test('of another room are foreign, and so are those of no room', () => {
    const receiver = inRooms();
    deliverInChannels(receiver, 3, { index: 0, client: 0 }, { index: 2, client: 2 });
    deliverInChannels(receiver, 4, { index: 3, client: 2 });
    expect(receiver.collect().counts).toEqual({ ...none, foreign: 3 });
  });

  test('behind the last of the phase are foreign', () => {
    const receiver = inRooms();
    deliverInChannels(receiver, 3, { index: 7, client: 0 }, { index: 9, client: 2 });
    expect(receiver.collect().counts).toEqual({ ...none, foreign: 2 });
  });

  test('are numbered per room: duplicates and gaps are seen in each', () => {
    const receiver = inRooms();
    const [a, b] = [
      { index: 1, client: 0 },
      { index: 4, client: 0 },
    ];
    deliverInChannels(receiver, 3, b, a, a, { index: 4, client: 3 });
    expect(receiver.collect().counts).toEqual({
      ...none,
      received: 3,
      reordered: 1,
      duplicated: 1,
    });
  });

  test('have a row of cells each, of which only their members fill one', () => {
    const receiver = inRooms();
    deliverInChannels(receiver, 3, ...all);
    const { cells } = receiver.collect();
    const filled = [...cells].flatMap((cell, at) => (cell === 0 ? [] : [at]));
    expect(filled).toEqual(all.map(({ index, client }) => index * 4 + client));
  });

  test('that must be in order have a digest per member, which tells two orders apart', () => {
    const receiver = inRooms({ ordered: true });
    deliverInChannels(receiver, 3, { index: 1, client: 0 }, { index: 4, client: 0 });
    deliverInChannels(receiver, 3, { index: 4, client: 3 }, { index: 1, client: 3 });
    const { orders = [] } = receiver.collect();
    expect(orders.map(({ channel }) => channel)).toEqual([1, 2, 0, 1]);
    expect(orders[0]?.digest).not.toBe(orders[3]?.digest);
    receiver.expect({ ...phase, ...rooms, ordered: true });
    for (const client of [0, 3]) {
      deliverInChannels(receiver, 3, { index: 4, client }, { index: 1, client });
    }
    const same = receiver.collect().orders ?? [];
    expect(same[0]?.digest).toBe(same[3]?.digest);
  });
});

describe('messages under keys', () => {
  const keys: Partial<Expectation> = { count: 4, audience: { kind: 'keys', count: 4, each: 2 } };

  test('reach those whose window holds the key, around the end of the keys', () => {
    // Clients 3 and 4 of all have the keys 3, 0 and 0, 1.
    const receiver = new Receiver(2, 3);
    receiver.expect({ ...phase, ...keys });
    deliverInChannels(
      receiver,
      4,
      { index: 0, client: 0 },
      { index: 0, client: 1 },
      { index: 1, client: 1 },
      { index: 3, client: 0 },
    );
    expect(receiver.complete).toBe(true);
    deliverInChannels(receiver, 4, { index: 1, client: 0 }, { index: 2, client: 1 });
    expect(receiver.collect()).toMatchObject({
      counts: { ...none, received: 4, foreign: 2 },
      staleClients: 0,
    });
  });
});

describe('messages for everybody that must be in order', () => {
  test('have digests, and need to name no channel', () => {
    const receiver = expecting(2, { count: 2, ordered: true });
    deliver(receiver, { seq: 10, client: 0 }, { seq: 11, client: 0 });
    deliver(receiver, { seq: 11, client: 1 }, { seq: 10, client: 1 });
    const { orders = [], counts } = receiver.collect();
    expect(counts).toEqual({ ...none, received: 4, reordered: 1 });
    expect(orders.map(({ channel }) => channel)).toEqual([0, 0]);
    expect(orders[0]?.digest).not.toBe(orders[1]?.digest);
  });
});

describe('stale clients', () => {
  test('lack the last message; one that has it after a gap is not stale', () => {
    const receiver = expecting(3, { count: 3 });
    deliver(receiver, { seq: 12, client: 0 }, { seq: 11, client: 1 });
    expect(receiver.collect().staleClients).toBe(2);
  });

  test('are none where nothing was published', () => {
    expect(expecting(3, { count: 0 }).collect().staleClients).toBe(0);
  });
});

describe('events with a name', () => {
  test('are handed on, and are foreign where they mean nothing', () => {
    const receiver = expecting(1);
    const seen: unknown[] = [];
    receiver.onEvent = (event, client, _bytes, start, end, receivedAt) => {
      seen.push([event, client, start, end, receivedAt]);
      return event === 'answer';
    };
    const bytes = write(10, 0, 0);
    receiver.message(0, bytes, 0, 7, 42, 'answer');
    receiver.message(0, bytes, 0, 7, 43, 'quote');
    expect(seen).toEqual([
      ['answer', 0, 0, 7, 42],
      ['quote', 0, 0, 7, 43],
    ]);
    expect(receiver.collect().counts).toEqual({ ...none, foreign: 1 });
    expect(receiver.messages).toBe(2);
  });
});

test('causes of closing are counted', () => {
  const receiver = new Receiver(3);
  receiver.closed(0, 'reset');
  receiver.closed(2, 'reset');
  receiver.closed(1, 'ended');
  expect(Object.fromEntries(receiver.closedCauses)).toEqual({ reset: 2, ended: 1 });
});

describe('messages too small for their times', () => {
  const bytes = 16;
  const small = createMessageWriter(bytes);
  const schedule = { pacing: 'constant', ratePerS: 1_000, durationMs: 5, seed: 1 } as const;
  const startNs = 1_000 * NS_PER_MS;
  const hear = (receiver: Receiver, seq: number, afterUs: number, client = 0): void => {
    const read = Buffer.concat([Buffer.from('data: '), small(seq, 0, 0), Buffer.from('\n\n')]);
    // Number 10 is the first of the phase, and one is due every millisecond.
    const dueAt = startNs + (seq - 10) * NS_PER_MS;
    receiver.message(client, read, 6, 6 + bytes, dueAt + afterUs * NS_PER_US);
  };
  const started = (): Receiver => {
    const receiver = expecting(1, { schedule });
    receiver.starts(startNs);
    return receiver;
  };

  test('have the due time of their place in the schedule, and no time of sending', () => {
    const receiver = started();
    for (const seq of [10, 11, 12, 13, 14]) hear(receiver, seq, 500);
    const { counts, due, sent, cells } = receiver.collect();
    expect(counts).toEqual({ ...none, received: 5 });
    expect([due.totalCount, due.minNonZeroValue, due.maxValue]).toEqual([5, 500, 500]);
    expect(sent.totalCount).toBe(0);
    expect([...cells]).toEqual(new Array(5).fill(501));
  });

  test('are in the ledger like all others', () => {
    const receiver = started();
    hear(receiver, 12, 500);
    hear(receiver, 10, 500);
    hear(receiver, 10, 500);
    hear(receiver, 11, 200_000);
    hear(receiver, 13, -1);
    hear(receiver, 9, 500);
    hear(receiver, 15, 500);
    expect(receiver.collect().counts).toEqual({
      received: 4,
      duplicated: 1,
      reordered: 2,
      late: 1,
      foreign: 2,
      beforeDue: 1,
    });
  });

  test('wait for the news of when the schedule starts, which they may overtake', () => {
    const receiver = expecting(1, { schedule });
    let complete = 0;
    receiver.onComplete = () => {
      complete += 1;
    };
    for (const seq of [10, 11, 12, 13, 14]) hear(receiver, seq, 700);
    expect(receiver.collect().counts).toEqual(none);
    receiver.starts(startNs);
    expect(receiver.collect().counts).toEqual({ ...none, received: 5 });
    expect(receiver.collect().due.maxValue).toBe(700);
    expect(complete).toBe(1);
  });

  test('are foreign to a phase whose messages carry their times', () => {
    const receiver = expecting(1);
    hear(receiver, 10, 500);
    expect(receiver.collect().counts).toEqual({ ...none, foreign: 1 });
  });

  test('are told from other texts of their size', () => {
    const receiver = started();
    const other = Buffer.from('{"price":1.50000}');
    receiver.message(0, other, 0, other.length, startNs);
    expect(receiver.collect().counts).toEqual({ ...none, foreign: 1 });
  });
});
