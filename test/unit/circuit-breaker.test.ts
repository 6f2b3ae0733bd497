/** Every state of the breaker, and every way from one to another, on a clock that is set by hand. */
import { describe, expect, test } from 'vitest';
import { CircuitBreaker, CircuitOpenError } from '../../servers/circuit-breaker.ts';

const OPEN_MS = 1_000;

function createFixture(failures = 3) {
  let now = 5_000;
  const breaker = new CircuitBreaker({ failures, openMs: OPEN_MS, clock: () => now });
  return {
    breaker,
    wait: (ms: number) => {
      now += ms;
    },
    succeed: () => breaker.run(() => 'fine'),
    fail: (times = 1) => {
      for (let i = 0; i < times; i += 1) {
        expect(() =>
          breaker.run(() => {
            throw new Error('broken');
          }),
        ).toThrow('broken');
      }
    },
    /** What is thrown instead of the call. */
    rejection: () => {
      try {
        breaker.run<void>(() => expect.unreachable('it was called'));
      } catch (error) {
        if (error instanceof CircuitOpenError) return error;
        throw error;
      }
      throw new Error('it was not rejected');
    },
  };
}

describe('a closed breaker', () => {
  test('hands on what a call returns, as it is', () => {
    const { breaker } = createFixture();
    const value = { deep: [1] };
    expect(breaker.run(() => value)).toBe(value);
    expect(breaker.run(() => undefined)).toBe(undefined);
    expect(breaker.state).toBe('closed');
    expect(breaker.counters).toEqual({ succeeded: 2, failed: 0, rejected: 0, opened: 0 });
  });

  test('hands on what a call throws, and stays closed below the limit', () => {
    const { breaker, fail } = createFixture(3);
    fail(2);
    expect(breaker.state).toBe('closed');
    expect(breaker.counters).toEqual({ succeeded: 0, failed: 2, rejected: 0, opened: 0 });
  });

  test('counts failures in a row only', () => {
    const { breaker, fail, succeed } = createFixture(3);
    fail(2);
    succeed();
    fail(2);
    expect(breaker.state).toBe('closed');
    fail();
    expect(breaker.state).toBe('open');
  });

  test('counts what a promise comes to, and hands it on', async () => {
    const { breaker } = createFixture(2);
    await expect(breaker.run(() => Promise.resolve('later'))).resolves.toBe('later');
    const reason = new Error('later broken');
    await expect(breaker.run(() => Promise.reject(reason))).rejects.toBe(reason);
    expect(breaker.state).toBe('closed');
    await expect(breaker.run(() => Promise.reject(reason))).rejects.toBe(reason);
    expect(breaker.state).toBe('open');
    expect(breaker.counters).toEqual({ succeeded: 1, failed: 2, rejected: 0, opened: 1 });
  });

  test('a promise counts when it settles, not when it is made', async () => {
    const { breaker, fail } = createFixture(2);
    const { promise, resolve } = withResolvers();
    const result = breaker.run(() => promise);
    fail();
    resolve();
    await result;
    fail();
    expect(breaker.state).toBe('closed');
  });

  test('takes a promise of another make for one', async () => {
    const { breaker } = createFixture(1);
    const foreign = Object.assign(Object.create(null), {
      // biome-ignore lint/suspicious/noThenProperty: what this is about
      then: (_: unknown, reject: (reason: Error) => void) => reject(new Error('foreign')),
    });
    const result = breaker.run<unknown>(() => foreign);
    expect(result).toBeInstanceOf(Promise);
    await expect(result).rejects.toThrow('foreign');
    expect(breaker.state).toBe('open');
  });

  test('may open at the first failure, and not before', () => {
    const { breaker, fail } = createFixture(1);
    fail();
    expect(breaker.state).toBe('open');
    expect(() => createFixture(0)).toThrow(
      new RangeError('a breaker opens after 1 failure or more, got 0'),
    );
  });
});

