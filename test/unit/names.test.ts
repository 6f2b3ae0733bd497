/** Which names are fit, and that the reserved ones are those of the documentation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NameKind } from '../../servers/names.ts';
import { nameProblem, reservedEvents } from '../../servers/names.ts';

describe('a name', () => {
  test.each<[NameKind, string, string | undefined]>([
    ['room', 'main', undefined],
    ['room', 'Räume/7 «a» 部屋 🚪', undefined],
    ['room', ' ', undefined],
    ['room', '__proto__', undefined],
    ['room', '{"op":', undefined],
    ['room', '', 'the room is empty'],
    ['event', '', 'the event is empty'],
    ['id', '', 'the id is empty'],
    ['key', '', 'the key is empty'],
    ['room', 'r'.repeat(128), undefined],
    ['room', 'r'.repeat(129), 'the room has 129 characters, 128 at most'],
    ['event', 'e'.repeat(128), undefined],
    ['event', 'e'.repeat(129), 'the event has 129 characters, 128 at most'],
    ['key', 'k'.repeat(128), undefined],
    ['key', 'k'.repeat(129), 'the key has 129 characters, 128 at most'],
    ['id', 'i'.repeat(64), undefined],
    ['id', 'i'.repeat(65), 'the id has 65 characters, 64 at most'],
    ['room', 'a\nb', 'the room contains a line break (LF)'],
    ['event', 'a\rdata: b', 'the event contains a line break (CR)'],
    ['event', 'a\r\nb', 'the event contains a line break (CR)'],
    ['id', '7\n', 'the id contains a line break (LF)'],
    ['id', '\0', 'the id contains a NUL'],
    ['key', 'a\tb', 'the key contains a control character'],
    ['key', '\u001b[31m', 'the key contains a control character'],
    ['room', 'a\u007f', 'the room contains a control character'],
    ['room', 'a\u0085b', 'the room contains a control character'],
    ['room', 'a\ud83d', 'the room contains half a surrogate pair'],
    ['room', '\udeaaa', 'the room contains half a surrogate pair'],
    ['event', 'ask', "the event 'ask' is the server's own"],
    ['event', 'Ask', undefined],
    ['event', 'asked', undefined],
    ['event', 'message', undefined],
    ['room', 'ask', undefined],
    ['id', 'ask', undefined],
    ['key', 'ask', undefined],
  ])('of a %s: %j → %s', (what, name, problem) => {
    expect(nameProblem(what, name)).toBe(problem);
  });

  test('is refused with each character below the space', () => {
    const passed = Array.from(
      { length: 0x20 },
      (_, code) => `a${String.fromCharCode(code)}`,
    ).filter((name) => nameProblem('room', name) === undefined);
    expect(passed).toEqual([]);
  });

  test.each([...reservedEvents])('an event is not called %s', (name) => {
    expect(nameProblem('event', name)).toBe(`the event '${name}' is the server's own`);
  });
});

test('the reserved events are those of docs/push-server.md', () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/push-server.md'), 'utf8');
  const [, table = ''] = /Names the server uses itself[\s\S]*?\n((?:\|.*\n)+)/.exec(docs) ?? [];
  const documented = [...table.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  expect(documented).toEqual([...reservedEvents]);
});
