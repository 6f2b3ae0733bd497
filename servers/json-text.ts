/**
 * Looks through JSON as text, without making objects of it: for data that is only handed on. What was
 * written is kept as it was, where parsing and writing again would change numbers and spaces.
 */

/** As deep as `parseOperation` lets data nest, and for the same reason. */
const DEEPEST = 500;

/**
 * The text of a member of a JSON object, as it was written: a number keeps its digits and a space its
 * place. The last one counts, as for `JSON.parse`.
 * @param text must be a JSON object
 */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  let at = skipSpace(text, 0, text.length) + 1;
  for (;;) {
    at = skipSpace(text, at, text.length);
    if (text.charCodeAt(at) !== 0x22) return found;
    const nameEnd = stringEnd(text, at, text.length);
    const key = text.slice(at + 1, nameEnd - 1);
    const valueAt = skipSpace(text, skipSpace(text, nameEnd, text.length) + 1, text.length);
    const end = valueEnd(text, valueAt, text.length, DEEPEST);
    if (nameEnd < 0 || end < 0) return found;
    if (key === name || (key.includes('\\') && JSON.parse(`"${key}"`) === name)) {
      found = text.slice(valueAt, end);
    }
    at = skipSpace(text, end, text.length) + 1;
  }
}

/** Whether `text[from, to)` is exactly one JSON value (RFC 8259) that does not nest too deep. */
export function isJson(text: string, from: number, to: number): boolean {
  const at = valueEnd(text, from, to, DEEPEST);
  return at > 0 && skipSpace(text, at, to) === to;
}

/** Index behind the value that starts at `from`, spaces before it allowed; −1 when there is none. */
function valueEnd(text: string, from: number, to: number, depth: number): number {
  const at = skipSpace(text, from, to);
  if (at >= to) return -1;
  switch (text.charCodeAt(at)) {
    case 0x22: // "
      return stringEnd(text, at, to);
    case 0x7b: // {
      return depth === 0 ? -1 : membersEnd(text, at + 1, to, 0x7d, depth);
    case 0x5b: // [
      return depth === 0 ? -1 : membersEnd(text, at + 1, to, 0x5d, depth);
    case 0x74: // t
      return text.startsWith('true', at) && at + 4 <= to ? at + 4 : -1;
    case 0x66: // f
      return text.startsWith('false', at) && at + 5 <= to ? at + 5 : -1;
    case 0x6e: // n
      return text.startsWith('null', at) && at + 4 <= to ? at + 4 : -1;
    default:
      return numberEnd(text, at, to);
  }
}

/** The inside of an object or array, up to and with its closing bracket. */
function membersEnd(text: string, from: number, to: number, close: number, depth: number): number {
  let at = skipSpace(text, from, to);
  if (text.charCodeAt(at) === close) return at < to ? at + 1 : -1;
  for (;;) {
    if (close === 0x7d) {
      at = skipSpace(text, at, to);
      if (text.charCodeAt(at) !== 0x22 || at >= to) return -1;
      at = stringEnd(text, at, to);
      if (at < 0) return -1;
      at = skipSpace(text, at, to);
      if (text.charCodeAt(at) !== 0x3a /* : */ || at >= to) return -1;
      at += 1;
    }
    at = valueEnd(text, at, to, depth - 1);
    if (at < 0) return -1;
    at = skipSpace(text, at, to);
    if (at >= to) return -1;
    const code = text.charCodeAt(at);
    at += 1;
    if (code === close) return at;
    if (code !== 0x2c /* , */) return -1;
  }
}

function stringEnd(text: string, from: number, to: number): number {
  for (let at = from + 1; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return -1;
    if (code === 0x5c) {
      at += 1;
      const escaped = text.charCodeAt(at);
      if (escaped === 0x75 /* u */) {
        if (!/^[0-9a-f]{4}$/i.test(text.slice(at + 1, at + 5))) return -1;
        at += 4;
      } else if (!'"\\/bfnrt'.includes(text.charAt(at))) return -1;
    }
  }
  return -1;
}

function skipSpace(text: string, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    at += 1;
  }
  return at;
}

/** -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
function numberEnd(text: string, from: number, to: number): number {
  let at = text.charCodeAt(from) === 0x2d ? from + 1 : from;
  const whole = digitsEnd(text, at, to);
  if (whole === at || (text.charCodeAt(at) === 0x30 && whole > at + 1)) return -1;
  at = whole;
  if (at < to && text.charCodeAt(at) === 0x2e) {
    const fraction = digitsEnd(text, at + 1, to);
    if (fraction === at + 1) return -1;
    at = fraction;
  }
  if (at < to && (text.charCodeAt(at) | 0x20) === 0x65) {
    at += 1;
    const sign = text.charCodeAt(at);
    if (sign === 0x2b || sign === 0x2d) at += 1;
    const exponent = digitsEnd(text, at, to);
    if (exponent === at) return -1;
    at = exponent;
  }
  return at;
}

function digitsEnd(text: string, from: number, to: number): number {
  let at = from;
  for (; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) break;
  }
  return at;
}