describe('an open breaker', () => {
  test('makes no call, and says when it may be tried again', () => {
    const { breaker, fail, wait, rejection } = createFixture();
    fail(3);
    expect(rejection().retryAfterMs).toBe(1_000);
    wait(999);
    expect(breaker.state).toBe('open');
    expect(rejection().retryAfterMs).toBe(1);
    expect(breaker.counters).toEqual({ succeeded: 0, failed: 3, rejected: 2, opened: 1 });
  });

  test('is half-open when its time is up, before anybody calls', () => {
    const { breaker, fail, wait } = createFixture();
    fail(3);
    wait(1_000);
    expect(breaker.state).toBe('half-open');
  });

  test.each([
    ['fails', () => Promise.reject(new Error('slow'))],
    ['succeeds', () => Promise.resolve()],
  ])('a call made before that %s afterwards changes nothing', async (_, settle) => {
    const { breaker, fail, wait, rejection } = createFixture(1);
    const { promise, resolve } = withResolvers();
    const earlier = Promise.resolve(breaker.run(() => promise.then(settle)));
    fail();
    wait(400);
    resolve();
    await Promise.allSettled([earlier]);
    expect(breaker.state).toBe('open');
    // It is not held open longer either.
    expect(rejection().retryAfterMs).toBe(600);
    expect(breaker.counters.opened).toBe(1);
    expect(breaker.counters.succeeded + breaker.counters.failed).toBe(2);
  });
});

describe('a half-open breaker', () => {
  function createHalfOpen() {
    const fixture = createFixture();
    fixture.fail(3);
    fixture.wait(OPEN_MS);
    return fixture;
  }

  test('closes when the probe succeeds, and counts from 0 again', () => {
    const { breaker, succeed, fail } = createHalfOpen();
    expect(succeed()).toBe('fine');
    expect(breaker.state).toBe('closed');
    fail(2);
    expect(breaker.state).toBe('closed');
    fail();
    expect(breaker.state).toBe('open');
    expect(breaker.counters).toEqual({ succeeded: 1, failed: 6, rejected: 0, opened: 2 });
  });

  test('opens for the whole time again when the probe fails, after one failure', () => {
    const { breaker, fail, wait, rejection } = createHalfOpen();
    fail();
    expect(breaker.state).toBe('open');
    expect(rejection().retryAfterMs).toBe(1_000);
    wait(1_000);
    expect(breaker.state).toBe('half-open');
    expect(breaker.counters).toEqual({ succeeded: 0, failed: 4, rejected: 1, opened: 2 });
  });

  test('makes no second call while the probe is under way', async () => {
    const { breaker, wait, rejection } = createHalfOpen();
    const { promise, resolve } = withResolvers();
    const probe = breaker.run(() => promise);
    wait(300);
    expect(breaker.state).toBe('half-open');
    expect([rejection().retryAfterMs, rejection().retryAfterMs]).toEqual([700, 700]);
    resolve();
    await probe;
    expect(breaker.state).toBe('closed');
    expect(breaker.counters).toEqual({ succeeded: 1, failed: 3, rejected: 2, opened: 1 });
  });

  test('opens when a probe fails later, counted from then', async () => {
    const { breaker, wait, rejection } = createHalfOpen();
    const { promise, resolve } = withResolvers();
    const probe = breaker.run(() => promise.then(() => Promise.reject(new Error('still broken'))));
    wait(300);
    resolve();
    await expect(probe).rejects.toThrow('still broken');
    expect(breaker.state).toBe('open');
    expect(rejection().retryAfterMs).toBe(1_000);
  });

  test('a call out of a call counts as a second one', () => {
    const { breaker, rejection } = createHalfOpen();
    expect(breaker.run(() => rejection().retryAfterMs)).toBe(1_000);
    expect(breaker.state).toBe('closed');
  });

  test.each([
    ['fails', () => Promise.reject(new Error('slow'))],
    ['succeeds', () => Promise.resolve()],
  ])(
    'a call from before it opened that %s does not decide instead of the probe',
    async (_, settle) => {
      const { breaker, fail, wait, rejection } = createFixture();
      const earlier = withResolvers();
      const first = Promise.resolve(breaker.run(() => earlier.promise.then(settle)));
      fail(3);
      wait(1_000);
      const late = withResolvers();
      const probe = breaker.run(() => late.promise);
      earlier.resolve();
      await Promise.allSettled([first]);
      expect(breaker.state).toBe('half-open');
      expect(rejection().retryAfterMs).toBe(1_000);
      late.resolve();
      await probe;
      expect(breaker.state).toBe('closed');
    },
  );

  test('a probe that never ends does not keep it from being tried again', () => {
    const { breaker, wait, succeed } = createHalfOpen();
    void breaker.run(() => withResolvers().promise);
    wait(OPEN_MS);
    expect(succeed()).toBe('fine');
    expect(breaker.state).toBe('closed');
  });
});

/** A promise that is settled from outside. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let settle: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: () => settle() };
}
