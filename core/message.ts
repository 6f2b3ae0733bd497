/**
 * The benchmark message: a JSON text whose head has a fixed width, so that a receiver reads the
 * sequence number and the two times at known offsets without parsing JSON.
 *
 *     {"seq":        42,"due":       1250000000,"sent":       1250061234,"body":"xxxx"}
 *     0      7          17    24                40      48               64         75…
 *
 * Numbers are padded with spaces on the left, which JSON allows between tokens; zeros it would not.
 *
 * What is too small for that head carries its sequence number alone, and is told by its size:
 *
 *     {"n":        42}                  16 bytes
 *     {"n":        42   }               up to 22: spaces
 *     {"n":        42,"b":"xxxx"}       from 23 on: a body
 *     0    5         15
 *
 * Its due time follows from the number and the schedule, which the receiver is told; when it was sent,
 * nobody knows.
 */

import { writeNumber } from './digits.ts';

const SEQ_AT = 7;
const SEQ_WIDTH = 10;
const DUE_AT = SEQ_AT + SEQ_WIDTH + 7;
const TIME_WIDTH = 16;
const SENT_AT = DUE_AT + TIME_WIDTH + 8;
const HEAD_END = SENT_AT + TIME_WIDTH;
const TAIL_OPEN = ',"body":"';
const TAIL_CLOSE = '"}';
const CHANNEL_AT = HEAD_END + TAIL_OPEN.length;
const CHANNEL_WIDTH = 7;

/** Bytes of a message whose body is empty, and so the smallest that carries its times. */
export const MIN_MESSAGE_BYTES = HEAD_END + TAIL_OPEN.length + TAIL_CLOSE.length;

const SMALL_SEQ_AT = 5;
const SMALL_HEAD_END = SMALL_SEQ_AT + SEQ_WIDTH;
const SMALL_BODY_OPEN = ',"b":"';

/** Bytes of a sequence number and nothing else: the smallest message there is. */
export const SMALLEST_MESSAGE_BYTES = SMALL_HEAD_END + 1;

/** Whether messages of this size carry their times; the others have a sequence number only. */
export const carriesTimes = (bytes: number): boolean => bytes >= MIN_MESSAGE_BYTES;

export interface Message {
  /** Position in the trial's sequence, from 0. */
  readonly seq: number;
  /** When the schedule wanted it sent, ns since the epoch. */
  readonly dueAt: number;
  /** When it was sent, ns since the epoch. */
  readonly sentAt: number;
  readonly body: string;
}

/** Messages of one size. Its text is built once: what varies is written over its digits. */
export interface MessageFiller {
  readonly bytes: number;
  /** Writes the message to `target[at, at + bytes)`. The times are left out where it {@link carriesTimes} not. */
  fill(target: Uint8Array, at: number, seq: number, dueAt: number, sentAt: number): void;
}

/** @throws RangeError when `bytes` is smaller than {@link SMALLEST_MESSAGE_BYTES}. */
export function createMessageFiller(bytes: number): MessageFiller {
  if (!carriesTimes(bytes)) return createSmallFiller(bytes);
  const time = ' '.repeat(TIME_WIDTH);
  const template = Buffer.from(
    `{"seq":${' '.repeat(SEQ_WIDTH)},"due":${time},"sent":${time}` +
      TAIL_OPEN +
      fillerText(bytes - MIN_MESSAGE_BYTES) +
      TAIL_CLOSE,
    'latin1',
  );
  return {
    bytes,
    fill(target, at, seq, dueAt, sentAt) {
      target.set(template, at);
      writeNumber(target, at + SEQ_AT, SEQ_WIDTH, seq);
      writeNumber(target, at + DUE_AT, TIME_WIDTH, dueAt);
      writeNumber(target, at + SENT_AT, TIME_WIDTH, sentAt);
    },
  };
}

/** (seq, dueAt, sentAt) to a message of exactly `bytes` bytes, each in memory of its own. */
export type MessageWriter = (seq: number, dueAt: number, sentAt: number) => Buffer;

