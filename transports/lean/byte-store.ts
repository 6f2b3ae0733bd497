/**
 * A growable run of bytes, for what a read left incomplete. It holds no memory until it is first used
 * and gives back large blocks, so ten thousand idle clients cost next to nothing.
 */

/** Blocks above this size are dropped when cleared. */
const KEEP_BYTES = 16 * 1024;

export class ByteStore {
  bytes: Buffer = EMPTY;
  length = 0;

  append(source: Buffer, start: number, end: number): void {
    const needed = this.length + (end - start);
    if (needed > this.bytes.length) this.grow(needed);
    source.copy(this.bytes, this.length, start, end);
    this.length = needed;
  }

  appendByte(byte: number): void {
    if (this.length === this.bytes.length) this.grow(this.length + 1);
    this.bytes[this.length] = byte;
    this.length += 1;
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEEP_BYTES) this.bytes = EMPTY;
  }

  private grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(256, 2 ** Math.ceil(Math.log2(needed))));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

const EMPTY = Buffer.alloc(0);
