/** The marker and its finder: whatever a server wraps around it, and whatever it does to it. */
import { describe, expect, test } from 'vitest';
import type { Found } from '../../core/marker.ts';
import {
  createMarkerWriter,
  isMarkerTag,
  looksMarked,
  MarkerFinder,
  MIN_MARKER_BYTES,
} from '../../core/marker.ts';

const TAG = '4f1c90ab';
const write = createMarkerWriter(TAG, 100);

/** All that is found in a text, with the figures of what is whole. */
function findAll(text: string | Buffer, tag = TAG): (Found | { readonly seq: number })[] {
  const bytes = Buffer.from(text);
  const finder = new MarkerFinder(tag);
  const found: (Found | { seq: number })[] = [];
  for (let from = 0; ; from = finder.end) {
    const one = finder.next(bytes, from, bytes.length);
    if (one === 'nothing') return found;
    found.push(one === 'message' ? { seq: finder.seq } : one);
  }
}

describe('a marker', () => {
  test.each([MIN_MARKER_BYTES, 76, 100, 125, 126, 1_000, 65_536])(
    'of %d bytes has exactly that size and is found with its figures',
    (bytes) => {
      const marker = createMarkerWriter(TAG, bytes)(42, 1_250_000_000, 1_250_061_234);
      expect(marker.length).toBe(bytes);
      const finder = new MarkerFinder(TAG);
      expect(finder.next(marker, 0, bytes)).toBe('message');
      const { seq, dueAt, sentAt, start, end } = finder;
      expect({ seq, dueAt, sentAt, start, end }).toEqual({
        seq: 42,
        dueAt: 1_250_000_000,
        sentAt: 1_250_061_234,
        start: 0,
        end: bytes,
      });
    },
  );

  test('has nothing that JSON, a URL, HTML or a shell would change', () => {
    const marker = write(9_999_999_999, Number.MAX_SAFE_INTEGER, 0).toString();
    expect(marker).toMatch(/^[A-Za-z0-9.-]+$/);
    expect(JSON.stringify(marker)).toBe(`"${marker}"`);
    expect(encodeURIComponent(marker)).toBe(marker);
  });

  test('is refused where it would have no room, or a tag that does not fit', () => {
    expect(() => createMarkerWriter(TAG, 74)).toThrow('at least 75 bytes, asked for 74');
    expect(() => createMarkerWriter('Trial 1', 100)).toThrow("'Trial 1'");
    expect(isMarkerTag('0123abcd')).toBe(true);
    expect(isMarkerTag('0123abc')).toBe(false);
  });
});

describe('the finder', () => {
  const text = write(7, 8, 9).toString();

  test.each([
    ['in JSON', `{"type":"news","payload":{"text":"${text}"}}`],
    ['in HTML', `<p class="x">${text}</p>`],
    ["in a frame of socket.io's", `42["message","${text}"]`],
    ['behind something that is no text', Buffer.concat([Buffer.of(0, 255, 254), write(7, 8, 9)])],
    ['behind the beginning of another', `pushbench-pushbench-4f1c${text}`],
  ])('finds it %s', (_, wrapped) => {
    expect(findAll(wrapped)).toContainEqual({ seq: 7 });
  });

  test('finds several in one frame, the same number twice too', () => {
    const other = write(8, 8, 9).toString();
    expect(findAll(`[${text},${other},${text}]`)).toEqual([{ seq: 7 }, { seq: 8 }, { seq: 7 }]);
    expect(findAll(text + other)).toEqual([{ seq: 7 }, { seq: 8 }]);
  });

  test('tells those of another trial apart', () => {
    expect(findAll(text, '00000000')).toEqual(['other']);
  });

  test('finds nothing behind the end, where earlier reads have left something', () => {
    const bytes = Buffer.from(`{"type":"ping"}${text}`);
    const finder = new MarkerFinder(TAG);
    expect(finder.next(bytes, 0, 15)).toBe('nothing');
    expect(finder.next(bytes, 0, 20)).toBe('nothing');
    expect(looksMarked(bytes, 0, 15)).toBe(false);
    expect(looksMarked(bytes, 0, 30)).toBe(true);
    expect(finder.next(bytes, 0, bytes.length - 1)).toBe('changed');
  });

  test('takes no marker for whole of which one character is another', () => {
    for (let at = 0; at < text.length; at += 1) {
      const changed = text.slice(0, at) + (text[at] === '7' ? '6' : '7') + text.slice(at + 1);
      const found = findAll(changed);
      // Without its first letters it is no marker at all.
      expect(found, changed).toEqual(at < 'pushbench-'.length ? [] : ['changed']);
    }
  });

  test('takes none for whole that is cut off, shortened or stretched', () => {
    for (let length = 'pushbench-'.length; length < text.length; length += 1) {
      expect(findAll(text.slice(0, length))).toEqual(['changed']);
    }
    expect(findAll(`${text.slice(0, 80)}${text.slice(81)}`)).toEqual(['changed']);
    expect(findAll(`${text.slice(0, 80)}x${text.slice(80)}`)).toEqual(['changed']);
    expect(findAll(text.toUpperCase())).toEqual([]);
  });
});
