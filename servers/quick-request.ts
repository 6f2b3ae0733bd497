/**
 * Reads a request in the form in which clients write it, without making an object of its data:
 *
 *     {"op":"request","id":"7","data":…}
 *
 * Parsing the data only to write it out again was a quarter of what a round trip cost the server (the
 * part `request` of `npm run bench:self`). Whatever is written otherwise is left to `parseOperation`.
 */
import { isJson } from './json-text.ts';

const HEAD = '{"op":"request","id":"';
const MIDDLE = '","data":';
const LONGEST_ID = 64;

export interface QuickRequest {
  readonly id: string;
  /** The data, which is known to be one JSON value. */
  readonly text: string;
}

/** @returns undefined when it is anything else, or may be wrong: that is to be parsed, and told about */
export function readQuickRequest(message: string): QuickRequest | undefined {
  // Line breaks between its tokens would have to be taken out before it can be sent as one line.
  if (!message.startsWith(HEAD) || message.includes('\n') || message.includes('\r'))
    return undefined;
  const idEnd = plainEnd(message, HEAD.length);
  if (idEnd === HEAD.length || idEnd > HEAD.length + LONGEST_ID) return undefined;
  if (!message.startsWith(MIDDLE, idEnd)) return undefined;
  const from = idEnd + MIDDLE.length;
  const to = message.length - 1;
  if (message.charCodeAt(to) !== 0x7d /* } */ || !isJson(message, from, to)) return undefined;
  return { id: message.slice(HEAD.length, idEnd), text: message.slice(from, to) };
}

/** Index of the first character that is not visible ASCII, or is a quote or backslash. */
function plainEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return at;
  }
  return text.length;
}