/** @throws RangeError when `bytes` is smaller than {@link SMALLEST_MESSAGE_BYTES}. */
export function createMessageWriter(bytes: number): MessageWriter {
  const filler = createMessageFiller(bytes);
  return (seq, dueAt, sentAt) => {
    const message = Buffer.allocUnsafe(bytes);
    filler.fill(message, 0, seq, dueAt, sentAt);
    return message;
  };
}

function createSmallFiller(bytes: number): MessageFiller {
  if (bytes < SMALLEST_MESSAGE_BYTES) {
    throw new RangeError(
      `a message has at least ${SMALLEST_MESSAGE_BYTES} bytes, asked for ${bytes}`,
    );
  }
  const room = bytes - SMALLEST_MESSAGE_BYTES;
  const forBody = room - SMALL_BODY_OPEN.length - 1;
  const tail = forBody < 0 ? ' '.repeat(room) : `${SMALL_BODY_OPEN}${fillerText(forBody)}"`;
  const template = Buffer.from(`{"n":${' '.repeat(SEQ_WIDTH)}${tail}}`, 'latin1');
  return {
    bytes,
    fill(target, at, seq) {
      target.set(template, at);
      writeNumber(target, at + SMALL_SEQ_AT, SEQ_WIDTH, seq);
    },
  };
}

/** Printable, free of quotes, backslashes and line ends, and not one repeated byte. */
function fillerText(length: number): string {
  const line = 'the quick brown fox jumps over the lazy dog 0123456789 ';
  return line.repeat(Math.ceil(length / line.length)).slice(0, length);
}

/** Bytes of the smallest message that names a channel: its number stands at the start of the body. */
export const MIN_CHANNEL_MESSAGE_BYTES = MIN_MESSAGE_BYTES + CHANNEL_WIDTH;

/** Writes the channel's number over the first bytes of the body, in place. */
export function putChannel(message: Buffer, channel: number): Buffer {
  message.write(String(channel).padStart(CHANNEL_WIDTH), CHANNEL_AT, 'latin1');
  return message;
}

export function readChannel(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + CHANNEL_AT, CHANNEL_WIDTH);
}

/** Whether `bytes[start, end)` has the shape of a benchmark message: its fixed text where it belongs. */
export function isMessage(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= MIN_MESSAGE_BYTES &&
    bytes[start] === 0x7b /* { */ &&
    bytes[start + 2] === 0x73 /* s */ &&
    bytes[start + DUE_AT - 5] === 0x64 /* d */ &&
    bytes[start + SENT_AT - 6] === 0x73 /* s */ &&
    bytes[start + HEAD_END] === 0x2c /* , */
  );
}

/** Whether `bytes[start, end)` has the shape of a message that is too small to carry its times. */
export function isSmallMessage(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= SMALLEST_MESSAGE_BYTES &&
    end - start < MIN_MESSAGE_BYTES &&
    bytes[start] === 0x7b /* { */ &&
    bytes[start + 2] === 0x6e /* n */ &&
    bytes[start + SMALL_SEQ_AT - 1] === 0x3a /* : */ &&
    bytes[end - 1] === 0x7d /* } */
  );
}

export function readSmallSeq(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + SMALL_SEQ_AT, SEQ_WIDTH);
}

export function readSeq(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + SEQ_AT, SEQ_WIDTH);
}

export function readDueAt(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + DUE_AT, TIME_WIDTH);
}

export function readSentAt(bytes: Uint8Array, start: number): number {
  return readDigits(bytes, start + SENT_AT, TIME_WIDTH);
}

/** Right-aligned decimal digits; the padding in front of them is skipped, not checked. */
function readDigits(bytes: Uint8Array, from: number, width: number): number {
  const end = from + width;
  let at = from;
  while (at < end && bytes[at] === 0x20) at += 1;
  let value = 0;
  for (; at < end; at += 1) value = value * 10 + ((bytes[at] ?? 0x30) - 0x30);
  return value;
}
