import { describe, expect, test } from 'vitest';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import { encodeClientFrame } from '../../transports/ws/client-frame.ts';
import { opcodes, WsParser } from '../../transports/ws/parser.ts';
import { encodeServerFrame } from '../../transports/ws/server.ts';
import { everyCut, feedPieces, randomCuts } from '../feeder.ts';
import type { Seen } from '../ws-frames.ts';
import { closeFrame, frame, parseWithLibrary } from '../ws-frames.ts';

function parse(stream: Buffer, cuts: readonly number[] = []): { seen: Seen[]; problem: string } {
  const seen: Seen[] = [];
  let problem = '';
  const parser = new WsParser({
    message: (bytes, start, end) => seen.push(`message ${bytes.toString('latin1', start, end)}`),
    ping: (payload) => seen.push(`ping ${payload.toString('latin1')}`),
    pong: (payload) => seen.push(`pong ${payload.toString('latin1')}`),
    close: (code, reason) => seen.push(`close ${code} ${reason}`),
    error: (code, says) => {
      seen.push(`error ${code}`);
      problem = says;
    },
  });
  feedPieces(parser, stream, cuts);
  return { seen, problem };
}

const { continuation, text, binary, close, ping, pong } = opcodes;
const more = { more: true };

interface Case {
  readonly says: string;
  readonly frames: readonly Buffer[];
  readonly seen: readonly Seen[];
  readonly problem?: string;
}

const turtle = Buffer.from('🐢');
const latin1 = (content: string | Buffer): string => Buffer.from(content).toString('latin1');

