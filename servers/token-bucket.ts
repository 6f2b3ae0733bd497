/**
 * How much a session may send: so many messages a second, and so many at once after a pause. It only
 * counts; whether the sender is made to wait or sent away is decided by whoever asks.
 */

/**
 * A bucket kept as one moment, the one at which it will be full again; there is one per session, and no
 * timer fills it. Each token taken moves that moment on by what one token takes to come back:
 *
 *     now                 fullAt
 *      |--token--|--token--|          two tokens are missing
 *
 * Known as the generic cell rate algorithm. https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
 */
export class TokenBucket {
  private readonly tokenMs: number;
  private readonly burst: number;
  private fullAt: number;

  /**
   * Full at first.
   * @param burst tokens it holds
   * @throws RangeError for a rate that is not above 0 or a burst below 1: no token would ever come
   */
  constructor(ratePerS: number, burst: number, nowMs: number) {
    if (!(ratePerS > 0 && Number.isFinite(ratePerS))) {
      throw new RangeError(`a rate must be above 0 and finite, got ${ratePerS}`);
    }
    if (!(burst >= 1 && Number.isFinite(burst))) {
      throw new RangeError(`a burst must be finite and at least 1, got ${burst}`);
    }
    this.tokenMs = 1_000 / ratePerS;
    this.burst = burst;
    this.fullAt = nowMs;
  }

  /**
   * Takes a token where there is one.
   * @returns 0 when it did, or else the ms until there is one, rounded up
   */
  take(nowMs: number): number {
    // Never further ahead than an empty bucket is: a clock that was set back must not lock a session out.
    const furthest = nowMs + this.burst * this.tokenMs;
    this.fullAt = Math.min(Math.max(this.fullAt, nowMs), furthest);
    const waitMs = this.fullAt - (this.burst - 1) * this.tokenMs - nowMs;
    if (waitMs > 0) return Math.ceil(waitMs);
    this.fullAt += this.tokenMs;
    return 0;
  }
}
