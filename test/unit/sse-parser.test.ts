import { createParser } from 'eventsource-parser';
import { describe, expect, test } from 'vitest';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import { SseParser } from '../../transports/sse/parser.ts';
import { everyCut, feedPieces, randomCuts } from '../feeder.ts';

interface Seen {
  readonly data: string;
  /** Empty means 'message'. */
  readonly name: string;
  readonly id: string;
}

function parse(stream: Buffer, cuts: readonly number[] = []) {
  const events: Seen[] = [];
  const parser = new SseParser({
    event: (bytes, start, end) => {
      const data = bytes.toString('utf8', start, end);
      events.push({ data, name: parser.eventName, id: parser.lastEventId });
    },
  });
  feedPieces(parser, stream, cuts);
  return { events, lastEventId: parser.lastEventId, retryMs: parser.retryMs };
}

const event = (data: string, rest: Partial<Seen> = {}): Seen => ({
  data,
  name: '',
  id: '',
  ...rest,
});

interface Case {
  readonly says: string;
  readonly stream: string | Buffer;
  readonly events: readonly Seen[];
}

/** WHATWG HTML, 9.2.5 "Parsing an event stream" and 9.2.6 "Interpreting an event stream". */
const cases: readonly Case[] = [
  { says: 'one data line is one event', stream: 'data: x\n\n', events: [event('x')] },
  { says: 'lines may end in CR', stream: 'data: x\r\r', events: [event('x')] },
  { says: 'lines may end in CRLF', stream: 'data: x\r\n\r\n', events: [event('x')] },
  {
    says: 'line ends may be mixed',
    stream: 'data: 1\r\ndata: 2\rdata: 3\n\r\ndata: 4\r\r\n',
    events: [event('1\n2\n3'), event('4')],
  },
  {
    says: 'CRLF is one line end, so it does not end the event',
    stream: 'data: a\r\ndata: b\r\n\r\n',
    events: [event('a\nb')],
  },
  {
    says: 'LF and then CR are two line ends',
    stream: 'data: a\n\rdata: b\n\r',
    events: [event('a'), event('b')],
  },
  {
    says: 'a byte order mark at the start is skipped',
    stream: '\ufeffdata: x\n\n',
    events: [event('x')],
  },
  {
    says: 'only one byte order mark is skipped',
    stream: '\ufeff\ufeffdata: x\n\ndata: y\n\n',
    events: [event('y')],
  },
  {
    says: 'a byte order mark later on is a part of its line',
    stream: 'data: \ufeffx\n\n\ufeffdata: y\n\n',
    events: [event('\ufeffx')],
  },
  {
    says: 'a byte order mark alone on a line leaves it empty',
    stream: '\ufeff\ndata: x\n\n',
    events: [event('x')],
  },
  {
    says: 'comments are ignored',
    stream: ': a\n:\n:data: no\ndata: x\n: b\n\n',
    events: [event('x')],
  },
  { says: 'a block of comments dispatches nothing', stream: ': a\n\n:\n\n', events: [] },
  {
    says: 'blank lines dispatch nothing',
    stream: '\n\n\r\n\rdata: x\n\n\n\n',
    events: [event('x')],
  },
  {
    says: 'data lines are joined by LF',
    stream: 'data: a\ndata:\ndata: b\n\n',
    events: [event('a\n\nb')],
  },
  { says: 'data without a colon is an empty line', stream: 'data\n\n', events: [event('')] },
  {
    says: 'data with nothing behind the colon is an empty event',
    stream: 'data:\n\n',
    events: [event('')],
  },
  { says: 'two empty data lines are one LF', stream: 'data\ndata\n\n', events: [event('\n')] },
  {
    says: 'one space after the colon is not data',
    stream: 'data:x\n\ndata: x\n\n',
    events: [event('x'), event('x')],
  },
  { says: 'a second space after the colon is data', stream: 'data:  x\n\n', events: [event(' x')] },
  { says: 'a tab after the colon is data', stream: 'data:\tx\n\n', events: [event('\tx')] },
  {
    says: 'further colons are data',
    stream: 'data: a: b:c\n\ndata::\n\n',
    events: [event('a: b:c'), event(':')],
  },
  {
    says: 'names of fields are matched whole and by case',
    stream: 'dat: a\ndatax: b\nData: c\n data: d\ndata : e\nd\nda\ndata: x\n\n',
    events: [event('x')],
  },
  {
    says: 'what an earlier line left behind is no part of a shorter one',
    stream: 'data: x\nd\nda\ndat\n\n',
    events: [event('x')],
  },
  {
    says: 'unknown fields are ignored',
    stream: 'colour: red\nx\ndata: y\n\n',
    events: [event('y')],
  },
  {
    says: 'the name of an event lasts for that event only',
    stream: 'event: add\ndata: 1\n\ndata: 2\n\n',
    events: [event('1', { name: 'add' }), event('2')],
  },
  {
    says: 'the last name in a block counts',
    stream: 'event: a\nevent: b\ndata: 1\n\nevent: a\nevent\ndata: 2\n\n',
    events: [event('1', { name: 'b' }), event('2')],
  },
  {
    says: 'a name without data dispatches nothing and is forgotten',
    stream: 'event: a\n\ndata: 1\n\n',
    events: [event('1')],
  },
  {
    says: 'an id persists from event to event',
    stream: 'id: 7\ndata: 1\n\ndata: 2\n\nid: 8\ndata: 3\n\n',
    events: [event('1', { id: '7' }), event('2', { id: '7' }), event('3', { id: '8' })],
  },
  {
    says: 'an empty id resets it',
    stream: 'id: 7\ndata: 1\n\nid\ndata: 2\n\nid: 8\ndata: 3\n\nid:\ndata: 4\n\n',
    events: [event('1', { id: '7' }), event('2'), event('3', { id: '8' }), event('4')],
  },
  {
    says: 'an id with NUL in it is ignored',
    stream: 'id: 7\ndata: 1\n\nid: 8\u0000\ndata: 2\n\n',
    events: [event('1', { id: '7' }), event('2', { id: '7' })],
  },
  {
    says: 'an id without data counts for the events after it',
    stream: 'id: 7\n\ndata: 1\n\n',
    events: [event('1', { id: '7' })],
  },
  {
    says: 'an incomplete block at the end is discarded',
    stream: 'data: x\n\ndata: y\n',
    events: [event('x')],
  },
  {
    says: 'an incomplete line at the end is discarded',
    stream: 'data: x\n\ndata: y',
    events: [event('x')],
  },
  {
    says: 'characters of several bytes are data',
    stream: 'data: żółw 🐢\n\n',
    events: [event('żółw 🐢')],
  },
  { says: 'NUL is data', stream: 'data: a\u0000b\n\n', events: [event('a\u0000b')] },
  {
    says: 'a long line is data',
    stream: `data: ${'ab'.repeat(200)}\n\n`,
    events: [event('ab'.repeat(200))],
  },
];

