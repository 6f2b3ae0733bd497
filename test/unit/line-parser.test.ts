import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { LineParser } from '../../transports/raw/line-parser.ts';
import { everyCut, feedPieces, randomCuts } from '../feeder.ts';

function parse(stream: Buffer, cuts: readonly number[] = []): string[] {
  const lines: string[] = [];
  const parser = new LineParser((bytes, start, end) =>
    lines.push(bytes.toString('utf8', start, end)),
  );
  feedPieces(parser, stream, cuts);
  return lines;
}

const cases = [
  { says: 'a line is a message', stream: 'a\nbc\n', lines: ['a', 'bc'] },
  {
    says: 'empty lines are heartbeats and no messages',
    stream: '\n\na\n\nb\n\n',
    lines: ['a', 'b'],
  },
  { says: 'a line without an end is no message yet', stream: 'a\nb', lines: ['a'] },
  { says: 'CR is a part of the message', stream: 'a\r\n\r\n', lines: ['a\r', '\r'] },
  {
    says: 'NUL and long characters are a part of the message',
    stream: '\u0000🐢\n',
    lines: ['\u0000🐢'],
  },
  {
    says: 'a line may be longer than the first block that is kept',
    stream: `${'ab'.repeat(300)}\nc\n`,
    lines: ['ab'.repeat(300), 'c'],
  },
] as const;

describe('the line parser', () => {
  for (const { says, stream, lines } of cases) {
    test(`${says}, wherever the stream is cut`, () => {
      const bytes = Buffer.from(stream);
      for (const cuts of everyCut(bytes)) expect(parse(bytes, cuts)).toEqual(lines);
    });
  }

  test('300 random streams come out as a plain split of the whole text would have them', () => {
    const random = createRandom(41);
    for (let round = 0; round < 300; round += 1) {
      const text = Array.from({ length: random.int(60) }, () => 'ab\n\n\r'[random.int(5)]).join('');
      const expected = text
        .split('\n')
        .slice(0, -1)
        .filter((line) => line !== '');
      expect(parse(Buffer.from(text), randomCuts(random, text.length))).toEqual(expected);
    }
  });

  test('a line that lies in one read is passed on where it lies, with the time of the read', () => {
    const read = Buffer.from('a\n\nbc\n');
    const places: unknown[] = [];
    const parser = new LineParser((bytes, start, end, receivedAt) =>
      places.push([bytes === read, start, end, receivedAt]),
    );
    parser.feed(read, 0, read.length, 7);
    expect(places).toEqual([
      [true, 0, 1, 7],
      [true, 3, 5, 7],
    ]);
  });
});
