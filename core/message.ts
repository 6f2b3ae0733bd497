/**
 * The benchmark message: a JSON text whose head has a fixed width, so that a receiver reads the
 * sequence number and the two times at known offsets without parsing JSON.
 *
 *     {"seq":        42,"due":       1250000000,"sent":       1250061234,"body":"xxxx"}
 *     0      7          17    24                40      48               64         75…
 *
 * Numbers are padded with spaces on the left, which JSON allows between tokens; zeros it would not.
 */

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

/** Bytes of a message whose body is empty, and so the smallest payload a benchmark can ask for. */
export const MIN_MESSAGE_BYTES = HEAD_END + TAIL_OPEN.length + TAIL_CLOSE.length;

export interface Message {
  /** Position in the trial's sequence, from 0. */
  readonly seq: number;
  /** When the schedule wanted it sent, ns since the epoch. */
  readonly dueAt: number;
  /** When it was sent, ns since the epoch. */
  readonly sentAt: number;
  readonly body: string;
}

/**
 * Turns (seq, dueAt, sentAt) into messages of exactly `bytes` bytes.
 * The body is built once: the text that varies from message to message is the head alone.
 *
 * @throws RangeError when `bytes` is smaller than {@link MIN_MESSAGE_BYTES}.
 */
export function createMessageWriter(
  bytes: number,
): (seq: number, dueAt: number, sentAt: number) => Buffer {
  if (bytes < MIN_MESSAGE_BYTES) {
    throw new RangeError(`a message has at least ${MIN_MESSAGE_BYTES} bytes, asked for ${bytes}`);
  }
  const tail = TAIL_OPEN + fillerText(bytes - MIN_MESSAGE_BYTES) + TAIL_CLOSE;
  return (seq, dueAt, sentAt) =>
    Buffer.from(
      `{"seq":${String(seq).padStart(SEQ_WIDTH)},"due":${String(dueAt).padStart(TIME_WIDTH)}` +
        `,"sent":${String(sentAt).padStart(TIME_WIDTH)}${tail}`,
      'latin1',
    );
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
