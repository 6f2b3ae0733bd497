/** WebSocket frames byte by byte, right or wrong, and what the ws package reads from them. */
import type { Writable } from 'node:stream';
import * as wsPackage from 'ws';
import { opcodes } from '../transports/ws/parser.ts';

export interface FrameOptions {
  /** Not the last fragment. */
  readonly more?: boolean;
  readonly masked?: boolean;
  /** The three reserved bits, 0 to 7. */
  readonly reserved?: number;
}

export function frame(
  opcode: number,
  content: string | Buffer = '',
  options: FrameOptions = {},
): Buffer {
  const { more = false, masked = false, reserved = 0 } = options;
  const payload = Buffer.from(content);
  const { length } = payload;
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const head = [(more ? 0 : 0x80) | (reserved << 4) | opcode, (masked ? 0x80 : 0) | short];
  const extended = Buffer.alloc(short === 126 ? 2 : short === 127 ? 8 : 0);
  if (short === 126) extended.writeUInt16BE(length);
  if (short === 127) extended.writeBigUInt64BE(BigInt(length));
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([Buffer.from(head), extended, Buffer.alloc(masked ? 4 : 0), payload]);
}

export function closeFrame(code: number, reason: string | Buffer = ''): Buffer {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code);
  return frame(opcodes.close, payload);
}

/** What came out, in order: 'message abc', 'ping x', 'close 1000 bye', 'error 1002'. */
export type Seen = string;

/** The package's own parser. It exports it, but its type declarations leave it out. */
const { Receiver } = wsPackage as unknown as {
  readonly Receiver: new (options: { isServer: boolean; maxPayload: number }) => Writable;
};

/** What the ws package makes of a stream, in order. */
export function parseWithLibrary(stream: Buffer, isServer = false): Seen[] {
  const seen: Seen[] = [];
  const receiver = new Receiver({ isServer, maxPayload: 100 * 1024 * 1024 });
  receiver.on('message', (data: Buffer) => seen.push(`message ${data.toString('latin1')}`));
  receiver.on('ping', (data: Buffer) => seen.push(`ping ${data.toString('latin1')}`));
  receiver.on('pong', (data: Buffer) => seen.push(`pong ${data.toString('latin1')}`));
  receiver.on('conclude', (code: number, reason: Buffer) => seen.push(`close ${code} ${reason}`));
  // Not `write`, which tells of an error one tick later. The package unmasks in place, hence the copy.
  receiver._write(Buffer.from(stream), 'latin1', (error) => {
    if (error == null) return;
    const status = Object.getOwnPropertySymbols(error).find(
      ({ description }) => description === 'status-code',
    );
    seen.push(`error ${status === undefined ? error.message : Reflect.get(error, status)}`);
  });
  return seen;
}
