/**
 * Incremental parser of the frames a WebSocket server sends (RFC 6455). It emits messages in place
 * where a whole one lies in one read, checks what a client must check, and leaves answering to its owner.
 */
import { isUtf8 } from 'node:buffer';
import { ByteStore } from '../lean/byte-store.ts';
import type { Decoder } from '../lean/socket.ts';

export const opcodes = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** The `ws` package's default. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
/** Below this a loop over the bytes is cheaper than the call into `isUtf8`. */
const SHORT_TEXT_BYTES = 256;

export interface WsEvents {
  message(bytes: Buffer, start: number, end: number, receivedAt: number, binary: boolean): void;
  /** The payload is valid during the call only. */
  ping(payload: Buffer): void;
  pong(payload: Buffer): void;
  /** The server's close frame; 1005 when it held no code. */
  close(code: number, reason: string): void;
  /** The peer broke the protocol; `code` is what to close with. Nothing is emitted after it. */
  error(code: number, problem: string): void;
}

export class WsParser implements Decoder {
  private readonly events: WsEvents;
  /** A frame header that earlier feeds brought in part. */
  private header: ByteStore | undefined;
  /** Bytes of the current frame's payload still to come; -1 between frames. */
  private remaining = -1;
  private opcode = 0;
  private fin = false;
  /** Payload of a message that is not complete in one read. */
  private readonly message = new ByteStore();
  /** Opcode of the fragmented message being collected; 0 when there is none. */
  private messageOpcode = 0;
  private control: ByteStore | undefined;
  private ended = false;

  constructor(events: WsEvents) {
    this.events = events;
  }

  feed(bytes: Buffer, start: number, end: number, receivedAt: number): void {
    let at = start;
    while (!this.ended && (at < end || this.remaining === 0)) {
      if (this.remaining >= 0) {
        at = this.payload(bytes, at, end, receivedAt);
        continue;
      }
      if (this.header === undefined || this.header.length === 0) {
        const bodyAt = this.wholeMessage(bytes, at, end, receivedAt);
        if (bodyAt > 0) {
          at = bodyAt;
          continue;
        }
      }
      at = this.headerBytes(bytes, at, end);
    }
  }

  /**
   * The common case: an unfragmented data frame of up to 65,535 bytes, all of it here.
   * @returns where the next frame starts, or 0 when this is not that case.
   */
  private wholeMessage(bytes: Buffer, at: number, end: number, receivedAt: number): number {
    const first = bytes[at] ?? 0;
    if ((first !== 0x81 && first !== 0x82) || this.messageOpcode !== 0 || end - at < 2) return 0;
    let length = bytes[at + 1] ?? 0;
    let from = at + 2;
    if (length === 126) {
      if (end - at < 4) return 0;
      length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      from = at + 4;
    } else if (length > 126) {
      return 0; // longer, or masked
    }
    const to = from + length;
    if (to > end) return 0;
    this.emit(first === 0x81, bytes, from, to, receivedAt);
    return to;
  }

  /** Collects header bytes until the header is complete; returns where it stopped. */
  private headerBytes(bytes: Buffer, start: number, end: number): number {
    this.header ??= new ByteStore();
    const { header } = this;
    let at = start;
    while (at < end) {
      header.appendByte(bytes[at] ?? 0);
      at += 1;
      if (header.length === 2 && !this.checkHeader(header.bytes[0] ?? 0, header.bytes[1] ?? 0))
        break;
      if (header.length >= 2) {
        const short = (header.bytes[1] ?? 0) & 0x7f;
        if (header.length === (short === 126 ? 4 : short === 127 ? 10 : 2)) {
          this.headerComplete(header, short);
          break;
        }
      }
    }
    return at;
  }

