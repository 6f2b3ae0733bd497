import { describe, expect, test } from 'vitest';
import {
  createMessageWriter,
  isMessage,
  MIN_MESSAGE_BYTES,
  readDueAt,
  readSentAt,
  readSeq,
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

  test.each([0, 1, MIN_MESSAGE_BYTES - 1])('cannot have %d bytes', (bytes) => {
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
