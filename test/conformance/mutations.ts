/** Random damage to messages that were right, reproducible from a seed. */
import type { Random } from '../../core/random.ts';

/** What parsers stumble over. */
const TOKENS = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\r\n\r\n',
  ':',
  ' ',
  '%',
  '%00',
  '%0A',
  '"',
  '\\',
  '{',
  '[',
  '}',
  '\\ud800',
  '1e999',
  '-1',
  '99999999999999999999',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  'Upgrade: h2c\r\n',
  'ffffffffffff\r\n',
  '0\r\n\r\n',
  '\ufeff',
  '😀',
  '\u2028',
  '__proto__',
  'null',
  '{"op":',
  '?room=',
].map((token) => Buffer.from(token));

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.int(items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}

export function randomBytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.int(256)));
}

/** One to four damages, each anywhere. */
export function mutate(random: Random, original: Buffer): Buffer {
  let bytes = original;
  for (let left = 1 + random.int(4); left > 0; left -= 1) bytes = damage(random, bytes);
  return bytes;
}

function damage(random: Random, bytes: Buffer): Buffer {
  const from = random.int(bytes.length + 1);
  const to = Math.min(bytes.length, from + random.int(12));
  const [before, there, after] = [
    bytes.subarray(0, from),
    bytes.subarray(from, to),
    bytes.subarray(to),
  ];
  switch (random.int(6)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, there, there, after]);
    case 2:
      return Buffer.concat([before, randomBytes(random, to - from), after]);
    case 3:
      return Buffer.concat([before, pick(random, TOKENS), there, after]);
    case 4:
      return before;
    default:
      return Buffer.concat([before, there.map((byte) => byte ^ (1 << random.int(8))), after]);
  }
}
