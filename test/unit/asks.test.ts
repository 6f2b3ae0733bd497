/** Questions and answers on a clock and timers that are moved by hand. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { AskOptions, AskOutcome } from '../../servers/asks.ts';
import { Asks } from '../../servers/asks.ts';

const NS_PER_MS = 1_000_000;

function createFixture(options: Partial<AskOptions> = {}) {
  let now = 1_000_000;
  const timers = new Set<{ readonly act: () => void; readonly at: number }>();
  const set: number[] = [];
  const asks = new Asks({
    instance: 'i',
    defaultTimeoutMs: 30_000,
    clock: () => now * NS_PER_MS,
    setTimer(act, ms) {
      const timer = { act, at: now + ms };
      timers.add(timer);
      set.push(ms);
      return { cancel: () => timers.delete(timer) };
    },
    ...options,
  });
  const outcomes: Record<string, AskOutcome[]> = {};
  return {
    asks,
    outcomes,
    timers,
    /** What timers were set for, ms. */
    set,
    /** Lets time pass without a timer noticing, as a busy loop does. */
    stall: (ms: number) => {
      now += ms;
    },
    wait: (ms: number) => {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.at - b.at);
        if (next === undefined || next.at > end) break;
        now = Math.max(now, next.at);
        timers.delete(next);
        next.act();
      }
      now = end;
    },
    open: (owner: object, timeoutMs?: number): string => {
      const heard: AskOutcome[] = [];
      const id = asks.openWith(owner, timeoutMs, (outcome) => heard.push(outcome));
      outcomes[id] = heard;
      return id;
    },
  };
}

const none = {
  opened: 0,
  answered: 0,
  failed: 0,
  timedOut: 0,
  left: 0,
  late: 0,
  duplicate: 0,
  unknown: 0,
};

describe('an answer', () => {
  test('ends its ask with its data', async () => {
    const { asks } = createFixture();
    const owner = {};
    const { id, outcome } = asks.open(owner);
    expect([id, asks.pending]).toEqual(['i-1', 1]);
    expect(asks.answer(owner, id, { data: { a: 1 } })).toBe('accepted');
    expect(await outcome).toEqual({ kind: 'answered', data: { a: 1 } });
    expect(asks.pending).toBe(0);
    expect(asks.counters).toEqual({ ...none, opened: 1, answered: 1 });
  });

  test('may be that it failed', async () => {
    const { asks } = createFixture();
    const owner = {};
    const { id, outcome } = asks.open(owner);
    expect(asks.answer(owner, id, { error: 'no idea' })).toBe('accepted');
    expect(await outcome).toEqual({ kind: 'failed', error: 'no idea' });
    expect(asks.counters).toEqual({ ...none, opened: 1, failed: 1 });
  });

  test('is heard of before `answer` returns', () => {
    const { asks, outcomes, open } = createFixture();
    const owner = {};
    const id = open(owner);
    expect(outcomes[id]).toEqual([]);
    asks.answer(owner, id, { data: null });
    expect(outcomes[id]).toEqual([{ kind: 'answered', data: null }]);
  });

  test.each([
    ['data', { data: 2 }],
    ['error', { error: 'e' }],
  ])('given a second time, as %s, is a duplicate and changes nothing', (_, second) => {
    const { asks, outcomes, open } = createFixture();
    const owner = {};
    const id = open(owner);
    asks.answer(owner, id, { data: 1 });
    expect(asks.answer(owner, id, second)).toBe('duplicate');
    expect(asks.part(owner, id, 3)).toBe('duplicate');
    expect(outcomes[id]).toEqual([{ kind: 'answered', data: 1 }]);
    expect(asks.counters).toEqual({ ...none, opened: 1, answered: 1, duplicate: 2 });
  });

  test('that says it failed makes the next one a duplicate as well', () => {
    const { asks, open } = createFixture();
    const owner = {};
    const id = open(owner);
    asks.answer(owner, id, { error: 'e' });
    expect(asks.answer(owner, id, { data: 1 })).toBe('duplicate');
  });

  test('by somebody who was not asked is unknown, before and after', () => {
    const { asks, outcomes, open } = createFixture();
    const owner = {};
    const other = {};
    const id = open(owner);
    open(other);
    expect(asks.answer(other, id, { data: 'forged' })).toBe('unknown');
    expect(asks.answer({}, id, { data: 'forged' })).toBe('unknown');
    expect(asks.part(other, id, 'forged')).toBe('unknown');
    expect(outcomes[id]).toEqual([]);
    expect(asks.answer(owner, id, { data: 'real' })).toBe('accepted');
    expect(asks.answer(other, id, { data: 'forged' })).toBe('unknown');
    expect(outcomes[id]).toEqual([{ kind: 'answered', data: 'real' }]);
  });

  test.each(['', 'i-2', 'i-01', 'I-1', 'j-1', '__proto__'])('to %j is unknown', (id) => {
    const { asks, open } = createFixture();
    const owner = {};
    open(owner);
    expect(asks.answer(owner, id, { data: 1 })).toBe('unknown');
    expect(asks.counters).toEqual({ ...none, opened: 1, unknown: 1 });
  });

  test('finds its ask whatever the order', () => {
    const { asks, outcomes, open } = createFixture();
    const owner = {};
    const ids = Array.from({ length: 100 }, () => open(owner));
    for (const id of createRandom(1).shuffle(ids)) asks.answer(owner, id, { data: id });
    expect(ids.map((id) => outcomes[id])).toEqual(
      ids.map((id) => [{ kind: 'answered', data: id }]),
    );
  });
});

