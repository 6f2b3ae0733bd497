import { describe, expect, test } from 'vitest';
import { NS_PER_MS, NS_PER_US } from '../../core/clock.ts';
import type { DeliveryCounts, Expectation } from '../../core/control.ts';
import { HIGHEST_US } from '../../core/histogram.ts';
import { createMessageWriter } from '../../core/message.ts';
import { Receiver } from '../../loadgen/receiver.ts';

const write = createMessageWriter(100);
const phase: Expectation = { firstSeq: 10, count: 5, deadlineMs: 100, sampleEvery: 1 };

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
    receiver.open = 1;
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

test('causes of closing are counted', () => {
  const receiver = new Receiver(3);
  receiver.closed(0, 'reset');
  receiver.closed(2, 'reset');
  receiver.closed(1, 'ended');
  expect(Object.fromEntries(receiver.closedCauses)).toEqual({ reset: 2, ended: 1 });
});
