/**
 * Spares an application that keeps failing: after so many failures in a row it is not called for a
 * while, then tried with one call. It neither repeats calls nor ends those that take long.
 *
 *     closed ──failures in a row──▶ open ──openMs──▶ half-open ──the probe succeeds──▶ closed
 *                                    ▲                   │
 *                                    └──the probe fails──┘
 */

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Failures in a row that open it; 1 or more. */
  readonly failures: number;
  /** How long nothing is called then, ms. */
  readonly openMs: number;
  /** ms, from any origin. */
  readonly clock: () => number;
}

export interface BreakerCounters {
  succeeded: number;
  failed: number;
  /** Calls that were not made. */
  rejected: number;
  opened: number;
}

/** The call was not made. */
export class CircuitOpenError extends Error {
  override readonly name = 'CircuitOpenError';
  /** When a call may be made again. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('the application keeps failing and is left alone for now');
    this.retryAfterMs = retryAfterMs;
  }
}

export class CircuitBreaker {
  readonly counters: BreakerCounters = { succeeded: 0, failed: 0, rejected: 0, opened: 0 };
  private readonly options: BreakerOptions;
  private failuresInARow = 0;
  /** When the next call may be made, ms; undefined while closed. */
  private nextCallAt: number | undefined;
  private probing = false;
  /**
   * Rises whenever it opens or closes. What a call comes to counts for the state in which it was made:
   * one that was made before it opened may neither close it nor keep it open.
   */
  private epoch = 0;

  /** @throws RangeError when it would be open before the first failure */
  constructor(options: BreakerOptions) {
    if (!(options.failures >= 1)) {
      throw new RangeError(`a breaker opens after 1 failure or more, got ${options.failures}`);
    }
    this.options = options;
  }

  get state(): BreakerState {
    if (this.nextCallAt === undefined) return 'closed';
    return this.probing || this.options.clock() >= this.nextCallAt ? 'half-open' : 'open';
  }

  /**
   * Makes the call, and hands on what comes of it. A call that returns no promise makes none here: this
   * is on the path of every request.
   * @throws CircuitOpenError at once, when the call is not made; or else whatever the call throws
   */
  run<T>(call: () => T | Promise<T>): T | Promise<T> {
    if (this.nextCallAt !== undefined) this.becomeProbe(this.nextCallAt);
    const { epoch } = this;
    let result: T | Promise<T>;
    try {
      result = call();
    } catch (error) {
      this.failed(epoch);
      throw error;
    }
    if (isThenable(result)) return this.follow(result, epoch);
    this.succeeded(epoch);
    return result;
  }

  private async follow<T>(result: Promise<T>, epoch: number): Promise<T> {
    try {
      const value = await result;
      this.succeeded(epoch);
      return value;
    } catch (error) {
      this.failed(epoch);
      throw error;
    }
  }

  /** One call at a time. A probe of which nothing was heard for `openMs` has lost its turn to the next. */
  private becomeProbe(nextCallAt: number): void {
    const now = this.options.clock();
    if (now < nextCallAt) {
      this.counters.rejected += 1;
      throw new CircuitOpenError(nextCallAt - now);
    }
    this.probing = true;
    this.nextCallAt = now + this.options.openMs;
  }

  private succeeded(epoch: number): void {
    this.counters.succeeded += 1;
    if (epoch !== this.epoch) return;
    this.failuresInARow = 0;
    if (!this.probing) return;
    this.epoch += 1;
    this.probing = false;
    this.nextCallAt = undefined;
  }

  private failed(epoch: number): void {
    this.counters.failed += 1;
    if (epoch !== this.epoch) return;
    this.failuresInARow += 1;
    if (!this.probing && this.failuresInARow < this.options.failures) return;
    this.epoch += 1;
    this.counters.opened += 1;
    this.failuresInARow = 0;
    this.probing = false;
    this.nextCallAt = this.options.clock() + this.options.openMs;
  }
}

/** Promises of other makes too: an application may use any. */
function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