  private checkHeader(first: number, second: number): boolean {
    const opcode = first & 0x0f;
    const fin = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) return this.fail(1002, 'a reserved bit is set');
    if ((second & 0x80) !== 0) return this.fail(1002, 'a frame from the server is masked');
    if (opcode >= 8) {
      if (opcode > 10) return this.fail(1002, `opcode ${opcode} is not defined`);
      if (!fin) return this.fail(1002, 'a control frame is fragmented');
      if ((second & 0x7f) > 125) return this.fail(1002, 'a control frame is over 125 bytes');
      if (opcode === opcodes.close && second === 1) {
        return this.fail(1002, 'a close frame has half a code');
      }
    } else if (opcode > 2) {
      return this.fail(1002, `opcode ${opcode} is not defined`);
    } else if (opcode === 0 && this.messageOpcode === 0) {
      return this.fail(1002, 'a continuation frame continues nothing');
    } else if (opcode !== 0 && this.messageOpcode !== 0) {
      return this.fail(1002, 'a message starts inside a fragmented one');
    }
    return true;
  }

  private headerComplete(header: ByteStore, short: number): void {
    const { bytes } = header;
    this.fin = ((bytes[0] ?? 0) & 0x80) !== 0;
    this.opcode = (bytes[0] ?? 0) & 0x0f;
    this.remaining =
      short === 126
        ? bytes.readUInt16BE(2)
        : short === 127
          ? bytes.readUInt32BE(2) * 2 ** 32 + bytes.readUInt32BE(6)
          : short;
    header.clear();
    if (this.opcode >= 8) return;
    if (this.message.length + this.remaining > MAX_MESSAGE_BYTES) {
      this.fail(1009, `a message is over ${MAX_MESSAGE_BYTES} bytes`);
    } else if (this.opcode !== opcodes.continuation) {
      this.messageOpcode = this.opcode;
    }
  }

  private payload(bytes: Buffer, at: number, end: number, receivedAt: number): number {
    const stop = Math.min(end, at + this.remaining);
    this.remaining -= stop - at;
    if (this.opcode >= 8) {
      this.control ??= new ByteStore();
      this.control.append(bytes, at, stop);
      if (this.remaining === 0) this.controlComplete(this.control);
      return stop;
    }
    this.message.append(bytes, at, stop);
    if (this.remaining === 0) {
      this.remaining = -1;
      if (this.fin) {
        const text = this.messageOpcode === opcodes.text;
        this.messageOpcode = 0;
        this.emit(text, this.message.bytes, 0, this.message.length, receivedAt);
        this.message.clear();
      }
    }
    return stop;
  }

  private emit(text: boolean, bytes: Buffer, start: number, end: number, receivedAt: number): void {
    if (text && !isValidText(bytes, start, end)) this.fail(1007, 'a text message is not UTF-8');
    else this.events.message(bytes, start, end, receivedAt, !text);
  }

  private controlComplete(control: ByteStore): void {
    this.remaining = -1;
    const payload = control.bytes.subarray(0, control.length);
    control.clear();
    if (this.opcode === opcodes.ping) this.events.ping(payload);
    else if (this.opcode === opcodes.pong) this.events.pong(payload);
    else this.closeFrame(payload);
  }

  private closeFrame(payload: Buffer): void {
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    const reason = payload.subarray(2);
    if (payload.length > 0 && !isCloseCode(code))
      this.fail(1002, `close code ${code} is not allowed`);
    else if (!isUtf8(reason)) this.fail(1007, 'a close reason is not UTF-8');
    else {
      this.ended = true;
      this.events.close(code, reason.toString('utf8'));
    }
  }

  private fail(code: number, problem: string): false {
    this.ended = true;
    this.remaining = -1;
    this.events.error(code, problem);
    return false;
  }
}

/** The buffer that was last looked at word by word, and its words. One buffer serves all connections. */
const lastViewed: { bytes: Buffer | undefined; words: Int32Array } = {
  bytes: undefined,
  words: new Int32Array(0),
};

function isValidText(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > SHORT_TEXT_BYTES) return isUtf8(bytes.subarray(start, end));
  return isAscii(bytes, start, end) || isUtf8(bytes.subarray(start, end));
}

/**
 * Four bytes at a time: a quarter of the cost of a loop over bytes (codec.parse.ws in
 * `npm run bench:self`), and no view is made per message.
 */
function isAscii(bytes: Buffer, start: number, end: number): boolean {
  if (lastViewed.bytes !== bytes) {
    if (bytes.byteOffset % 4 !== 0) return false;
    lastViewed.bytes = bytes;
    lastViewed.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  }
  const { words } = lastViewed;
  let bits = 0;
  const lastWord = end >> 2;
  let at = start;
  for (; at < end && (at & 3) !== 0; at += 1) bits |= bytes[at] ?? 0;
  for (let word = at >> 2; word < lastWord; word += 1) bits |= words[word] ?? 0;
  for (at = Math.max(at, lastWord << 2); at < end; at += 1) bits |= bytes[at] ?? 0;
  return (bits & 0x80808080) === 0;
}

/** Codes that may appear on the wire (RFC 6455, 7.4, and the IANA registry). */
function isCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
