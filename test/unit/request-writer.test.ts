/** A request as bytes is the JSON that it should be. */
import { expect, test } from 'vitest';
import { createMessageWriter, readDueAt, readSeq } from '../../core/message.ts';
import { createRequestWriter } from '../../core/request-writer.ts';

test.each([0, 7, 99, 1_000_000, 2 ** 40])('request %d', (id) => {
  const bytes = createRequestWriter(128)(id, 42, 1_250_000_000, 1_250_061_234);
  const message = createMessageWriter(128)(42, 1_250_000_000, 1_250_061_234);
  expect(JSON.parse(bytes.toString())).toEqual({
    op: 'request',
    id: String(id),
    data: JSON.parse(message.toString()),
  });
  const at = bytes.indexOf('{"seq"');
  expect([readSeq(bytes, at), readDueAt(bytes, at)]).toEqual([42, 1_250_000_000]);
});

test('requests share no memory', () => {
  const write = createRequestWriter(128);
  const [one, other] = [write(1, 1, 1, 1), write(2, 2, 2, 2)];
  expect(JSON.parse(one.toString()).id).toBe('1');
  expect(JSON.parse(other.toString()).id).toBe('2');
});
