/** Numbers as bytes, against what strings say. */
import { expect, test } from 'vitest';
import { digitsOf, writeNumber } from '../../core/digits.ts';
import { createRandom } from '../../core/random.ts';

function written(value: number, width: number): string {
  const target = Buffer.alloc(width + 2, '#');
  writeNumber(target, 1, width, value);
  return target.toString('latin1');
}

const edges = [0, 1, 9, 10, 99_999_999, 100_000_000, 2 ** 31, 2 ** 32, 10 ** 15, 2 ** 53];

test.each(edges)('%d', (value) => {
  expect(written(value, 16)).toBe(`#${String(value).padStart(16)}#`);
  expect(digitsOf(value)).toBe(String(value).length);
});

test('whatever the number', () => {
  const random = createRandom(5);
  for (let i = 0; i < 10_000; i += 1) {
    const value = Math.floor(10 ** (16 * random.next()));
    expect(written(value, 16)).toBe(`#${String(value).padStart(16)}#`);
    expect(written(value, digitsOf(value))).toBe(`#${value}#`);
  }
});

test('touches nothing beyond its field, however long the number is', () => {
  expect(written(1_234_567_890_123, 4)).toBe('#0123#');
  expect(written(12.75, 4)).toBe('#  12#');
});
