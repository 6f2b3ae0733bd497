/** What is taken for an operation, what is not and why, and that no text whatever makes it throw. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { nameProblem } from '../../servers/names.ts';
import type { Operation, OperationProblem } from '../../servers/operation.ts';
import { nestsDeeperThan, parseOperation } from '../../servers/operation.ts';

const good: readonly (readonly [string, Operation])[] = [
  [
    '{"op":"publish","room":"r","event":"e","key":"k","data":{"a":[1,null]}}',
    { op: 'publish', room: 'r', event: 'e', key: 'k', data: { a: [1, null] } },
  ],
  ['{"op":"publish","data":0}', { op: 'publish', room: 'main', event: '', key: '', data: 0 }],
  ['{"op":"publish"}', { op: 'publish', room: 'main', event: '', key: '', data: null }],
  [
    '{"op":"publish","event":"message","data":""}',
    { op: 'publish', room: 'main', event: '', key: '', data: '' },
  ],
  ['{"op":"request","id":"7","data":false}', { op: 'request', id: '7', data: false }],
  ['{"op":"request","id":7}', { op: 'request', id: '7', data: null }],
  ['{"op":"request","id":0}', { op: 'request', id: '0', data: null }],
  ['{"op":"request","id":-0}', { op: 'request', id: '0', data: null }],
  ['{"op":"request","id":9007199254740991}', { op: 'request', id: '9007199254740991', data: null }],
  ['{"data":1,"id":"a","op":"request"}', { op: 'request', id: 'a', data: 1 }],
  [' {"op" : "ping"}\n', { op: 'ping' }],
  ['{"op":"ping","more":[1],"room":5,"id":null}', { op: 'ping' }],
  ['{"op":"request","op":"ping"}', { op: 'ping' }],
  ['{"op":"cancel","id":"7"}', { op: 'cancel', id: '7' }],
  ['{"op":"answer","id":"a-1","data":null}', { op: 'answer', id: 'a-1', data: null }],
  ['{"op":"answer","id":"a-1","error":""}', { op: 'answer', id: 'a-1', error: '' }],
  ['{"op":"answer","id":"a-1","error":"a\\nb"}', { op: 'answer', id: 'a-1', error: 'a\nb' }],
  ['{"op":"part","id":"a-1","data":"x"}', { op: 'part', id: 'a-1', data: 'x' }],
  ['{"op":"join","room":"ask"}', { op: 'join', room: 'ask' }],
  ['{"op":"leave","room":"r"}', { op: 'leave', room: 'r' }],
  [
    '{"op":"resume","session":"s","last":"k3f9-17"}',
    { op: 'resume', session: 's', last: 'k3f9-17' },
  ],
  ['{"op":"resume","last":"k3f9-17"}', { op: 'resume', session: undefined, last: 'k3f9-17' }],
];

const malformed: readonly (readonly [string, string])[] = [
  ['', 'this is not JSON'],
  ['{"op":', 'this is not JSON'],
  ['{"op":"ping"} {}', 'this is not JSON'],
  ['{"op":"ping",}', 'this is not JSON'],
  ['\ufeff{"op":"ping"}', 'this is not JSON'],
  ['{"op":"publish","data":NaN}', 'this is not JSON'],
  ['null', 'an operation is a JSON object'],
  ['"op"', 'an operation is a JSON object'],
  ['7', 'an operation is a JSON object'],
  ['[{"op":"ping"}]', 'an operation is a JSON object'],
  ['{}', 'there is no such operation'],
  ['{"op":null}', 'there is no such operation'],
  ['{"op":["ping"]}', 'there is no such operation'],
  ['{"op":"Ping"}', 'there is no such operation'],
  ['{"op":"toString"}', 'there is no such operation'],
  ['{"__proto__":{"op":"ping"}}', 'there is no such operation'],
  ['{"op":"publish","room":null}', 'the room is no string'],
  ['{"op":"publish","room":7}', 'the room is no string'],
  ['{"op":"publish","event":7}', 'the event is no string'],
  ['{"op":"publish","key":["k"]}', 'the key is no string'],
  ['{"op":"request","data":1}', 'the id is missing'],
  ['{"op":"request","id":null}', 'the id is no string'],
  ['{"op":"request","id":true}', 'the id is no string'],
  ['{"op":"request","id":1.5}', 'the id is no string'],
  ['{"op":"request","id":1e999}', 'the id is no string'],
  ['{"op":"request","id":9007199254740992}', 'the id is no string'],
  ['{"op":"cancel"}', 'the id is missing'],
  ['{"op":"answer","data":1}', 'the id is missing'],
  ['{"op":"answer","id":"a"}', 'an answer has either data or an error'],
  ['{"op":"answer","id":"a","data":1,"error":"e"}', 'an answer has either data or an error'],
  ['{"op":"answer","id":"a","data":1,"error":null}', 'an answer has either data or an error'],
  ['{"op":"answer","id":"a","error":{"code":1}}', 'the error of an answer is a string'],
  ['{"op":"part","id":"a"}', 'a part has data'],
  ['{"op":"part","data":1}', 'the id is missing'],
  ['{"op":"join"}', 'the room is missing'],
  ['{"op":"leave","room":["r"]}', 'the room is no string'],
  ['{"op":"resume","session":"s"}', 'the last id is missing'],
  ['{"op":"resume","session":7,"last":"a"}', 'the session is no string'],
];

const misnamed: readonly (readonly [string, string])[] = [
  ['{"op":"publish","room":""}', 'the room is empty'],
  ['{"op":"publish","event":""}', 'the event is empty'],
  ['{"op":"publish","event":"ask"}', "the event 'ask' is the server's own"],
  ['{"op":"publish","event":"a\\ndata: b"}', 'the event contains a line break (LF)'],
  ['{"op":"publish","key":"a\\u0000"}', 'the key contains a NUL'],
  ['{"op":"request","id":"7\\r"}', 'the id contains a line break (CR)'],
  [`{"op":"cancel","id":"${'7'.repeat(65)}"}`, 'the id has 65 characters, 64 at most'],
  ['{"op":"join","room":"\\ud83d"}', 'the room contains half a surrogate pair'],
  ['{"op":"resume","session":"s","last":""}', 'the id is empty'],
];

describe('an operation', () => {
  test.each(good)('%s is one', (text, operation) => {
    expect(parseOperation(text)).toEqual(operation);
  });

  test.each(malformed)('%s is none: %s', (text, problem) => {
    expect(parseOperation(text)).toEqual({ problem, status: 400, malformed: true });
  });

  test.each(misnamed)('%s names something wrongly: %s', (text, problem) => {
    expect(parseOperation(text)).toEqual({ problem, status: 400, malformed: false });
  });
});

describe('data that nests', () => {
  const nested = (depth: number, open = '[', close = ']'): string =>
    `{"op":"publish","data":${open.repeat(depth)}1${close.repeat(depth)}}`;

  test.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('in %s may be 500 deep with the operation around it, and no deeper', (_, open, close) => {
    expect(parseOperation(nested(499, open, close))).toMatchObject({ op: 'publish' });
    const problem = { problem: 'data nests 500 deep at most', status: 400, malformed: true };
    expect(parseOperation(nested(500, open, close))).toEqual(problem);
    expect(parseOperation(nested(100_000, open, close))).toEqual(problem);
  });

  test('can be written again when it was accepted', () => {
    const operation = parseOperation(nested(499));
    expect(JSON.stringify('data' in operation ? operation.data : undefined)).toBe(
      `${'['.repeat(499)}1${']'.repeat(499)}`,
    );
  });

  test.each([
    ['brackets in a string', `["${'['.repeat(3_000)}"]`, 1],
    ['brackets behind an escaped quote', `["\\"${'['.repeat(3_000)}"]`, 1],
    ['brackets behind a backslash and an escaped quote', `["\\\\\\"${'['.repeat(3_000)}"]`, 1],
    ['a string that ends in a backslash', `["\\\\",${'[],'.repeat(1_000)}[[1]]]`, 3],
    ['many beside each other', `[${'[],'.repeat(3_000)}{}]`, 2],
  ])('is not mistaken in %s', (_, text, depth) => {
    // Spaces, because short texts are not looked at.
    const long = text + ' '.repeat(10);
    expect(nestsDeeperThan(depth, long)).toBe(false);
    expect(nestsDeeperThan(depth - 1, long)).toBe(true);
  });
});

/** Whether this is what the type promises, told without the code under test. */
function isSound(result: Operation | OperationProblem): boolean {
  const keys = Object.keys(result).sort().join();
  if ('problem' in result) {
    return (
      keys === 'malformed,problem,status' &&
      result.status === 400 &&
      typeof result.malformed === 'boolean' &&
      result.problem.length > 5
    );
  }
  const isFit = (what: 'room' | 'event' | 'id' | 'key', name: string): boolean =>
    typeof name === 'string' && nameProblem(what, name) === undefined;
  switch (result.op) {
    case 'publish':
      return (
        keys === 'data,event,key,op,room' &&
        isFit('room', result.room) &&
        (result.event === '' || isFit('event', result.event)) &&
        (result.key === '' || isFit('key', result.key)) &&
        result.data !== undefined
      );
    case 'request':
    case 'part':
      return keys === 'data,id,op' && isFit('id', result.id) && result.data !== undefined;
    case 'cancel':
      return keys === 'id,op' && isFit('id', result.id);
    case 'answer':
      return (
        isFit('id', result.id) &&
        ('error' in result
          ? keys === 'error,id,op' && typeof result.error === 'string'
          : keys === 'data,id,op' && result.data !== undefined)
      );
    case 'join':
    case 'leave':
      return keys === 'op,room' && isFit('room', result.room);
    case 'resume':
      return (
        keys === 'last,op,session' &&
        isFit('id', result.last) &&
        (result.session === undefined || isFit('id', result.session))
      );
    case 'ping':
      return keys === 'op';
  }
}