describe('a part', () => {
  test('is handed on, and the answer is still to come', () => {
    const { asks } = createFixture();
    const owner = {};
    const parts: unknown[] = [];
    const { id } = asks.open(owner, undefined, (data) => parts.push(data));
    expect([asks.part(owner, id, 1), asks.part(owner, id, null)]).toEqual(['accepted', 'accepted']);
    expect(parts).toEqual([1, null]);
    expect(asks.pending).toBe(1);
    expect(asks.answer(owner, id, { data: 'end' })).toBe('accepted');
  });

  test('may come where nobody listens for parts', () => {
    const { asks, open } = createFixture();
    const owner = {};
    expect(asks.part(owner, open(owner), 1)).toBe('accepted');
  });

  test('does not extend the time', () => {
    const { asks, outcomes, open, wait } = createFixture();
    const owner = {};
    const id = open(owner, 100);
    wait(99);
    asks.part(owner, id, 1);
    wait(1);
    expect(outcomes[id]).toEqual([{ kind: 'timeout' }]);
    expect(asks.part(owner, id, 2)).toBe('late');
  });
});

describe('a timeout', () => {
  test('comes after its time and not before', async () => {
    const { asks, wait } = createFixture();
    const owner = {};
    const { id, outcome } = asks.open(owner);
    wait(29_999);
    expect(asks.pending).toBe(1);
    wait(1);
    expect(asks.pending).toBe(0);
    expect(await outcome).toEqual({ kind: 'timeout' });
    expect(asks.answer(owner, id, { data: 1 })).toBe('late');
    expect(asks.counters).toEqual({ ...none, opened: 1, timedOut: 1, late: 1 });
  });

  test('makes the answer late, which satisfies no later ask', () => {
    const { asks, outcomes, open, wait } = createFixture();
    const owner = {};
    const first = open(owner, 100);
    wait(100);
    const second = open(owner, 100);
    expect(asks.answer(owner, first, { data: 'first' })).toBe('late');
    expect(outcomes[second]).toEqual([]);
    expect(asks.answer(owner, second, { data: 'second' })).toBe('accepted');
    expect(outcomes[second]).toEqual([{ kind: 'answered', data: 'second' }]);
  });

  test('is each ask its own, the shorter first', () => {
    const { asks, outcomes, open, wait } = createFixture();
    const owner = {};
    const [long, short, standard] = [open(owner, 40_000), open(owner, 10), open(owner)];
    const ended = (): number[] => [long, short, standard].map((id) => outcomes[id]?.length ?? -1);
    wait(10);
    expect(ended()).toEqual([0, 1, 0]);
    wait(29_990);
    expect(ended()).toEqual([0, 1, 1]);
    wait(10_000);
    expect(ended()).toEqual([1, 1, 1]);
    expect(asks.counters.timedOut).toBe(3);
  });

  test('comes to the ms for asks that share a timer', () => {
    const { outcomes, open, wait } = createFixture();
    const owner = {};
    const first = open(owner, 100);
    wait(30);
    const second = open(owner, 100);
    wait(70);
    expect([outcomes[first]?.length, outcomes[second]?.length]).toEqual([1, 0]);
    wait(29);
    expect(outcomes[second]?.length).toBe(0);
    wait(1);
    expect(outcomes[second]?.length).toBe(1);
  });

  test('needs one timer, however many asks there are', () => {
    const { asks, open, wait, set, timers } = createFixture();
    const owner = {};
    for (let i = 0; i < 1_000; i += 1) {
      asks.answer(owner, open(owner), { data: i });
      wait(1);
    }
    open(owner);
    expect(set).toEqual([30_000]);
    wait(29_000);
    expect(set).toEqual([30_000, 1_000]);
    wait(1_000);
    expect([timers.size, asks.counters.timedOut]).toEqual([0, 1]);
  });

  test('leaves an answer that comes before the delayed timer accepted', () => {
    const { asks, open, stall } = createFixture();
    const owner = {};
    const id = open(owner, 100);
    stall(500);
    expect(asks.answer(owner, id, { data: 1 })).toBe('accepted');
  });

  test('is noticed again after the queue was empty', () => {
    const { outcomes, open, wait, timers } = createFixture();
    const owner = {};
    open(owner, 100);
    wait(100);
    expect(timers.size).toBe(0);
    const id = open(owner, 100);
    wait(100);
    expect(outcomes[id]).toEqual([{ kind: 'timeout' }]);
  });

  test('after which somebody asks again at once comes again in its time', () => {
    const { asks, wait } = createFixture();
    const owner = {};
    let times = 0;
    const again = (): void => {
      times += 1;
      asks.openWith(owner, 0, again);
    };
    again();
    wait(5);
    // 0 is taken for 1 ms, or the first of these would never end.
    expect(times).toBe(6);
  });

  test.each([
    [Number.POSITIVE_INFINITY, 2_147_483_647],
    [3_000_000_000, 2_147_483_647],
    [Number.NaN, 1],
    [-5, 1],
    [0.5, 1],
    [1.5, 2],
  ])('of %d ms sets a timer for %d', (timeoutMs, ms) => {
    const { open, set } = createFixture();
    open({}, timeoutMs);
    expect(set).toEqual([ms]);
  });

  test('longer than a timer can be takes several', () => {
    const { outcomes, open, wait } = createFixture();
    const id = open({}, 3_000_000_000);
    wait(2_999_999_999);
    expect(outcomes[id]).toEqual([]);
    wait(1);
    expect(outcomes[id]).toEqual([{ kind: 'timeout' }]);
  });
});

