/**
 * The message that is published through somebody else's server, and the finder for it. Such a server wraps
 * what it is given: in JSON, in HTML, in a frame of another protocol, with others of its kind. So it has only
 * characters that none of them changes, digits of a fixed width, and says itself whether it is whole:
 *
 *     pushbench-4f1c90ab-0000000042-0000001250000000-0000001250061234-9a3f01c7-thequickbrown….
 *     0         10       19         30               47               64       73            last
 *               tag      seq        due              sent             check    filler
 *
 * The check covers tag, number, times and the length of all, so that what a server changes, cuts off or
 * glues together is never taken for a delivery with other figures.
 */
import { writeNumber } from './digits.ts';
import type { MessageWriter } from './message.ts';
import { MIN_MESSAGE_BYTES } from './message.ts';

const PREFIX = Buffer.from('pushbench-', 'latin1');
const TAG_WIDTH = 8;
const SEQ_WIDTH = 10;
const TIME_WIDTH = 16;
const CHECK_WIDTH = 8;
const TAG_AT = PREFIX.length;
const SEQ_AT = TAG_AT + TAG_WIDTH + 1;
const DUE_AT = SEQ_AT + SEQ_WIDTH + 1;
const SENT_AT = DUE_AT + TIME_WIDTH + 1;
const CHECK_AT = SENT_AT + TIME_WIDTH + 1;
const FILLER_AT = CHECK_AT + CHECK_WIDTH + 1;

const DASH = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_A = 0x61;
const LETTER_F = 0x66;
const SPACE = 0x20;
const HEX = Buffer.from('0123456789abcdef', 'latin1');
/** What is compared byte by byte; a buffer of filler is never shorter. */
const SHORT_FILLER = 256;
const FILLER = 'thequickbrownfoxjumpsoverthelazydog0123456789';

/** Bytes of the smallest marker; as many as a message has that carries its times. */
export const MIN_MARKER_BYTES = MIN_MESSAGE_BYTES;

/** Whether this can be the tag of a trial: eight letters and digits, such as the first of a UUID. */
export const isMarkerTag = (tag: string): boolean => /^[a-z0-9]{8}$/.test(tag);

/**
 * @param tag of the trial, see {@link isMarkerTag}
 * @param bytes of each message, from {@link MIN_MARKER_BYTES} on
 * @throws RangeError when either is not so
 */
export function createMarkerWriter(tag: string, bytes: number): MessageWriter {
  if (!isMarkerTag(tag)) {
    throw new RangeError(`the tag '${tag}' is not made of ${TAG_WIDTH} letters and digits`);
  }
  if (!(bytes >= MIN_MARKER_BYTES)) {
    throw new RangeError(`a marker has at least ${MIN_MARKER_BYTES} bytes, asked for ${bytes}`);
  }
  const blank = (width: number): string => ' '.repeat(width);
  const template = Buffer.concat([
    PREFIX,
    Buffer.from(
      `${tag}-${blank(SEQ_WIDTH)}-${blank(TIME_WIDTH)}-${blank(TIME_WIDTH)}-${blank(CHECK_WIDTH)}-`,
    ),
    fillerOf(bytes - FILLER_AT - 1),
    Buffer.of(DOT),
  ]);
  return (seq, dueAt, sentAt) => {
    const marker = Buffer.allocUnsafe(bytes);
    marker.set(template);
    writePadded(marker, SEQ_AT, SEQ_WIDTH, seq);
    writePadded(marker, DUE_AT, TIME_WIDTH, dueAt);
    writePadded(marker, SENT_AT, TIME_WIDTH, sentAt);
    let check = checkOf(marker, 0, bytes);
    for (let at = CHECK_AT + CHECK_WIDTH - 1; at >= CHECK_AT; at -= 1) {
      marker[at] = HEX[check & 15] ?? ZERO;
      check >>>= 4;
    }
    return marker;
  };
}

/** What there is at a place where a marker begins. */
export type Found =
  | 'nothing'
  /** A whole message of this trial. */
  | 'message'
  /** A whole one, but of another trial. */
  | 'other'
  /** One that is not as it was written: changed, or cut off. */
  | 'changed';

/**
 * Looks for markers in what a server sends. It runs once per delivery, so the figures of what was found are
 * its own fields, and it neither decodes text nor allocates.
 */
export class MarkerFinder {
  /** Of the last that was a whole one. */
  seq = 0;
  dueAt = 0;
  sentAt = 0;
  /** Where the last that was found lies: bytes[start, end). */
  start = 0;
  end = 0;
  private readonly tag: Buffer;
  private filler = fillerOf(1_024);

