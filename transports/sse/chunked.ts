/** Removes HTTP/1.1 chunked framing, incrementally, passing the content on in place. */
import type { Decoder } from '../lean/socket.ts';

const LF = 0x0a;
const CR = 0x0d;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;
/** More hexadecimal digits than this would not fit a safe integer. */
const MAX_SIZE_DIGITS = 12;

type State = 'size' | 'size-end' | 'extension' | 'content' | 'content-end' | 'trailer' | 'done';

export class ChunkedDecoder implements Decoder {
  private readonly inner: Decoder;
  private readonly onEnd: () => void;
  private readonly onError: (problem: string) => void;
  private state: State = 'size';
  private digits = 0;
  /** While reading the size: its value so far. While reading content: bytes still to come. */
  private remaining = 0;
  /** Whether the current trailer line has any byte. */
  private trailerLine = false;

  constructor(inner: Decoder, onEnd: () => void, onError: (problem: string) => void) {
    this.inner = inner;
    this.onEnd = onEnd;
    this.onError = onError;
  }

  get retryMs(): number | undefined {
    return this.inner.retryMs;
  }

  feed(bytes: Buffer, start: number, end: number, receivedAt: number): void {
    let at = start;
    while (at < end) {
      if (this.state === 'content') {
        const stop = Math.min(end, at + this.remaining);
        this.remaining -= stop - at;
        if (this.remaining === 0) this.state = 'content-end';
        this.inner.feed(bytes, at, stop, receivedAt);
        at = stop;
      } else {
        if (this.state === 'done') return;
        this.frameByte(bytes[at] ?? 0);
        at += 1;
      }
    }
  }

  /** One byte of the framing around the content. */
  private frameByte(byte: number): void {
    switch (this.state) {
      case 'size': {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          this.remaining = this.remaining * 16 + digit;
          this.digits += 1;
          if (this.digits > MAX_SIZE_DIGITS) this.fail('a chunk size has too many digits');
        } else if (byte === LF) this.sizeRead();
        else if (byte === CR) this.state = 'size-end';
        // RFC 9112, 7.1.1 lets white space stand before an extension.
        else if (byte === SEMICOLON || byte === SPACE || byte === TAB) this.state = 'extension';
        else this.fail('a chunk size is not hexadecimal');
        return;
      }
      case 'size-end':
        if (byte === LF) this.sizeRead();
        else this.fail('a chunk size is not hexadecimal');
        return;
      case 'extension':
        if (byte === LF) this.sizeRead();
        return;
      case 'content-end':
        if (byte === LF) this.state = 'size';
        else if (byte !== CR) this.fail('a chunk is longer than its size');
        return;
      case 'trailer':
        if (byte === LF) {
          if (!this.trailerLine) {
            this.state = 'done';
            this.onEnd();
          }
          this.trailerLine = false;
        } else if (byte !== CR) this.trailerLine = true;
        return;
      default:
        return;
    }
  }

  private sizeRead(): void {
    if (this.digits === 0) {
      this.fail('a chunk size is missing');
      return;
    }
    this.state = this.remaining === 0 ? 'trailer' : 'content';
    this.digits = 0;
  }

  private fail(problem: string): void {
    this.state = 'done';
    this.onError(problem);
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
