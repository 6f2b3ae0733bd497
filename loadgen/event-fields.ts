/**
 * Reads what the server writes around the data of answers, parts and questions at its fixed place, so
 * that the receive path parses no JSON:
 *
 *     {"id":"1042","data":…}     {"id":"1042","error":"…"}     {"id":"1042","part":0,"data":…}
 *     0      7    ^ end of the id
 */

const ID_AT = 7;
const QUOTE = 0x22;
const LETTER_E = 0x65;
/** Bytes from the end of an id to the number of its part. */
const PART_AT = '","part":'.length;

/** Index of the quote that ends the id; -1 where there is no id. */
export function idEnd(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start + ID_AT - 1] !== QUOTE) return -1;
  for (let at = start + ID_AT; at < end; at += 1) if (bytes[at] === QUOTE) return at;
  return -1;
}

export function readId(bytes: Uint8Array, start: number, end: number): string | undefined {
  const to = idEnd(bytes, start, end);
  if (to < 0) return undefined;
  let id = '';
  for (let at = start + ID_AT; at < to; at += 1) id += String.fromCharCode(bytes[at] ?? 0);
  return id;
}

/** An id of ours, which is a number; NaN for any other. */
export function readNumericId(bytes: Uint8Array, start: number, end: number): number {
  const to = idEnd(bytes, start, end);
  if (to <= start + ID_AT) return Number.NaN;
  let value = 0;
  for (let at = start + ID_AT; at < to; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Whether an answer is `"error"`: its name follows the id behind `","`. */
export function isErrorAnswer(bytes: Uint8Array, start: number, end: number): boolean {
  const to = idEnd(bytes, start, end);
  return to > 0 && bytes[to + 3] === LETTER_E;
}

/** Number of a part, which stands behind the id and `","part":`; NaN where there is none. */
export function readPartNumber(bytes: Uint8Array, start: number, end: number): number {
  const to = idEnd(bytes, start, end);
  if (to < 0) return Number.NaN;
  let at = to + PART_AT;
  if (at >= end || !isDigit(bytes[at])) return Number.NaN;
  let value = 0;
  for (; at < end && isDigit(bytes[at]); at += 1) value = value * 10 + ((bytes[at] ?? 0) - 0x30);
  return value;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
