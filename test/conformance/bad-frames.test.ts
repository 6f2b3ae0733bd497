/** Frames that are wrong in every way: each gets its close code, and harms nobody else. */
import { describe, expect, test } from 'vitest';
import { opcodes } from '../../transports/ws/parser.ts';
import { closeFrame, frame } from '../ws-frames.ts';
import type { Counts } from './siege.ts';
import { besiege } from './siege.ts';
import { closeCodeOf, masked, openWebSocket } from './stubborn-peer.ts';

const { text, binary, continuation, ping, close } = opcodes;
const LIMIT = 64 * 1_024;
const notUtf8 = Buffer.from([0x61, 0xff, 0xc0]);
const malformed: Counts = { 'expelled malformed': 1 };
const notAnOperation: Counts = { ...malformed, 'operations refused': 1 };

const breaches: readonly {
  readonly what: string;
  readonly frames: Buffer;
  readonly code: number;
  readonly counts: Counts;
}[] = [
  {
    what: 'an operation that is no JSON',
    frames: masked('{"op":'),
    code: 1007,
    counts: notAnOperation,
  },
  {
    what: 'an operation that is not known',
    frames: masked('{"op":"dance"}'),
    code: 1007,
    counts: notAnOperation,
  },
  {
    what: 'a field that is missing',
    frames: masked('{"op":"join"}'),
    code: 1007,
    counts: notAnOperation,
  },
  {
    what: 'data that nests 501 deep',
    frames: masked(`{"op":"publish","data":${'['.repeat(501)}${']'.repeat(501)}}`),
    code: 1007,
    counts: notAnOperation,
  },
  { what: 'text that is not UTF-8', frames: masked(notUtf8), code: 1007, counts: malformed },
  {
    what: 'a frame over the limit',
    frames: masked(Buffer.alloc(LIMIT + 1)),
    code: 1009,
    counts: { 'expelled too-big': 1 },
  },
  {
    what: 'the announcement of a frame of 2^62 bytes',
    frames: Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0]),
    code: 1009,
    counts: { 'expelled too-big': 1 },
  },
  {
    what: 'fragments that are over the limit together',
    frames: Buffer.concat([
      frame(binary, Buffer.alloc(LIMIT), { masked: true, more: true }),
      frame(continuation, 'x', { masked: true }),
    ]),
    code: 1009,
    counts: { 'expelled too-big': 1 },
  },
  { what: 'a frame without a mask', frames: frame(text, 'x'), code: 1002, counts: malformed },
  ...[1, 2, 4].map((reserved) => ({
    what: `reserved bit ${reserved}`,
    frames: frame(text, 'x', { masked: true, reserved }),
    code: 1002,
    counts: malformed,
  })),
  { what: 'opcode 3', frames: masked('x', 3), code: 1002, counts: malformed },
  { what: 'opcode 11', frames: masked('x', 11), code: 1002, counts: malformed },
  {
    what: 'a fragmented ping',
    frames: frame(ping, 'x', { masked: true, more: true }),
    code: 1002,
    counts: malformed,
  },
  {
    what: 'a ping of 126 bytes',
    frames: masked('x'.repeat(126), ping),
    code: 1002,
    counts: malformed,
  },
  {
    what: 'the end of what never began',
    frames: masked('x', continuation),
    code: 1002,
    counts: malformed,
  },
  {
    what: 'a message inside another one',
    frames: Buffer.concat([frame(text, 'x', { masked: true, more: true }), masked('y')]),
    code: 1002,
    counts: malformed,
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((code) => ({
    what: `close code ${code}`,
    frames: masked(closeFrame(code).subarray(2), close),
    code: 1002,
    counts: malformed,
  })),
  { what: 'half a close code', frames: masked('x', close), code: 1002, counts: malformed },
  {
    what: 'a reason to close that is not UTF-8',
    frames: masked(Buffer.concat([Buffer.from([0x03, 0xe8]), notUtf8]), close),
    code: 1007,
    counts: malformed,
  },
];

describe('a WebSocket client that sends', () => {
  test.each(breaches)('$what is closed with $code', async ({ frames, code, counts }) => {
    await besiege(counts, async (server) => {
      const peer = await openWebSocket(server.httpPort);
      await server.guests(1);
      peer.say(frames);
      await server.serves();
      const heard = await peer.hears((all) => closeCodeOf(all) !== undefined);
      expect(closeCodeOf(heard)).toBe(code);
      peer.socket.end();
      await server.alone();
    });
  });

  test.each([
    { what: 'code 1000', payload: closeFrame(1000).subarray(2), code: 1000 },
    { what: 'code 4999 and a reason', payload: closeFrame(4999, 'bye').subarray(2), code: 4999 },
    { what: 'no code', payload: Buffer.alloc(0), code: 1005 },
  ])('a close frame with $what is answered in kind', async ({ payload, code }) => {
    await besiege({}, async (server) => {
      const peer = await openWebSocket(server.httpPort);
      peer.say(masked(payload, close));
      expect(closeCodeOf(await peer.over())).toBe(code);
      peer.socket.end();
      await server.alone();
    });
  });

  test('a close frame, and never ends its side, is cut', async () => {
    await besiege({}, async (server) => {
      const peer = await openWebSocket(server.httpPort);
      await server.guests(1);
      peer.say(masked(closeFrame(1000).subarray(2), close));
      await server.alone();
    });
  });

  test('fifty pings in one packet gets fifty pongs', async () => {
    await besiege({}, async (server) => {
      const peer = await openWebSocket(server.httpPort);
      peer.say(Buffer.concat(Array.from({ length: 50 }, (_, i) => masked(`ping ${i}`, ping))));
      await server.serves();
      const heard = await peer.hears(/ping 49/);
      expect(heard.match(/\x8a.ping \d+/gs)?.length).toBe(50);
      peer.socket.end();
      await server.alone();
    });
  });

  test('a flood of pings and reads no pong is cut', async () => {
    await besiege({}, async (server) => {
      const peer = await openWebSocket(server.httpPort);
      await server.guests(1);
      peer.socket.pause();
      const flood = Buffer.concat(Array.from({ length: 500 }, () => masked('x'.repeat(125), ping)));
      peer.say(flood);
      await server.serves();
      await server.alone();
    });
  });
});