test('20,000 spoiled operations are each an operation or a problem, and none throws', () => {
  const random = createRandom(20);
  const texts = [...good, ...malformed, ...misnamed].map(([text]) => text);
  const pick = (from: readonly string[]): string => from[random.int(from.length)] ?? '';
  const tokensOf = (text: string): string[] =>
    text.match(/"(?:[^"\\]|\\.)*"|[-\w.]+|[^\s\w"]|\s+/gs) ?? [];
  const isWord = (token: string): boolean => /^["\w]/.test(token);
  const tokens = texts.flatMap(tokensOf);
  const words = tokens.filter(isWord);
  const unfit = ['""', '"gap"', '"a\\n"', '"\\u0000"', '"\\ud83d"', `"${'x'.repeat(129)}"`];
  const scraps = ['"', '\\', '{', ']', ':', ',', '\0', '\n', '\\u0000', '\ud800', '['.repeat(600)];
  const spoilTokens = (text: string): string => {
    const own = tokensOf(text);
    own.splice(
      random.int(own.length + 1),
      random.int(2),
      ...(random.int(4) > 0 ? [pick(tokens)] : []),
    );
    return own.join('');
  };
  /** Another token in the place of one: what stays JSON gets past the parser. */
  const exchange = (text: string): string => {
    const own = tokensOf(text);
    const places = own.flatMap((token, index) => (isWord(token) ? [index] : []));
    const at = places[random.int(Math.max(1, places.length))];
    if (at !== undefined) own[at] = pick(random.int(2) === 0 ? unfit : words);
    return own.join('');
  };
  const spoilCharacters = (text: string): string => {
    const from = random.int(text.length + 1);
    const to = Math.min(text.length, from + random.int(8));
    const put = [
      '',
      pick(scraps),
      String.fromCharCode(random.int(0x1_0000)),
      text.slice(from, to).repeat(2),
      pick(texts).slice(random.int(20), 20 + random.int(20)),
    ];
    return text.slice(0, from) + pick(put) + text.slice(to);
  };
  const ways = [exchange, exchange, spoilTokens, spoilCharacters];
  const seen = { operations: 0, malformed: 0, misnamed: 0 };
  for (let i = 0; i < 20_000; i += 1) {
    let text = pick(texts);
    for (let times = random.int(2); times >= 0; times -= 1) {
      text = (ways[random.int(ways.length)] ?? exchange)(text);
    }
    const result = parseOperation(text);
    if (!isSound(result)) expect.unreachable(`${JSON.stringify(text)} became something else`);
    if (!('problem' in result)) seen.operations += 1;
    else if (result.malformed) seen.malformed += 1;
    else seen.misnamed += 1;
  }
  // Hundreds of each kind are among them, not only what is no JSON any more.
  expect(seen.operations).toBeGreaterThan(250);
  expect(seen.malformed).toBeGreaterThan(250);
  expect(seen.misnamed).toBeGreaterThan(250);
});
