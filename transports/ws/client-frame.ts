/**
 * Frames from client to server: masked, as RFC 6455, 5.3 demands. A generator masks every request, so it
 * is done by words: four bytes at a time, in memory that is laid out for it.
 */
import { randomBytes } from 'node:crypto';

const SLAB_BYTES = 64 * 1_024;
/** What is larger gets memory of its own. */
const LARGEST_IN_SLAB = SLAB_BYTES / 4;

/** Memory that frames are cut from, one behind the other. A frame is never written to again: it may be on its way. */
const slab = { bytes: Buffer.alloc(0), words: new Int32Array(0), at: 0 };

/** Random words fetched in one call for many masks: a call each was a tenth of what sending costs. */
const masks = { words: new Int32Array(0), at: 0 };

function nextMask(): number {
  if (masks.at === masks.words.length) {
    const { buffer, byteOffset } = randomBytes(4_096);
    masks.words = new Int32Array(buffer.slice(byteOffset, byteOffset + 4_096));
    masks.at = 0;
  }
  masks.at += 1;
  return masks.words[masks.at - 1] ?? 0;
}

/** Memory from a multiple of four on. */
function allocate(length: number): { bytes: Buffer; words: Int32Array; at: number } {
  if (length > LARGEST_IN_SLAB) {
    const own = new ArrayBuffer((length + 3) & ~3);
    return { bytes: Buffer.from(own), words: new Int32Array(own), at: 0 };
  }
  if (slab.at + length > slab.bytes.length) {
    const next = new ArrayBuffer(SLAB_BYTES);
    slab.bytes = Buffer.from(next);
    slab.words = new Int32Array(next);
    slab.at = 0;
  }
  const { at } = slab;
  slab.at += (length + 3) & ~3;
  return { bytes: slab.bytes, words: slab.words, at };
}

/**
 * One final frame.
 * @param mask four bytes as one word in the order of this machine; the default is random
 */
export function encodeClientFrame(opcode: number, payload: Uint8Array, mask = nextMask()): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const headBytes = 2 + extended + 4;
  // Bytes in front, so that the payload begins at a multiple of four.
  const lead = -headBytes & 3;
  const { bytes, words, at } = allocate(lead + headBytes + length + 3);
  const start = at + lead;
  const maskAt = start + 2 + extended;
  const payloadAt = maskAt + 4;
  bytes[start] = 0x80 | opcode;
  bytes[start + 1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) {
    bytes[start + 2] = length >>> 8;
    bytes[start + 3] = length;
  } else if (extended === 8) bytes.writeBigUInt64BE(BigInt(length), start + 2);
  bytes.set(payload, payloadAt);
  words[maskAt >>> 2] = mask;
  // The payload's length need not be a multiple of four: what is masked behind it is not sent.
  const end = (payloadAt + length + 3) >>> 2;
  for (let i = payloadAt >>> 2; i < end; i += 1) words[i] = (words[i] ?? 0) ^ mask;
  return bytes.subarray(start, payloadAt + length);
}
