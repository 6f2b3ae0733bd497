/**
 * Name and id of an event for protocols whose messages have none of their own: a JSON object around the
 * data, and only where there is something to say (docs/push-server.md).
 *
 *     {"event":"quote","id":"k3f9-17","data":{"symbol":"ABC","price":10.5}}
 */
import { quote } from '../core/quote.ts';
import type { PushEvent, Sink } from '../core/transport.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const EVENT = Buffer.from('"event":');
const ID = Buffer.from('"id":');
const DATA = Buffer.from('"data":');
const CLOSE = 0x7d;

/** The text of an event; its data alone where that says everything. */
export function encodeEnvelope(push: PushEvent): Buffer {
  const { event, id, data, kind } = push;
  if (typeof data === 'string') return Buffer.from(`${headOf(event, id)}"data":${data}}`);
  const bare = event === '' && id === '' && kind !== 'binary';
  if (bare && !isEnvelope(data, 0, data.length)) return data;
  const head = headBytes(kind === 'binary' ? 'binary' : event, id);
  const value = dataOf(data, kind);
  // In every answer, and cheaper than Buffer.concat (the part `request` of `npm run bench:self`).
  const end = head.length + value.length;
  const text = Buffer.allocUnsafe(end + 1);
  text.set(head);
  text.set(value, head.length);
  text[end] = CLOSE;
  return text;
}

let lastEvent = '';
let lastHead = Buffer.from('{"data":');

/** Events of one name, such as 'answer', mostly follow each other; an id is another each time. */
function headBytes(event: string, id: string): Buffer {
  if (id !== '') return Buffer.from(`${headOf(event, id)}"data":`);
  if (event !== lastEvent) {
    lastHead = Buffer.from(`${headOf(event, id)}"data":`);
    lastEvent = event;
  }
  return lastHead;
}

function headOf(event: string, id: string): string {
  return (
    (event === '' ? '{' : `{"event":${quote(event)},`) + (id === '' ? '' : `"id":${quote(id)},`)
  );
}

/** Data as a JSON value. */
function dataOf(data: Buffer, kind: PushEvent['kind']): Buffer {
  if (kind === 'json') return data;
  return Buffer.from(JSON.stringify(data.toString(kind === 'text' ? 'utf8' : 'base64')));
}

/** Tells by the first bytes, so that the data of a benchmark, which is bare, costs one look. */
function isEnvelope(bytes: Buffer, start: number, end: number): boolean {
  return (
    bytes[start] === 0x7b &&
    bytes[start + 1] === QUOTE &&
    (isAt(bytes, start + 1, end, EVENT) ||
      isAt(bytes, start + 1, end, ID) ||
      isAt(bytes, start + 1, end, DATA))
  );
}

function isAt(bytes: Buffer, at: number, end: number, what: Buffer): boolean {
  // The letter behind the quote decides nearly always.
  return (
    bytes[at + 1] === what[1] &&
    end - at >= what.length &&
    bytes.compare(what, 0, what.length, at, at + what.length) === 0
  );
}

/** Hands a text message to the sink, out of its envelope where it has one. */
export function deliverText(
  sink: Sink,
  client: number,
  bytes: Buffer,
  start: number,
  end: number,
  receivedAt: number,
): void {
  if (!isEnvelope(bytes, start, end)) {
    sink.message(client, bytes, start, end, receivedAt, '', '');
    return;
  }
  let at = start + 1;
  let event = '';
  let id = '';
  if (isAt(bytes, at, end, EVENT)) {
    const from = at + EVENT.length;
    at = stringEnd(bytes, from, end);
    event = textOf(bytes, from, at);
    at += 1;
  }
  if (isAt(bytes, at, end, ID)) {
    const from = at + ID.length;
    at = stringEnd(bytes, from, end);
    id = textOf(bytes, from, at);
    at += 1;
  }
  if (!isAt(bytes, at, end, DATA)) {
    // It only looked like one.
    sink.message(client, bytes, start, end, receivedAt, '', '');
    return;
  }
  const from = at + DATA.length;
  if (event !== 'binary' && bytes[from] !== QUOTE) {
    sink.message(client, bytes, from, end - 1, receivedAt, event, id);
    return;
  }
  const text = textOf(bytes, from, end - 1);
  const data = Buffer.from(text, event === 'binary' ? 'base64' : 'utf8');
  sink.message(client, data, 0, data.length, receivedAt, event, id);
}

/** Index behind the closing quote of the JSON string that starts at `from`. */
function stringEnd(bytes: Buffer, from: number, end: number): number {
  for (let at = from + 1; at < end; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return end;
}

/** The JSON string at `bytes[from, to)`; names and ids hardly ever have escapes. */
function textOf(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('utf8', from + 1, to - 1);
  return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
}
