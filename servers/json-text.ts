/**
 * Looks through JSON as bytes, without making strings or objects of it: for data that is only handed on.
 * What was written is kept as it was, where parsing and writing again would change numbers and spaces.
 *
 * Whether the bytes are UTF-8 is for the caller to know. No byte of a longer character is below 0x80, so
 * none is taken for a quote or a bracket.
 */

/** As deep as `parseOperation` lets data nest, and for the same reason. */
const DEEPEST = 500;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/**
 * The bytes of a member of a JSON object, as it was written: a number keeps its digits and a space its
 * place. The last one counts, as for `JSON.parse`.
 * @param object must be a JSON object
 * @returns a view, not a copy
 */
export function memberBytes(object: Buffer, name: string): Buffer | undefined {
  const json = onOneLine(object);
  const to = json.length;
  let found: Buffer | undefined;
  let at = skipSpace(json, 0, to) + 1;
  for (;;) {
    at = skipSpace(json, at, to);
    if (json[at] !== 0x22) return found;
    const nameEnd = stringEnd(json, at, to);
    const valueAt = skipSpace(json, skipSpace(json, nameEnd, to) + 1, to);
    const end = valueEnd(json, valueAt, to, DEEPEST);
    if (nameEnd < 0 || end < 0) return found;
    const key = json.toString('utf8', at + 1, nameEnd - 1);
    if (key === name || (key.includes('\\') && JSON.parse(`"${key}"`) === name)) {
      found = object.subarray(valueAt, end);
    }
    at = skipSpace(json, end, to) + 1;
  }
}

/** Line breaks of valid JSON stand between its tokens; everything stays at its place. */
function onOneLine(json: Buffer): Buffer {
  if (!json.includes(0x0a) && !json.includes(0x0d)) return json;
  return Buffer.from(json.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte)));
}

/** Whether `json[from, to)` is exactly one JSON value (RFC 8259), on one line and not nested too deep. */
export function isJson(json: Buffer, from: number, to: number): boolean {
  const at = valueEnd(json, from, to, DEEPEST);
  return at > 0 && skipSpace(json, at, to) === to;
}

/** Index behind the value that starts at `from`, spaces before it allowed; −1 when there is none. */
function valueEnd(json: Buffer, from: number, to: number, depth: number): number {
  const at = skipSpace(json, from, to);
  if (at >= to) return -1;
  switch (json[at]) {
    case 0x22: // "
      return stringEnd(json, at, to);
    case 0x7b: // {
      return depth === 0 ? -1 : membersEnd(json, at + 1, to, 0x7d, depth);
    case 0x5b: // [
      return depth === 0 ? -1 : membersEnd(json, at + 1, to, 0x5d, depth);
    case 0x74: // t
      return wordEnd(json, at, to, TRUE);
    case 0x66: // f
      return wordEnd(json, at, to, FALSE);
    case 0x6e: // n
      return wordEnd(json, at, to, NULL);
    default:
      return numberEnd(json, at, to);
  }
}

/** The inside of an object or array, up to and with its closing bracket. */
function membersEnd(json: Buffer, from: number, to: number, close: number, depth: number): number {
  let at = skipSpace(json, from, to);
  if (at < to && json[at] === close) return at + 1;
  for (;;) {
    if (close === 0x7d) {
      at = skipSpace(json, at, to);
      if (at >= to || json[at] !== 0x22) return -1;
      at = stringEnd(json, at, to);
      if (at < 0) return -1;
      at = skipSpace(json, at, to);
      if (at >= to || json[at] !== 0x3a /* : */) return -1;
      at += 1;
    }
    at = valueEnd(json, at, to, depth - 1);
    if (at < 0) return -1;
    at = skipSpace(json, at, to);
    if (at >= to) return -1;
    const code = json[at];
    at += 1;
    if (code === close) return at;
    if (code !== 0x2c /* , */) return -1;
  }
}

function stringEnd(json: Buffer, from: number, to: number): number {
  for (let at = from + 1; at < to; at += 1) {
    const code = json[at] ?? 0;
    // Nearly always, so it comes first.
    if (code > 0x22 && code !== 0x5c) continue;
    if (code === 0x22) return at + 1;
    if (code < 0x20) return -1;
    if (code === 0x5c) {
      at = escapeEnd(json, at, to);
      if (at < 0) return -1;
    }
  }
  return -1;
}

/** Index of the last byte of the escape that starts with the backslash at `from`. */
function escapeEnd(json: Buffer, from: number, to: number): number {
  if (from + 1 >= to) return -1;
  switch (json[from + 1]) {
    case 0x22: // "
    case 0x5c: // backslash
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return from + 1;
    case 0x75: // u
      for (let at = from + 2; at < from + 6; at += 1) {
        if (at >= to || !isHexDigit(json[at] ?? 0)) return -1;
      }
      return from + 5;
    default:
      return -1;
  }
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

function wordEnd(json: Buffer, from: number, to: number, word: Buffer): number {
  const end = from + word.length;
  return end <= to && isAt(json, from, word) ? end : -1;
}

/** Byte by byte: for a few of them, `compare` costs many times as much. */
export function isAt(bytes: Buffer, at: number, what: Buffer): boolean {
  if (bytes.length - at < what.length) return false;
  for (let index = 0; index < what.length; index += 1) {
    if (bytes[at + index] !== what[index]) return false;
  }
  return true;
}

function skipSpace(json: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const code = json[at];
    if (code !== 0x20 && code !== 0x09) break;
    at += 1;
  }
  return at;
}

/** -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
function numberEnd(json: Buffer, from: number, to: number): number {
  let at = json[from] === 0x2d ? from + 1 : from;
  const whole = digitsEnd(json, at, to);
  if (whole === at || (json[at] === 0x30 && whole > at + 1)) return -1;
  at = whole;
  if (at < to && json[at] === 0x2e) {
    const fraction = digitsEnd(json, at + 1, to);
    if (fraction === at + 1) return -1;
    at = fraction;
  }
  if (at < to && ((json[at] ?? 0) | 0x20) === 0x65) {
    at += 1;
    const sign = at < to ? json[at] : 0;
    if (sign === 0x2b || sign === 0x2d) at += 1;
    const exponent = digitsEnd(json, at, to);
    if (exponent === at) return -1;
    at = exponent;
  }
  return at;
}

function digitsEnd(json: Buffer, from: number, to: number): number {
  let at = from;
  for (; at < to; at += 1) {
    const code = json[at] ?? 0;
    if (code < 0x30 || code > 0x39) break;
  }
  return at;
}
