import { describe, expect, test } from 'vitest';
import { NS_PER_MS } from '../../core/clock.ts';
import type { RequestOrder } from '../../core/control.ts';
import { isMessage, readDueAt, readSeq } from '../../core/message.ts';
import type { TripCounts } from '../../core/process-reports.ts';
import type { Ticker } from '../../core/ticker.ts';
import type { Client } from '../../core/transport.ts';
import { Requester } from '../../loadgen/requester.ts';

const order: RequestOrder = {
  schedule: { pacing: 'constant', ratePerS: 1_000, durationMs: 7, seed: 3 },
  startNs: 5 * NS_PER_MS,
  payloadBytes: 100,
  timeoutMs: 100,
  workers: 2,
  cancelShare: 0,
  work: { kind: 'echo' },
};
const now = 20 * NS_PER_MS;

/** Fires every event at once: the schedule is not what is tested here. */
const atOnce: Ticker = {
  async run(schedule, startNs, onDue) {
    for (let index = 0; index < schedule.count; index += 1) {
      onDue(index, startNs + schedule.dueAt(index));
    }
  },
  poke: () => undefined,
  close: async () => undefined,
};

function fakeClient(sent: string[], name: number, refuse = false): Client {
  return {
    bytesRead: 0,
    session: `s${name}`,
    async send(message) {
      sent.push(`${name} ${message.toString('latin1')}`);
      if (refuse) throw new Error('refused');
    },
    pause: () => undefined,
    resume: () => undefined,
    close: () => undefined,
  };
}

async function started({
  worker = 0,
  changed = {},
  clients = 2,
  refuse = false,
}: {
  worker?: number;
  changed?: Partial<RequestOrder>;
  clients?: number;
  refuse?: boolean;
} = {}) {
  const sent: string[] = [];
  const requester = new Requester({
    order: { ...order, ...changed },
    worker,
    firstId: 100,
    // One of them could not connect.
    clients: [undefined, ...Array.from({ length: clients }, (_, i) => fakeClient(sent, i, refuse))],
    clock: () => now,
  });
  let completions = 0;
  requester.onComplete = () => {
    completions += 1;
  };
  await requester.run(atOnce);
  const hear = (what: 'answer' | 'part', text: string, receivedAt = now): void => {
    // Anywhere in a buffer, as it comes from a socket.
    const bytes = Buffer.from(`data: ${text}\n\n`);
    requester[what](bytes, 6, 6 + text.length, receivedAt);
  };
  const counts = (): Partial<TripCounts> =>
    Object.fromEntries(Object.entries(requester.report().counts).filter(([, count]) => count > 0));
  return { requester, sent, hear, counts, completions: () => completions };
}

const idsOf = (sent: readonly string[]): string[] =>
  sent.map((text) => `${text.slice(0, 1)} ${/"id":"(\d+)"/.exec(text)?.[1]}`);