/** RFC 6455, sections 5.2 to 5.5, 7.4 and 8.1. */
const cases: readonly Case[] = [
  { says: 'a text frame is a message', frames: [frame(text, 'abc')], seen: ['message abc'] },
  {
    says: 'a binary frame is a message',
    frames: [frame(binary, '\x00\x80')],
    seen: ['message \x00\xc2\x80'],
  },
  {
    says: 'frames follow each other',
    frames: [frame(text, 'a'), frame(text, 'b')],
    seen: ['message a', 'message b'],
  },
  {
    says: 'a frame of no bytes is an empty message',
    frames: [frame(text), frame(binary), frame(text, 'a')],
    seen: ['message ', 'message ', 'message a'],
  },
  {
    says: 'fragments are joined',
    frames: [
      frame(text, 'ab', more),
      frame(continuation, 'cd', more),
      frame(continuation, 'e'),
      frame(text, 'f'),
    ],
    seen: ['message abcde', 'message f'],
  },
  {
    says: 'fragments may be empty',
    frames: [frame(text, '', more), frame(continuation, '', more), frame(continuation)],
    seen: ['message '],
  },
  {
    says: 'control frames may come between fragments',
    frames: [
      frame(text, 'a', more),
      frame(ping, '1'),
      frame(continuation, 'b', more),
      frame(pong),
      frame(continuation, 'c'),
    ],
    seen: ['ping 1', 'pong ', 'message abc'],
  },
  {
    says: 'a character may be split over fragments',
    frames: [frame(text, turtle.subarray(0, 1), more), frame(continuation, turtle.subarray(1))],
    seen: [`message ${latin1(turtle)}`],
  },
  {
    says: 'a binary message need not be UTF-8',
    frames: [frame(binary, Buffer.from([0xff, 0xfe]))],
    seen: ['message \xff\xfe'],
  },
  {
    says: 'a ping may hold 125 bytes',
    frames: [frame(ping, 'x'.repeat(125))],
    seen: [`ping ${'x'.repeat(125)}`],
  },
  {
    says: 'a text that is not UTF-8 is an error',
    frames: [frame(text, 'a'), frame(text, Buffer.from([0x61, 0xff])), frame(text, 'b')],
    seen: ['message a', 'error 1007'],
    problem: 'a text message is not UTF-8',
  },
  {
    says: 'a long text that is not UTF-8 is an error',
    frames: [frame(text, Buffer.concat([Buffer.alloc(300, 'x'), Buffer.from([0xff])]))],
    seen: ['error 1007'],
    problem: 'a text message is not UTF-8',
  },
  {
    says: 'a text that ends within a character is an error',
    frames: [frame(text, turtle.subarray(0, 3))],
    seen: ['error 1007'],
    problem: 'a text message is not UTF-8',
  },
  {
    says: 'fragments that do not make UTF-8 together are an error',
    frames: [frame(text, turtle.subarray(0, 2), more), frame(continuation, turtle.subarray(1))],
    seen: ['error 1007'],
    problem: 'a text message is not UTF-8',
  },
  {
    says: 'a masked frame is an error',
    frames: [frame(text, 'a', { masked: true })],
    seen: ['error 1002'],
    problem: 'a frame from the server is masked',
  },
  {
    says: 'a masked long frame is an error',
    frames: [frame(text, 'a'.repeat(126), { masked: true })],
    seen: ['error 1002'],
    problem: 'a frame from the server is masked',
  },
  ...[1, 2, 4].map((reserved) => ({
    says: `reserved bit ${reserved} is an error`,
    frames: [frame(text, 'a', { reserved })],
    seen: ['error 1002'],
    problem: 'a reserved bit is set',
  })),
  ...[3, 7, 11, 15].map((opcode) => ({
    says: `opcode ${opcode} is an error`,
    frames: [frame(opcode, 'a')],
    seen: ['error 1002'],
    problem: `opcode ${opcode} is not defined`,
  })),
  {
    says: 'a fragmented control frame is an error',
    frames: [frame(ping, 'a', more)],
    seen: ['error 1002'],
    problem: 'a control frame is fragmented',
  },
  {
    says: 'a control frame of 126 bytes is an error',
    frames: [frame(ping, 'x'.repeat(126))],
    seen: ['error 1002'],
    problem: 'a control frame is over 125 bytes',
  },
  {
    says: 'a continuation of nothing is an error',
    frames: [frame(continuation, 'a')],
    seen: ['error 1002'],
    problem: 'a continuation frame continues nothing',
  },
  {
    says: 'a continuation after the last fragment is an error',
    frames: [frame(text, 'a', more), frame(continuation, 'b'), frame(continuation, 'c')],
    seen: ['message ab', 'error 1002'],
    problem: 'a continuation frame continues nothing',
  },
  ...[text, binary].map((opcode) => ({
    says: `a message of opcode ${opcode} inside a fragmented one is an error`,
    frames: [frame(text, 'a', more), frame(opcode, 'b')],
    seen: ['error 1002'],
    problem: 'a message starts inside a fragmented one',
  })),
  {
    says: 'a length above 100 MiB is an error',
    frames: [Buffer.from([0x81, 127, 0, 0, 0, 0, 0x06, 0x40, 0x00, 0x01])],
    seen: ['error 1009'],
    problem: 'a message is over 104857600 bytes',
  },
  {
    says: 'a length above what a number can hold is an error',
    frames: [Buffer.from([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    seen: ['error 1009'],
    problem: 'a message is over 104857600 bytes',
  },
  { says: 'a close frame without a code is 1005', frames: [frame(close)], seen: ['close 1005 '] },
  {
    says: 'a close frame may hold a reason',
    frames: [closeFrame(1001, 'żegnaj')],
    seen: ['close 1001 żegnaj'],
  },
  {
    says: 'a close frame may come between fragments',
    frames: [frame(text, 'a', more), closeFrame(1001)],
    seen: ['close 1001 '],
  },
  {
    says: 'nothing is read after a close frame',
    frames: [closeFrame(1000), frame(text, 'a'), closeFrame(1001)],
    seen: ['close 1000 '],
  },
  {
    says: 'nothing is read after an error',
    frames: [frame(3), frame(text, 'a'), frame(3), closeFrame(1000)],
    seen: ['error 1002'],
    problem: 'opcode 3 is not defined',
  },
  {
    says: 'half a close code is an error',
    frames: [frame(close, 'x')],
    seen: ['error 1002'],
    problem: 'a close frame has half a code',
  },
  {
    says: 'a close reason that is not UTF-8 is an error',
    frames: [closeFrame(1000, Buffer.from([0xff]))],
    seen: ['error 1007'],
    problem: 'a close reason is not UTF-8',
  },
];

describe('the frame parser', () => {
  for (const { says, frames, seen, problem = '' } of cases) {
    test(`${says}, wherever the stream is cut`, () => {
      const stream = Buffer.concat(frames);
      for (const cuts of everyCut(stream)) expect(parse(stream, cuts)).toEqual({ seen, problem });
    });
  }

  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];
  test.each(lengths)('a message of %d bytes comes whole, also when cut', (length) => {
    const payload = Buffer.alloc(length, 'abcdefghijk');
    const stream = Buffer.concat([frame(text, payload), frame(text, 'end')]);
    const expected = [`message ${payload.toString('latin1')}`, 'message end'];
    for (const place of [0, 1, 2, 3, 4, 9, 10, 11, length, stream.length - 5, stream.length]) {
      const cuts = place > stream.length ? [] : [place];
      expect(parse(stream, cuts).seen).toEqual(expected);
    }
  });

  test.each([
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ])('close code %d is allowed', (code) => {
    expect(parse(closeFrame(code)).seen).toEqual([`close ${code} `]);
  });

  test.each([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535])(
    'close code %d is an error',
    (code) => {
      expect(parse(closeFrame(code))).toEqual({
        seen: ['error 1002'],
        problem: `close code ${code} is not allowed`,
      });
    },
  );

  test('a message that lies in one read is passed on where it lies, with the time of the read', () => {
    const read = Buffer.concat([frame(ping), frame(text, 'abc'), frame(text, 'd'.repeat(126))]);
    const places: unknown[] = [];
    const ignore = () => undefined;
    new WsParser({
      message: (bytes, start, end, receivedAt) =>
        places.push([bytes === read, start, end, receivedAt]),
      ping: ignore,
      pong: ignore,
      close: ignore,
      error: ignore,
    }).feed(read, 0, read.length, 7);
    expect(places).toEqual([
      [true, 4, 7, 7],
      [true, 11, 137, 7],
    ]);
  });
});

/** Frames as a server may send them, nearly always well-formed, and then perhaps a byte is changed. */
function randomStream(random: Random): Buffer {
  const pick = <T>(items: readonly T[]): T => items[random.int(items.length)] as T;
  const payload = () =>
    pick(['', 'a', 'żółw', '🐢', 'x'.repeat(125), 'y'.repeat(126), 'z'.repeat(random.int(400))]);
  const control = () =>
    pick<() => Buffer>([
      () => frame(ping, pick(['', 'p'])),
      () => frame(pong, pick(['', 'q'])),
      () => Buffer.alloc(0),
    ])();
  const message = (): Buffer => {
    const bytes = Buffer.from(payload());
    const opcode = pick([text, binary]);
    if (random.int(2) === 0) return frame(opcode, bytes);
    const cuts = randomCuts(random, bytes.length);
    return Buffer.concat(
      [...cuts, bytes.length].map((to, i) =>
        Buffer.concat([
          frame(i === 0 ? opcode : continuation, bytes.subarray(cuts[i - 1] ?? 0, to), {
            more: i < cuts.length,
          }),
          control(),
        ]),
      ),
    );
  };
  const broken = () =>
    pick<() => Buffer>([
      () =>
        frame(random.int(16), payload().slice(0, 100), {
          more: random.int(2) === 0,
          reserved: random.int(2) * random.int(8),
        }),
      () => frame(text, Buffer.from([0xc3, 0x28])),
      () => closeFrame(random.int(5_100), pick(['', 'bye'])),
      () => frame(text, 'a', { masked: true }),
    ])();
  const parts: Buffer[] = Array.from({ length: random.int(8) }, () =>
    Buffer.concat([message(), control()]),
  );
  if (random.int(3) === 0) parts.splice(random.int(parts.length + 1), 0, broken());
  if (random.int(3) === 0)
    parts.push(closeFrame(pick([1000, 1001, 4000]), pick(['', 'bye'])), frame(text, 'late'));
  const stream = Buffer.concat(parts);
  if (random.int(4) === 0 && stream.length > 0) stream[random.int(stream.length)] = random.int(256);
  return stream;
}

describe('on 800 random streams', () => {
  const random = createRandom(51);
  const streams = Array.from({ length: 800 }, () => randomStream(random));

  test('the parser agrees with the ws package on messages, closing and errors', () => {
    for (const stream of streams) {
      const { seen } = parse(stream, randomCuts(random, stream.length));
      expect(seen, stream.toString('hex')).toEqual(parseWithLibrary(stream));
    }
  });

  test('it does not matter where a stream is cut', () => {
    for (const stream of streams.filter(({ length }) => length < 300).slice(0, 80)) {
      const whole = parse(stream);
      for (const cuts of everyCut(stream)) expect(parse(stream, cuts)).toEqual(whole);
    }
  });

  test('there is everything in them, or agreeing would mean little', () => {
    const all = streams.flatMap((stream) => parse(stream).seen);
    for (const start of ['message', 'ping', 'pong', 'close', 'error 1002', 'error 1007']) {
      expect(all.filter((seen) => seen.startsWith(start)).length, start).toBeGreaterThan(30);
    }
  });
});

describe('a frame we encode', () => {
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

  test.each(lengths)('as the server, of %d bytes, is read by the ws package', (length) => {
    const payload = Buffer.alloc(length, 'abcde');
    expect(parseWithLibrary(encodeServerFrame(payload))).toEqual([
      `message ${payload.toString('latin1')}`,
    ]);
  });

  test.each(lengths)('as the client, of %d bytes, is read by the ws package', (length) => {
    const payload = Buffer.alloc(length, 'abcde');
    const encoded = encodeClientFrame(text, payload);
    expect(parseWithLibrary(encoded, true)).toEqual([`message ${payload.toString('latin1')}`]);
  });

  test('as the client is masked with the bytes given', () => {
    const [mask] = new Int32Array(Uint8Array.from([1, 2, 4, 8]).buffer);
    const encoded = encodeClientFrame(ping, Buffer.from([0, 0, 0, 0, 0xff]), mask);
    expect([...encoded]).toEqual([0x89, 0x85, 1, 2, 4, 8, 1, 2, 4, 8, 0xfe]);
  });

  test('as the client, of every length, is not touched by the frames that follow', () => {
    const frames = Array.from({ length: 2_000 }, (_, length) =>
      encodeClientFrame(text, Buffer.alloc(length, 'abcde')),
    );
    for (const [length, frame] of frames.entries()) {
      const payload = Buffer.alloc(length, 'abcde').toString('latin1');
      expect(parseWithLibrary(frame, true)).toEqual([`message ${payload}`]);
    }
  });

  test('as the client has a new mask each time', () => {
    const one = () => encodeClientFrame(text, Buffer.from('x')).toString('hex');
    expect(new Set([one(), one(), one(), one()]).size).toBeGreaterThan(1);
  });
});