describe('the event stream parser', () => {
  for (const { says, stream, events } of cases) {
    test(`${says}, wherever the stream is cut`, () => {
      const bytes = Buffer.from(stream);
      for (const cuts of everyCut(bytes)) expect(parse(bytes, cuts).events).toEqual(events);
    });
  }

  test.each([
    { line: 'retry: 1500', retryMs: 1500 },
    { line: 'retry:0', retryMs: 0 },
    { line: 'retry: 1.5', retryMs: undefined },
    { line: 'retry: -1', retryMs: undefined },
    { line: 'retry: 1e3', retryMs: undefined },
    { line: 'retry:  15', retryMs: undefined },
    { line: 'retry: 15 ', retryMs: undefined },
    { line: 'retry: ٣', retryMs: undefined },
    { line: 'retry', retryMs: undefined },
  ])('the line $line sets the retry time to $retryMs', ({ line, retryMs }) => {
    expect(parse(Buffer.from(`${line}\n`)).retryMs).toBe(retryMs);
  });

  test('the id of an event that was cut off does not count as received', () => {
    expect(parse(Buffer.from('id: 7\ndata: 1\n\nid: 8\ndata: 2\n')).lastEventId).toBe('7');
  });

  test('an event that lies in one read is passed on where it lies', () => {
    const read = Buffer.from('id: 1\ndata: x\n\ndata: y\n\n');
    const places: unknown[] = [];
    new SseParser({ event: (bytes, start, end) => places.push([bytes === read, start, end]) }).feed(
      read,
      0,
      read.length,
      0,
    );
    expect(places).toEqual([
      [true, 12, 13],
      [true, 21, 22],
    ]);
  });

  test('an event carries the time of the read that completed it', () => {
    const times: number[] = [];
    const parser = new SseParser({
      event: (_bytes, _start, _end, receivedAt) => times.push(receivedAt),
    });
    const stream = Buffer.from('data: x\n\n');
    parser.feed(stream, 0, 5, 100);
    parser.feed(stream, 5, stream.length, 200);
    expect(times).toEqual([200]);
  });
});

