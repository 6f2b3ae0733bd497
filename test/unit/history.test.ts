/** What clients get of before their time: which of it came, and how long it took. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NS_PER_US } from '../../core/clock.ts';
import { decodeHistogram } from '../../core/histogram.ts';
import { History, historiesSettled } from '../../loadgen/history.ts';

const order = { firstSeq: 100, count: 3, deadlineMs: 50 };

function recorded(clients = 2) {
  const history = new History(order, clients);
  for (let client = 0; client < clients; client += 1) history.started(client, 1_000 * NS_PER_US);
  const hear = (client: number, ...seqs: readonly number[]): boolean[] =>
    seqs.map((seq) => history.take(client, seq, (1_000 + seq) * NS_PER_US));
  return { history, hear };
}

describe('a history', () => {
  test('that came whole took from the call to connect to its last message', () => {
    const { history, hear } = recorded(1);
    hear(0, 100, 101);
    expect(history.complete).toBe(false);
    hear(0, 102);
    const { latency, ...counts } = history.report();
    expect(counts).toEqual({ clients: 1, expected: 3, received: 3, repeated: 0 });
    expect(decodeHistogram(latency).maxValue).toBe(102);
    expect(history.complete).toBe(true);
  });

  test('with a hole in it is not whole, and has no time', () => {
    const { history, hear } = recorded(1);
    hear(0, 100, 102);
    const { latency, received } = history.report();
    expect([received, decodeHistogram(latency).totalCount]).toEqual([2, 0]);
  });

  test('counts what comes again or out of order, also long after it was whole', () => {
    const { history, hear } = recorded(1);
    hear(0, 100, 101, 102, 102, 100);
    expect(history.report()).toMatchObject({ received: 3, repeated: 2 });
  });

  test('does not take what is of no history', () => {
    const { hear } = recorded();
    expect(hear(0, 99, 100, 103)).toEqual([false, true, false]);
  });

  test('of a client that never connected is missing, and not waited for', () => {
    const { history, hear } = recorded(2);
    history.absent();
    hear(0, 100, 101, 102);
    expect(history.complete).toBe(true);
    expect(history.report()).toMatchObject({ clients: 2, expected: 6, received: 3 });
  });
});

describe('waiting for histories', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function isOver(waiting: Promise<void>): Promise<boolean> {
    let over = false;
    void waiting.then(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    return over;
  }

  test('ends with the last of them', async () => {
    const { history, hear } = recorded(2);
    const waiting = historiesSettled(history, 50);
    hear(0, 100, 101, 102);
    expect(await isOver(waiting)).toBe(false);
    hear(1, 100, 101, 102);
    expect(await isOver(waiting)).toBe(true);
  });

  test('ends at the deadline, whatever is missing', async () => {
    const waiting = historiesSettled(recorded().history, 50);
    await vi.advanceTimersByTimeAsync(49);
    expect(await isOver(waiting)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await isOver(waiting)).toBe(true);
  });

  test('takes no time where they are here already, or there is none', async () => {
    expect(await isOver(historiesSettled(new History({ ...order, count: 0 }, 2), 50))).toBe(true);
    const { history, hear } = recorded(1);
    hear(0, 100, 101, 102);
    expect(await isOver(historiesSettled(history, 50))).toBe(true);
  });
});
