/**
 * What a room published lately, for those who were cut off or come late: bounded by count, bytes and
 * age, whichever is reached first. It remembers how far it has forgotten, so that a gap is never silent.
 */

export interface RingLimits {
  /** Entries at most; 0 keeps nothing. */
  readonly count: number;
  readonly bytes: number;
  readonly ageMs: number;
}

interface Aged {
  /** Rises from entry to entry, not always by one. */
  readonly number: number;
  readonly bytes: number;
  readonly at: number;
}

export class ReplayRing<Entry extends Aged> {
  /** Every entry up to this number is forgotten; 0 when none is. */
  forgottenThrough = 0;
  private readonly limits: RingLimits;
  /** Live entries are `entries[first, …)`; the part before is empty, and cut off when it is long. */
  private entries: (Entry | undefined)[] = [];
  private first = 0;
  private heldBytes = 0;

  constructor(limits: RingLimits) {
    this.limits = limits;
  }

  get length(): number {
    return this.entries.length - this.first;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  push(entry: Entry): void {
    this.entries.push(entry);
    this.heldBytes += entry.bytes;
    while (
      this.length > this.limits.count ||
      (this.heldBytes > this.limits.bytes && this.length > 0)
    ) {
      this.forget();
    }
    this.expire(entry.at);
  }

  /** Forgets what is too old at `now`, ms. */
  expire(now: number): void {
    const oldest = now - this.limits.ageMs;
    for (let entry = this.entries[this.first]; entry !== undefined && entry.at < oldest; ) {
      this.forget();
      entry = this.entries[this.first];
    }
  }

  /** Up to `most` entries behind `number`, oldest first. */
  after(number: number, most: number): Entry[] {
    const from = this.indexAfter(number);
    return this.entries.slice(from, from + most).flatMap((entry) => entry ?? []);
  }

  /** Entries behind `number`. */
  countAfter(number: number): number {
    return this.entries.length - this.indexAfter(number);
  }

  /** The number behind which the last `count` entries lie. */
  cursorBefore(count: number): number {
    const at = Math.max(this.first, this.entries.length - count);
    return at >= this.entries.length
      ? Number.MAX_SAFE_INTEGER
      : (this.entries[at]?.number ?? 1) - 1;
  }

  private indexAfter(number: number): number {
    let low = this.first;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle]?.number ?? 0) > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private forget(): void {
    const entry = this.entries[this.first];
    if (entry === undefined) return;
    this.heldBytes -= entry.bytes;
    this.forgottenThrough = entry.number;
    this.entries[this.first] = undefined;
    this.first += 1;
    // Not every time, so that forgetting costs the same however many are kept.
    if (this.first * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.first);
      this.first = 0;
    }
  }
}
