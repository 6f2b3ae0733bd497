/** Decimal numbers as bytes: for texts that are written for every message, where strings would cost most. */

const ZERO = 0x30;
const SPACE = 0x20;
/** The most digits that fit into a 32-bit integer, in which division is quick. */
const CHUNK_DIGITS = 8;
const CHUNK = 10 ** CHUNK_DIGITS;

/**
 * Writes a whole number, aligned to the right and padded with spaces on the left. Digits that do not fit
 * in are left out.
 * @param value from 0 to 2⁵³; a fraction is cut off
 */
export function writeNumber(target: Uint8Array, at: number, width: number, value: number): void {
  let position = at + width - 1;
  let rest = value;
  while (rest >= CHUNK && position >= at) {
    const high = Math.floor(rest / CHUNK);
    let low = (rest - high * CHUNK) | 0;
    for (let i = 0; i < CHUNK_DIGITS && position >= at; i += 1) {
      const quotient = (low / 10) | 0;
      target[position] = ZERO + low - quotient * 10;
      position -= 1;
      low = quotient;
    }
    rest = high;
  }
  let low = rest | 0;
  while (position >= at) {
    const quotient = (low / 10) | 0;
    target[position] = ZERO + low - quotient * 10;
    position -= 1;
    low = quotient;
    if (low === 0) break;
  }
  for (; position >= at; position -= 1) target[position] = SPACE;
}

/** How many digits a whole number from 0 to 2⁵³ has. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; limit <= value; limit *= 10) digits += 1;
  return digits;
}