/** Lines as a stream may hold them, well-formed or not; ends of all three kinds, and too many of them. */
function randomStream(random: Random): Buffer {
  const pick = <T>(items: readonly T[]): T => items[random.int(items.length)] as T;
  const characters = ['a', ' ', ':', '🐢', 'ż', '\u0000', 'data', '0', '\ufeff'];
  const text = () => Array.from({ length: random.int(5) }, () => pick(characters)).join('');
  const names = [
    'data',
    'data',
    'data',
    'data',
    'id',
    'event',
    'event',
    'retry',
    '',
    'dat',
    'datum',
  ];
  const separators = [': ', ': ', ': ', ':', ':  ', '', ' '];
  const value = () => pick([text, text, text, () => String(random.int(5000))])();
  const line = () => pick(names) + pick(separators) + value();
  const ends = pick([['\n'], ['\r'], ['\r\n'], ['\n', '\r', '\r\n']]);
  const lines = Array.from(
    { length: random.int(16) },
    () => line() + pick(ends) + pick(['', '', pick(ends)]),
  );
  return Buffer.from(pick(['', '', '', '\ufeff']) + lines.join('') + pick(['', line()]));
}

/** What eventsource-parser makes of a stream, put in our terms. */
function parseWithLibrary(stream: Buffer) {
  const events: { data: string; name: string; id: string | undefined }[] = [];
  let retryMs: number | undefined;
  const parser = createParser({
    onEvent: ({ data, event: name = '', id }) => events.push({ data, name, id }),
    onRetry: (ms) => {
      retryMs = ms;
    },
  });
  // It looks for the three bytes of a byte order mark in a text, where TextDecoder leaves none of them;
  // the decoder is what removes the mark.
  parser.feed(new TextDecoder().decode(stream));
  // It holds a CR at the end back until it knows whether LF follows. A comment changes nothing else.
  parser.feed(':\n');
  return { events, retryMs };
}

describe('on 600 random streams', () => {
  const random = createRandom(21);
  const streams = Array.from({ length: 600 }, () => randomStream(random));

  test('the parser agrees with eventsource-parser', () => {
    for (const stream of streams) {
      const ours = parse(stream, randomCuts(random, stream.length));
      const theirs = parseWithLibrary(stream);
      // It tells the id of an event's own block, and leaves to its user that ids persist.
      const expected = theirs.events.map((seen, i) => ({
        ...seen,
        id: seen.id ?? ours.events[i]?.id,
      }));
      expect(ours.events, JSON.stringify(stream.toString())).toEqual(expected);
      expect(ours.retryMs).toBe(theirs.retryMs);
    }
  });

  test('it does not matter where a stream is cut', () => {
    for (const stream of streams.slice(0, 100)) {
      const whole = parse(stream);
      for (const cuts of everyCut(stream)) expect(parse(stream, cuts)).toEqual(whole);
    }
  });

  test('there are events of every kind in them, or agreeing would mean little', () => {
    const events = streams.flatMap((stream) => parse(stream).events);
    expect(events.length).toBeGreaterThan(500);
    expect(events.filter(({ name }) => name !== '').length).toBeGreaterThan(50);
    expect(events.filter(({ id }) => id !== '').length).toBeGreaterThan(50);
    expect(events.filter(({ data }) => data.includes('\n')).length).toBeGreaterThan(50);
  });
});
