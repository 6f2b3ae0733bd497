/** The short cut for requests must take nothing that the parser would refuse, and change nothing. */
import { describe, expect, test } from 'vitest';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import { isJson, memberBytes } from '../../servers/json-text.ts';
import { nestsDeeperThan } from '../../servers/operation.ts';
import { readQuickRequest } from '../../servers/quick-request.ts';

const CASES = 40_000;

const seeds = [
  '{"a":[1,-0.5e+10,{"b":"żółw \\u0041 \\n"},true,false,null],"":{}}',
  ' [ 1 , [ ] , "x" ] ',
  '"\\\\\\""',
  '-0',
  '12.5E-3',
  '{"seq":        42,"due":       1250000000,"body":"xxxx"}',
];
const alphabet = '{}[]":,.-+eE0129tfnul\\/bx \n\t\u0000\u001fż"';

function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let change = random.int(4); change >= 0; change -= 1) {
    const at = random.int(mutated.length + 1);
    const kind = random.int(3);
    const letter = alphabet.charAt(random.int(alphabet.length));
    if (kind === 0) mutated = mutated.slice(0, at) + letter + mutated.slice(at);
    else if (kind === 1) mutated = mutated.slice(0, at) + mutated.slice(at + 1);
    else mutated = mutated.slice(0, at) + letter + mutated.slice(at + 1);
  }
  return mutated;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test(`agrees with JSON.parse on what is one line, in ${CASES} mutated texts, of which both kinds are many`, () => {
  const random = createRandom(17);
  let valid = 0;
  for (let i = 0; i < CASES; i += 1) {
    const text = mutate(seeds[random.int(seeds.length)] ?? '', random);
    const expected = parses(text) && !/[\r\n]/.test(text);
    if (expected) valid += 1;
    // Something in front and behind, which must not be looked at.
    const bytes = Buffer.from(`1${text}}`);
    expect(isJson(bytes, 1, bytes.length - 1), JSON.stringify(text)).toBe(expected);
  }
  expect(valid).toBeGreaterThan(CASES / 20);
  expect(valid).toBeLessThan(CASES / 2);
});

test('takes data that nests as deep as the parser allows, and no deeper', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  for (const depth of [1, 499, 500, 501, 100_000]) {
    const text = nested(depth);
    expect(isJson(Buffer.from(text), 0, text.length)).toBe(!nestsDeeperThan(500, text));
  }
});

describe('the bytes of a member', () => {
  const memberText = (json: string): string | undefined =>
    memberBytes(Buffer.from(json), 'data')?.toString();

  test.each([
    ['{"data":1}', '1'],
    ['{"op":"x","data": {"a" : 1.0} ,"z":[]}', '{"a" : 1.0}'],
    ['{"data":1,"data":12345678901234567890}', '12345678901234567890'],
    ['{"d\\u0061ta":"}"}', '"}"'],
    ['{"ż":1,\n"data":\r\n[1,\n"🐢"]}', '[1,\n"🐢"]'],
    ['{"x":{"data":1}}', undefined],
    [' { } ', undefined],
  ])('data in %s is %s', (text, expected) => {
    expect(memberText(text)).toBe(expected);
  });

  test('is what JSON.parse finds there, in thousands of mutated objects', () => {
    const random = createRandom(23);
    for (let i = 0; i < CASES; i += 1) {
      const text = mutate('{"op":"x", "data" : {"a":[1,2.50]}, "b":"\\"}"}', random);
      if (!parses(text) || !text.trim().startsWith('{')) continue;
      const value = (JSON.parse(text) as { data?: unknown }).data;
      const found = memberText(text);
      expect(found === undefined ? undefined : JSON.parse(found), text).toEqual(value);
    }
  });
});

describe('a request', () => {
  test.each([
    ['{"op":"request","id":"7","data":{"x":[1]}}', '7', '{"x":[1]}'],
    ['{"op":"request","id":"a b","data": null }', 'a b', ' null '],
    [`{"op":"request","id":"${'x'.repeat(64)}","data":"}"}`, 'x'.repeat(64), '"}"'],
    ['{"op":"request","id":"7","data":"żółw 🐢"}', '7', '"żółw 🐢"'],
  ])('%s is read as it stands, and sent back', (message, id, text) => {
    const read = readQuickRequest(Buffer.from(message));
    expect([read?.id, read?.text]).toEqual([id, text]);
    expect(read?.echo().toString()).toBe(`{"id":"${id}","data":${text}}`);
  });

  test.each(['keep', 'echo'] as const)('is there when its message is not, after %s', (leave) => {
    const message = Buffer.from('{"op":"request","id":"7","data":[1.0]}');
    const read = readQuickRequest(message);
    read?.[leave]();
    read?.keep();
    message.fill('x');
    expect([read?.id, read?.text]).toEqual(['7', '[1.0]']);
    expect(read?.echo().toString()).toBe('{"id":"7","data":[1.0]}');
  });

  test.each([
    ['of another order', '{"id":"7","op":"request","data":1}'],
    ['with line breaks', '{"op":"request","id":"7","data":[\n1]}'],
    ['with spaces', '{ "op":"request","id":"7","data":1}'],
    ['with a number for an id', '{"op":"request","id":7,"data":1}'],
    ['with an empty id', '{"op":"request","id":"","data":1}'],
    ['with a long id', `{"op":"request","id":"${'x'.repeat(65)}","data":1}`],
    ['with an escape in its id', '{"op":"request","id":"\\n","data":1}'],
    ['with a letter beyond ASCII in its id', '{"op":"request","id":"ż","data":1}'],
    ['with a second data', '{"op":"request","id":"7","data":1,"data":2}'],
    ['with more fields', '{"op":"request","id":"7","data":1,"x":2}'],
    ['without data', '{"op":"request","id":"7"}'],
    ['that is cut off', '{"op":"request","id":"7","data":1'],
    ['with broken data', '{"op":"request","id":"7","data":[}'],
    ['of another kind', '{"op":"publish","id":"7","data":1}'],
  ])('%s is left to the parser', (_what, message) => {
    expect(readQuickRequest(Buffer.from(message))).toBeUndefined();
  });
});