describe('leaving', () => {
  test('ends all that was asked of the one who left, and nothing else', () => {
    const { asks, outcomes, open } = createFixture();
    const owner = {};
    const other = {};
    const [first, foreign, second] = [open(owner), open(other), open(owner, 5)];
    asks.leave(owner);
    expect([outcomes[first], outcomes[foreign], outcomes[second]]).toEqual([
      [{ kind: 'left' }],
      [],
      [{ kind: 'left' }],
    ]);
    expect(asks.pending).toBe(1);
    expect(asks.answer(owner, first, { data: 1 })).toBe('late');
    expect(asks.counters).toEqual({ ...none, opened: 3, left: 2, late: 1 });
  });

  test('twice, or without having been asked, changes nothing', () => {
    const { asks, open } = createFixture();
    const owner = {};
    open(owner);
    asks.leave(owner);
    asks.leave(owner);
    asks.leave({});
    expect(asks.counters).toEqual({ ...none, opened: 1, left: 1 });
  });

  test('does not keep one who comes back from being asked', () => {
    const { asks, open, outcomes, wait } = createFixture();
    const owner = {};
    open(owner);
    asks.leave(owner);
    const id = open(owner);
    wait(1);
    expect(asks.answer(owner, id, { data: 1 })).toBe('accepted');
    expect(outcomes[id]).toEqual([{ kind: 'answered', data: 1 }]);
  });

  test('ends when somebody asks again at each end', () => {
    const { asks } = createFixture();
    const owner = {};
    let opened = 0;
    const again = (): void => {
      opened += 1;
      asks.openWith(owner, undefined, again);
    };
    again();
    asks.leave(owner);
    expect([opened, asks.pending]).toEqual([2, 1]);
  });

  test('of which the first to hear ends the second is told once to each', () => {
    const { asks } = createFixture();
    const owner = {};
    const heard: string[] = [];
    asks.openWith(owner, undefined, ({ kind }) => {
      heard.push(`first ${kind}`);
      asks.answer(owner, 'i-2', { data: 1 });
    });
    asks.openWith(owner, undefined, ({ kind }) => heard.push(`second ${kind}`));
    asks.leave(owner);
    expect(heard).toEqual(['first left', 'second answered']);
    expect(asks.counters).toEqual({ ...none, opened: 2, left: 1, answered: 1 });
  });
});