  /** @param tag of the trial */
  constructor(tag: string) {
    this.tag = Buffer.from(tag, 'latin1');
  }

  /** The first in bytes[from, end); to go on, look from `this.end`. */
  next(bytes: Buffer, from: number, end: number): Found {
    // Behind a marker there is mostly the end of what is wrapped around it.
    if (end - from < PREFIX.length) return 'nothing';
    const start = bytes.indexOf(PREFIX, from);
    // The search knows no end: what it finds behind it is left over from earlier reads.
    if (start < 0 || start + PREFIX.length > end) return 'nothing';
    this.start = start;
    // Where it is broken, another may begin right behind its first letters.
    this.end = start + PREFIX.length;
    if (!hasShape(bytes, start, end)) return 'changed';
    const seq = readPadded(bytes, start + SEQ_AT, SEQ_WIDTH);
    const dueAt = readPadded(bytes, start + DUE_AT, TIME_WIDTH);
    const sentAt = readPadded(bytes, start + SENT_AT, TIME_WIDTH);
    if (Number.isNaN(seq + dueAt + sentAt)) return 'changed';
    const stop = this.fillerEnd(bytes, start + FILLER_AT, end) + 1;
    if (stop > end || bytes[stop - 1] !== DOT) return 'changed';
    const check = readCheck(bytes, start + CHECK_AT);
    if (check !== checkOf(bytes, start, stop - start)) return 'changed';
    this.end = stop;
    this.seq = seq;
    this.dueAt = dueAt;
    this.sentAt = sentAt;
    const { tag } = this;
    for (let i = 0; i < TAG_WIDTH; i += 1) {
      if (bytes[start + TAG_AT + i] !== tag[i]) return 'other';
    }
    return 'message';
  }

  /** Where bytes[from, end) is filler no more. */
  private fillerEnd(bytes: Buffer, from: number, end: number): number {
    // Short ones, which is most of them, are compared here: that is cheaper than the calls below.
    const near = Math.min(end, from + SHORT_FILLER);
    let at = from;
    while (at < near && bytes[at] === this.filler[at - from]) at += 1;
    if (at < near || near === end) return at;
    const dot = bytes.indexOf(DOT, at);
    const stop = dot < 0 || dot > end ? end : dot;
    if (stop - from > this.filler.length) this.filler = fillerOf((stop - from) * 2);
    return bytes.compare(this.filler, 0, stop - from, from, stop) === 0 ? stop : at;
  }
}

/** Whether something in bytes[start, end) begins like a marker. */
export function looksMarked(bytes: Buffer, start: number, end: number): boolean {
  const at = bytes.indexOf(PREFIX, start);
  return at >= 0 && at + PREFIX.length <= end;
}

function hasShape(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start >= MIN_MARKER_BYTES &&
    bytes[start + SEQ_AT - 1] === DASH &&
    bytes[start + DUE_AT - 1] === DASH &&
    bytes[start + SENT_AT - 1] === DASH &&
    bytes[start + CHECK_AT - 1] === DASH &&
    bytes[start + FILLER_AT - 1] === DASH
  );
}

/** FNV-1a over tag, number and times, then over the length: one byte that is another always shows. */
function checkOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let at = start + TAG_AT; at < start + CHECK_AT; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  }
  return Math.imul(hash ^ length, 0x01000193) >>> 0;
}

/** @returns NaN where it is none as it is written here: lower case, and nothing but hexadecimal digits */
function readCheck(bytes: Uint8Array, from: number): number {
  let value = 0;
  for (let at = from; at < from + CHECK_WIDTH; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= ZERO && byte <= NINE) value = value * 16 + byte - ZERO;
    else if (byte >= LETTER_A && byte <= LETTER_F) value = value * 16 + 10 + byte - LETTER_A;
    else return Number.NaN;
  }
  return value;
}

function writePadded(target: Uint8Array, at: number, width: number, value: number): void {
  writeNumber(target, at, width, value);
  for (let i = at; i < at + width && target[i] === SPACE; i += 1) target[i] = ZERO;
}

/** @returns NaN where something is no digit */
function readPadded(bytes: Uint8Array, from: number, width: number): number {
  let value = 0;
  for (let at = from; at < from + width; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < ZERO || byte > NINE) return Number.NaN;
    value = value * 10 + byte - ZERO;
  }
  return value;
}

function fillerOf(bytes: number): Buffer {
  return Buffer.from(FILLER.repeat(Math.ceil(bytes / FILLER.length)).slice(0, bytes), 'latin1');
}