describe('requests', () => {
  test('of all workers together are the schedule, each from one client after another', async () => {
    const [first, second] = [await started({ worker: 0 }), await started({ worker: 1 })];
    expect(idsOf(first.sent)).toEqual(['0 100', '1 102', '0 104', '1 106']);
    expect(idsOf(second.sent)).toEqual(['0 101', '1 103', '0 105']);
    expect([first.counts(), second.counts()]).toEqual([
      { planned: 4, sent: 4 },
      { planned: 3, sent: 3 },
    ]);
  });

  test('carry a benchmark message with the due time of the whole schedule', async () => {
    const { sent } = await started({ worker: 1 });
    const [frame = ''] = sent.slice(1);
    const { op, id, data } = JSON.parse(frame.slice(2)) as Record<string, unknown>;
    expect({ op, id }).toEqual({ op: 'request', id: '103' });
    expect(data).toMatchObject({ seq: 3, due: 8 * NS_PER_MS, sent: now });
    const bytes = Buffer.from(frame);
    const start = frame.indexOf('{"seq"');
    expect(isMessage(bytes, start, start + 100)).toBe(true);
    expect([readSeq(bytes, start), readDueAt(bytes, start)]).toEqual([3, 8 * NS_PER_MS]);
    expect(bytes.length).toBe(start + 100 + 1);
  });

  test('are planned and not sent where no client is connected', async () => {
    const { counts, completions } = await started({ clients: 0 });
    expect(counts()).toEqual({ planned: 4 });
    expect(completions()).toBe(1);
  });

  test('that are refused are errors, and complete the phase', async () => {
    const { counts, completions } = await started({ refuse: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(counts()).toEqual({ planned: 4, sent: 4, errors: 4 });
    expect(completions()).toBe(1);
  });
});

describe('answers', () => {
  test('complete the phase with the last of them, whether data or error', async () => {
    const { hear, counts, completions } = await started();
    hear('answer', '{"id":"100","data":{"error":"in the data"}}');
    hear('answer', '{"id":"102","error":"no"}');
    hear('answer', '{"id":"106","data":null}');
    expect(completions()).toBe(0);
    hear('answer', '{"id":"104","data":1}', now + 200 * NS_PER_MS);
    expect(completions()).toBe(1);
    expect(counts()).toEqual({ planned: 4, sent: 4, answered: 3, late: 1, errors: 1 });
  });

  test.each([
    '{"id":"99","data":1}',
    '{"id":"101","data":1}',
    '{"id":"107","data":1}',
    '{"id":"","data":1}',
    '{"id":"1x0","data":1}',
    '{"id":"100',
    '{}',
    '',
  ])('to %s, which this worker did not ask now, are foreign', async (text) => {
    const { hear, counts } = await started();
    hear('answer', text);
    expect(counts()).toEqual({ planned: 4, sent: 4, foreign: 1 });
  });
});

describe('parts', () => {
  const work = { kind: 'parts', parts: 4, gapMs: 1 } as const;

  test('are counted, and nothing is cancelled unless that is asked for', async () => {
    const { hear, counts, sent } = await started({ changed: { work } });
    for (const part of [0, 1, 2, 3]) hear('part', `{"id":"100","part":${part},"data":1}`);
    expect(counts()).toEqual({ planned: 4, sent: 4, parts: 4 });
    expect(sent.length).toBe(4);
  });

  test('that an answer lacks, and those that come out of turn or again, are counted', async () => {
    const { hear, requester } = await started({ changed: { work } });
    for (const part of [0, 1, 2, 3]) hear('part', `{"id":"100","part":${part},"data":1}`);
    hear('answer', '{"id":"100","data":1}');
    expect(requester.report().counts).toMatchObject({ partsMissing: 0, partsOutOfTurn: 0 });
    for (const part of [1, 0, 2, 3]) hear('part', `{"id":"102","part":${part},"data":1}`);
    hear('answer', '{"id":"102","data":1}');
    expect(requester.report().counts).toMatchObject({ partsMissing: 0, partsOutOfTurn: 2 });
    hear('part', '{"id":"104","part":0,"data":1}');
    hear('answer', '{"id":"104","data":1}');
    expect(requester.report().counts).toMatchObject({ partsMissing: 3, partsOutOfTurn: 2 });
  });

  test('are not counted as missing where answers have none, or the request was given up', async () => {
    const plain = await started();
    plain.hear('answer', '{"id":"100","data":1}');
    expect(plain.requester.report().counts).not.toHaveProperty('partsMissing');
    const cancelling = await started({ changed: { work, cancelShare: 1 } });
    for (const part of [0, 1]) cancelling.hear('part', `{"id":"100","part":${part},"data":1}`);
    cancelling.hear('answer', '{"id":"100","data":null}');
    expect(cancelling.requester.report().counts).toMatchObject({ cancelled: 1, partsMissing: 0 });
  });

  test('of a request to be given up lead to a cancel when half of them have come', async () => {
    const { hear, counts, sent } = await started({ changed: { work, cancelShare: 1 } });
    hear('part', '{"id":"102","part":0,"data":1}');
    expect(sent.length).toBe(4);
    hear('part', '{"id":"102","part":1,"data":1}');
    expect(sent.at(-1)).toBe('1 {"op":"cancel","id":"102"}');
    hear('part', '{"id":"102","part":2,"data":1}');
    hear('answer', '{"id":"102","error":"cancelled"}');
    expect(counts()).toEqual({
      planned: 4,
      sent: 4,
      cancelled: 1,
      parts: 3,
      partsAfterCancel: 1,
    });
    expect(sent.length).toBe(5);
  });

  test('are given up by the same requests whenever the seed is the same, and by about their share', async () => {
    const schedule = { ...order.schedule, durationMs: 1_000 };
    const cancelled = async (seed: number): Promise<string[]> => {
      const { hear, sent } = await started({
        changed: { work, cancelShare: 0.3, workers: 1, schedule: { ...schedule, seed } },
      });
      for (let id = 100; id < 1_100; id += 1) {
        for (const part of [0, 1]) hear('part', `{"id":"${id}","part":${part},"data":1}`);
      }
      return sent.filter((text) => text.includes('"cancel"'));
    };
    const once = await cancelled(3);
    expect(await cancelled(3)).toEqual(once);
    expect(await cancelled(4)).not.toEqual(once);
    expect(once.length).toBeGreaterThan(250);
    expect(once.length).toBeLessThan(350);
  });
});
