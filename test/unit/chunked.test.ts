import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { ChunkedDecoder } from '../../transports/sse/chunked.ts';
import { everyCut, feedPieces, randomCuts } from '../feeder.ts';

/** The content, and how it ended: 'end', the problem, or nothing while more is to come. */
function decode(stream: Buffer, cuts: readonly number[] = []) {
  const content: Buffer[] = [];
  const endings: string[] = [];
  const decoder = new ChunkedDecoder(
    { feed: (bytes, start, end) => content.push(Buffer.from(bytes.subarray(start, end))) },
    () => endings.push('end'),
    (problem) => endings.push(problem),
  );
  feedPieces(decoder, stream, cuts);
  return { content: Buffer.concat(content).toString('latin1'), endings };
}

interface Case {
  readonly says: string;
  readonly stream: string;
  readonly content: string;
  readonly endings: readonly string[];
}

const notHex = 'a chunk size is not hexadecimal';
const tooLong = 'a chunk is longer than its size';

/** RFC 9112, 7.1 "Chunked Transfer Coding". */
const cases: readonly Case[] = [
  { says: 'chunks are joined', stream: '3\r\nabc\r\n2\r\nde\r\n', content: 'abcde', endings: [] },
  {
    says: 'a size may be in lower case',
    stream: 'a\r\n0123456789\r\n',
    content: '0123456789',
    endings: [],
  },
  {
    says: 'a size may be in upper case',
    stream: 'A\r\n0123456789\r\n',
    content: '0123456789',
    endings: [],
  },
  {
    says: 'a size may have several digits',
    stream: `1F\r\n${'x'.repeat(31)}\r\n`,
    content: 'x'.repeat(31),
    endings: [],
  },
  { says: 'a size may start with zeros', stream: '0003\r\nabc\r\n', content: 'abc', endings: [] },
  {
    says: 'line ends may be in the content',
    stream: '6\r\na\r\n0\r\n\r\n',
    content: 'a\r\n0\r\n',
    endings: [],
  },
  { says: 'an extension is skipped', stream: '3;a=b\r\nabc\r\n', content: 'abc', endings: [] },
  {
    says: 'several extensions are skipped',
    stream: '3;a;b="c d"\r\nabc\r\n',
    content: 'abc',
    endings: [],
  },
  {
    says: 'white space before an extension is skipped',
    stream: '3 \t;a\r\nabc\r\n',
    content: 'abc',
    endings: [],
  },
  {
    says: 'a chunk of no bytes ends the content',
    stream: '1\r\na\r\n0\r\n\r\n',
    content: 'a',
    endings: ['end'],
  },
  {
    says: 'the last chunk may have an extension',
    stream: '0;a\r\n\r\n',
    content: '',
    endings: ['end'],
  },
  {
    says: 'the end waits for the blank line',
    stream: '1\r\na\r\n0\r\n',
    content: 'a',
    endings: [],
  },
  {
    says: 'trailers are skipped',
    stream: '0\r\nA: b\r\nC: d\r\n\r\n',
    content: '',
    endings: ['end'],
  },
  {
    says: 'the end waits for the end of the trailers',
    stream: '0\r\nA: b\r\n',
    content: '',
    endings: [],
  },
  {
    says: 'nothing is read after the end',
    stream: '0\r\n\r\n1\r\na\r\n0\r\n\r\n',
    content: '',
    endings: ['end'],
  },
  {
    says: 'a size that is not a number is an error',
    stream: 'xyz\r\n',
    content: '',
    endings: [notHex],
  },
  { says: 'a negative size is an error', stream: '-1\r\n', content: '', endings: [notHex] },
  {
    says: 'a prefixed size is an error',
    stream: '0x5\r\nhello\r\n',
    content: '',
    endings: [notHex],
  },
  { says: 'a size with CR inside is an error', stream: '1\r2\r\n', content: '', endings: [notHex] },
  {
    says: 'a missing size is an error',
    stream: '\r\nabc\r\n',
    content: '',
    endings: ['a chunk size is missing'],
  },
  {
    says: 'a size that is only an extension is an error',
    stream: ';a\r\n',
    content: '',
    endings: ['a chunk size is missing'],
  },
  {
    says: 'a size of 13 digits is an error',
    stream: '1000000000000\r\n',
    content: '',
    endings: ['a chunk size has too many digits'],
  },
  {
    says: 'a chunk without CRLF behind it is an error',
    stream: '3\r\nabc2\r\nde\r\n',
    content: 'abc',
    endings: [tooLong],
  },
  {
    says: 'a chunk longer than its size is an error',
    stream: '3\r\nabcd\r\n',
    content: 'abc',
    endings: [tooLong],
  },
  {
    says: 'an error is told once',
    stream: '1\r\nab\r\nx\r\n\r\n',
    content: 'a',
    endings: [tooLong],
  },
];

describe('the chunked decoder', () => {
  for (const { says, stream, content, endings } of cases) {
    test(`${says}, wherever the stream is cut`, () => {
      const bytes = Buffer.from(stream, 'latin1');
      for (const cuts of everyCut(bytes)) expect(decode(bytes, cuts)).toEqual({ content, endings });
    });
  }

  test('the digits of one size do not count for the next', () => {
    const stream = Buffer.from(`${'1\r\na\r\n'.repeat(20)}\r\n`);
    const endings = ['a chunk size is missing'];
    expect(decode(stream)).toEqual({ content: 'a'.repeat(20), endings });
  });

  test('the largest size it takes is one that a number can hold', () => {
    expect(decode(Buffer.from('ffffffffffff\r\nabc'))).toEqual({ content: 'abc', endings: [] });
  });

  test('content is passed on where it lies', () => {
    const read = Buffer.from('3\r\nabc\r\n2\r\nde\r\n');
    const places: unknown[] = [];
    const inner = {
      feed: (bytes: Buffer, start: number, end: number, receivedAt: number) =>
        places.push([bytes === read, start, end, receivedAt]),
    };
    new ChunkedDecoder(
      inner,
      () => undefined,
      () => undefined,
    ).feed(read, 0, read.length, 7);
    expect(places).toEqual([
      [true, 3, 6, 7],
      [true, 11, 13, 7],
    ]);
  });

  test('random content in random chunks comes out as it went in, wherever it is cut', () => {
    const random = createRandom(31);
    for (let round = 0; round < 300; round += 1) {
      const chunks = Array.from({ length: random.int(6) }, () =>
        Buffer.from(Array.from({ length: 1 + random.int(40) }, () => random.int(256))),
      );
      const stream = Buffer.concat([
        ...chunks.flatMap((chunk) => [
          Buffer.from(`${chunk.length.toString(16)}\r\n`),
          chunk,
          Buffer.from('\r\n'),
        ]),
        Buffer.from('0\r\n\r\n'),
      ]);
      const expected = { content: Buffer.concat(chunks).toString('latin1'), endings: ['end'] };
      expect(decode(stream, randomCuts(random, stream.length))).toEqual(expected);
    }
  });
});