test('closing ends every ask and every timer', () => {
  const { asks, outcomes, open, timers } = createFixture();
  const ids = [open({}), open({}, 5), open({}, 5)];
  asks.closeAll();
  expect(ids.map((id) => outcomes[id])).toEqual(ids.map(() => [{ kind: 'left' }]));
  expect([asks.pending, timers.size]).toEqual([0, 0]);
  expect(asks.counters).toEqual({ ...none, opened: 3, left: 3 });
});

describe('what is remembered', () => {
  test('is bounded: the oldest is forgotten first', () => {
    const { asks, open } = createFixture({ remember: 3 });
    const owner = {};
    const ids = Array.from({ length: 5 }, () => open(owner));
    for (const id of ids) asks.answer(owner, id, { data: 1 });
    expect(ids.map((id) => asks.answer(owner, id, { data: 2 }))).toEqual([
      'unknown',
      'unknown',
      'duplicate',
      'duplicate',
      'duplicate',
    ]);
  });

  test('may be nothing', () => {
    const { asks, open } = createFixture({ remember: 0 });
    const owner = {};
    const id = open(owner);
    asks.answer(owner, id, { data: 1 });
    expect(asks.answer(owner, id, { data: 1 })).toBe('unknown');
  });

  test('is 10,000 where nothing is said', () => {
    const { asks, open } = createFixture();
    const owner = {};
    const ids = Array.from({ length: 10_001 }, () => open(owner));
    asks.leave(owner);
    expect(asks.answer(owner, ids[0] ?? '', { data: 1 })).toBe('unknown');
    expect(asks.answer(owner, ids[1] ?? '', { data: 1 })).toBe('late');
  });

  test('does not include asks that are open, however many', () => {
    const { asks, open } = createFixture({ remember: 1 });
    const owner = {};
    const ids = Array.from({ length: 50 }, () => open(owner));
    expect(new Set(ids.map((id) => asks.answer(owner, id, { data: 1 })))).toEqual(
      new Set(['accepted']),
    );
  });
});

test('ids count on in base 36 and are never given twice', () => {
  const { asks, open } = createFixture({ instance: 'k3f9' });
  const owner = {};
  const ids = Array.from({ length: 2_000 }, () => {
    const id = open(owner);
    asks.answer(owner, id, { data: 1 });
    return id;
  });
  expect([ids[0], ids[9], ids[35], ids[1_999]]).toEqual([
    'k3f9-1',
    'k3f9-a',
    'k3f9-10',
    'k3f9-1jk',
  ]);
  expect(new Set(ids).size).toBe(2_000);
});

test('an answer to an earlier start of the server is unknown', () => {
  const before = createFixture({ instance: 'a' });
  const after = createFixture({ instance: 'b' });
  const owner = {};
  const id = before.open(owner);
  after.open(owner);
  expect(after.asks.answer(owner, id, { data: 1 })).toBe('unknown');
});
