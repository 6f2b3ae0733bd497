/** What stands around the data of answers, parts and questions, read without parsing JSON. */
import { describe, expect, test } from 'vitest';
import { isErrorAnswer, readNumericId, readPartNumber } from '../../loadgen/event-fields.ts';

/** Reads from the middle of a buffer, as from a socket, with more behind it. */
function read<T>(reader: (bytes: Uint8Array, start: number, end: number) => T, text: string): T {
  const bytes = Buffer.from(`data: ${text}7"9"`);
  return reader(bytes, 6, 6 + text.length);
}

describe('a part', () => {
  test.each([
    ['{"id":"7","part":0,"data":"x"}', 0],
    ['{"id":"1042","part":37,"data":{"part":1}}', 37],
    ['{"id":"1","part":1000000}', 1_000_000],
  ])('of %s has the number %d', (text, number) => {
    expect(read(readPartNumber, text)).toBe(number);
  });

  test.each(['{"id":"7","data":"x"}', '{"id":"7","part":', '{"id":"7"', '{"id":"7', '{}', ''])(
    'is none in %s',
    (text) => {
      expect(read(readPartNumber, text)).toBeNaN();
    },
  );
});

test('an answer is told from an error by what follows its id', () => {
  expect(read(isErrorAnswer, '{"id":"7","error":"no"}')).toBe(true);
  expect(read(isErrorAnswer, '{"id":"7","data":{"error":"no"}}')).toBe(false);
  expect(read(readNumericId, '{"id":"1042","data":1}')).toBe(1042);
});
