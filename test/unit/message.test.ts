import { describe, expect, test } from 'vitest';
import {
  carriesTimes,
  createMessageWriter,
  isMessage,
  isSmallMessage,
  MIN_MESSAGE_BYTES,
  readDueAt,
  readSentAt,
  readSeq,
  readSmallSeq,
  SMALLEST_MESSAGE_BYTES,
} from '../../core/message.ts';

const message = createMessageWriter(100)(7, 8, 9);
const sizes = [75, 76, 125, 126, 1_000, 5_000];

describe('a benchmark message', () => {
  test('of every size from the smallest to 5,000 bytes has exactly that size and is JSON', () => {
    for (let bytes = MIN_MESSAGE_BYTES; bytes <= 5_000; bytes += 1) {
      const written = createMessageWriter(bytes)(42, 1_250_000_000, 1_250_061_234);
      expect(written.length).toBe(bytes);
      expect(JSON.parse(written.toString())).toMatchObject({
        seq: 42,
        due: 1_250_000_000,
        sent: 1_250_061_234,
      });
    }
  });

  test.each(sizes)('of %d bytes has a body that fills it up', (bytes) => {
    const { body } = JSON.parse(createMessageWriter(bytes)(0, 0, 0).toString()) as { body: string };
    expect(body.length).toBe(bytes - MIN_MESSAGE_BYTES);
  });

  test.each([
    { seq: 0, dueAt: 0, sentAt: 0 },
    { seq: 1, dueAt: 10, sentAt: 100 },
    { seq: 42, dueAt: 1_250_000_000, sentAt: 1_250_061_234 },
    { seq: 9_999_999_999, dueAt: Number.MAX_SAFE_INTEGER - 1, sentAt: Number.MAX_SAFE_INTEGER },
  ])('gives back seq $seq, due $dueAt and sent $sentAt', ({ seq, dueAt, sentAt }) => {
    const written = createMessageWriter(80)(seq, dueAt, sentAt);
    expect([readSeq(written, 0), readDueAt(written, 0), readSentAt(written, 0)]).toEqual([
      seq,
      dueAt,
      sentAt,
    ]);
    expect(JSON.parse(written.toString())).toMatchObject({ seq, due: dueAt, sent: sentAt });
  });

  test('is read where it lies, not at the start of its buffer', () => {
    const read = Buffer.concat([Buffer.from('data: '), message, Buffer.from('\n\n')]);
    expect(isMessage(read, 6, 6 + message.length)).toBe(true);
    expect([readSeq(read, 6), readDueAt(read, 6), readSentAt(read, 6)]).toEqual([7, 8, 9]);
  });

  test.each([0, 1, SMALLEST_MESSAGE_BYTES - 1])('cannot have %d bytes', (bytes) => {
    expect(() => createMessageWriter(bytes)).toThrow(RangeError);
  });

  test('is one line, free of what would end or quote it on any transport', () => {
    expect(createMessageWriter(5_000)(0, 0, 0).toString()).not.toMatch(/[\r\n\\]/);
  });
});

describe('a text that is not one of ours', () => {
  const padded = (text: string) => Buffer.from(text.padEnd(message.length));
  test.each([
    { name: 'nothing', bytes: Buffer.alloc(0) },
    { name: 'a message cut short', bytes: message.subarray(0, MIN_MESSAGE_BYTES - 1) },
    { name: 'plain text', bytes: padded('the quick brown fox') },
    { name: 'other JSON', bytes: padded('{"price": 1.5, "symbol": "ABC", "venue": "X"}') },
    { name: 'an array', bytes: padded('[1, 2, 3]') },
    { name: 'a message one byte off', bytes: Buffer.concat([Buffer.from(' '), message]) },
  ])('is told from a message: $name', ({ bytes }) => {
    expect(isMessage(bytes, 0, bytes.length)).toBe(false);
  });

  test.each([0, 2, 19, 42, 64])('is told from a message by the byte at %d', (at) => {
    const changed = Buffer.from(message);
    changed[at] = 0x5f;
    expect(isMessage(changed, 0, changed.length)).toBe(false);
  });

  test('is told from a message although the bytes after its end would make it one', () => {
    expect(isMessage(message, 0, MIN_MESSAGE_BYTES - 1)).toBe(false);
  });
});

const smallSizes = Array.from(
  { length: MIN_MESSAGE_BYTES - SMALLEST_MESSAGE_BYTES },
  (_, index) => SMALLEST_MESSAGE_BYTES + index,
);

describe('a message too small for its times', () => {
  test('starts at 16 bytes and ends where there is room for them', () => {
    expect(smallSizes[0]).toBe(16);
    expect(smallSizes.at(-1)).toBe(74);
    expect([74, 75].map(carriesTimes)).toEqual([false, true]);
  });

  test.each(smallSizes)(
    'of %d bytes has exactly that size, is JSON, and gives back its number',
    (bytes) => {
      for (const seq of [0, 42, 9_999_999_999]) {
        const written = createMessageWriter(bytes)(seq, 5, 6);
        expect(written.length).toBe(bytes);
        expect(JSON.parse(written.toString())).toMatchObject({ n: seq });
        const read = Buffer.concat([Buffer.from('data: '), written, Buffer.from('\n\n')]);
        expect(isSmallMessage(read, 6, 6 + bytes)).toBe(true);
        expect(readSmallSeq(read, 6)).toBe(seq);
        expect(isMessage(read, 6, 6 + bytes)).toBe(false);
      }
    },
  );

  test('is one line, and its size is made up of a body as soon as one fits', () => {
    const body = (bytes: number): unknown =>
      (JSON.parse(createMessageWriter(bytes)(1, 0, 0).toString()) as { b?: string }).b;
    expect([16, 22, 23, 24, 64].map(body)).toEqual([
      undefined,
      undefined,
      '',
      't',
      'the quick brown fox jumps over the lazy d',
    ]);
    for (const bytes of smallSizes) {
      expect(createMessageWriter(bytes)(1, 0, 0).toString()).not.toMatch(/[\r\n\\]/);
    }
  });

  test.each([
    ['cut short', Buffer.from('{"n":         4')],
    ['plain text', Buffer.from('hello there, you')],
    ['other JSON', Buffer.from('{"price":1.50000}')],
    ['an envelope', Buffer.from('{"id":"k3-17","data":{}}')],
    ['a whole message', message],
  ])('is told from %s', (_, bytes) => {
    expect(isSmallMessage(bytes, 0, bytes.length)).toBe(false);
  });
});
