/**
 * A plain socket that says whatever a test wants said, keeps every byte of the answer, and never ends its
 * own side: whatever the server does not end itself stays open.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { opcodes } from '../../transports/ws/parser.ts';
import { createSignal } from '../recorder.ts';
import { frame } from '../ws-frames.ts';

export interface StubbornPeer {
  readonly socket: Socket;
  say(what: string | Buffer): void;
  /** Everything so far, as latin1. */
  heard(): string;
  /** Resolves with everything so far as soon as it matches; rejects when the server has ended before. */
  hears(what: RegExp | ((heard: string) => boolean)): Promise<string>;
  /** Resolves with everything there was when the server has ended or reset the connection. */
  over(): Promise<string>;
}

export async function openPeer(port: number, first: string | Buffer = ''): Promise<StubbornPeer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void socket.destroy());
  const pieces: Buffer[] = [];
  const changed = createSignal();
  let isOver = false;
  const end = (): void => {
    isOver = true;
    changed.raise();
  };
  socket.on('data', (bytes) => {
    pieces.push(bytes);
    changed.raise();
  });
  // A reset is an end too: what was heard before it is what counts.
  socket.on('error', end);
  socket.on('end', end);
  const heard = (): string => Buffer.concat(pieces).toString('latin1');
  await once(socket, 'connect');
  if (first !== '') socket.write(first);
  return {
    socket,
    say: (what) => void socket.write(what),
    heard,
    async hears(what) {
      const found = await changed.until(() => {
        if (typeof what === 'function' ? what(heard()) : what.test(heard())) return true;
        return isOver ? false : undefined;
      });
      if (!found) throw new Error(`the server ended after ${JSON.stringify(heard())}`);
      return heard();
    },
    over: () => changed.until(() => (isOver ? heard() : undefined)),
  };
}

/** A request as bytes, with its length where it has a body. */
export function httpRequest(
  method: string,
  target: string,
  headers: readonly string[] = [],
  body: string | Buffer = '',
): Buffer {
  const length = body.length === 0 ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${target} HTTP/1.1`, 'Host: x', ...headers, ...length];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

export const upgradeHeaders = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
] as const;

/** A WebSocket that has been let in. */
export async function openWebSocket(port: number, query = ''): Promise<StubbornPeer> {
  const peer = await openPeer(port, httpRequest('GET', `/ws?${query}`, upgradeHeaders));
  await peer.hears(/^HTTP\/1\.1 101 [\s\S]*?\r\n\r\n/);
  return peer;
}

/** A frame as a client has to send it. */
export function masked(content: string | Buffer, opcode: number = opcodes.text): Buffer {
  return frame(opcode, content, { masked: true });
}

/** Status of the first answer; undefined where there was none. */
export function statusOf(heard: string): number | undefined {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(heard)?.[1];
  return status === undefined ? undefined : Number(status);
}

/** Code of the close frame that is the last thing the server said; undefined where it said none. */
export function closeCodeOf(heard: string): number | undefined {
  const bytes = Buffer.from(heard, 'latin1');
  const at = bytes.lastIndexOf(0x88);
  if (at < 0 || at + 2 + (bytes[at + 1] ?? 0) !== bytes.length) return undefined;
  return bytes.length === at + 2 ? 1005 : bytes.readUInt16BE(at + 2);
}
