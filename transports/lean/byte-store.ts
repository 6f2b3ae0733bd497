/**
 * A growable run of bytes, for what a read left incomplete. It holds no memory until it is first used
 * and gives back large blocks, so ten thousand idle clients cost next to nothing.
 */

/** Blocks above this size are given back when cleared. */
const KEEP_BYTES = 16 * 1024;
/** What is larger than this is rare, and not worth keeping for the next. */
const LARGEST_SPARE_BYTES = 2 ** 21;
const MOST_SPARES = 16;

/**
 * Large blocks that were given back, for whoever needs one next: a load of messages of 64 KiB would make
 * and drop some for every message, and the collector would be what is measured.
 */
const spares: Buffer[] = [];

function giveBack(block: Buffer): void {
  const { length } = block;
  if (length > KEEP_BYTES && length <= LARGEST_SPARE_BYTES && spares.length < MOST_SPARES) {
    spares.push(block);
  }
}

function takeBlock(bytes: number): Buffer {
  if (bytes > KEEP_BYTES) {
    const at = spares.findIndex(({ length }) => length >= bytes);
    const [spare] = at < 0 ? [] : spares.splice(at, 1);
    if (spare !== undefined) return spare;
  }
  return Buffer.allocUnsafeSlow(Math.max(256, 2 ** Math.ceil(Math.log2(bytes))));
}

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
    if (this.bytes.length <= KEEP_BYTES) return;
    giveBack(this.bytes);
    this.bytes = EMPTY;
  }

  private grow(needed: number): void {
    const larger = takeBlock(needed);
    this.bytes.copy(larger, 0, 0, this.length);
    giveBack(this.bytes);
    this.bytes = larger;
  }
}

const EMPTY = Buffer.alloc(0);
