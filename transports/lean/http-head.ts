/** Reads the head of an HTTP/1.1 response that may arrive in any number of pieces. Body bytes are left alone. */
import { ByteStore } from './byte-store.ts';

const CR = 0x0d;
const LF = 0x0a;
/** As much as Node's own parser takes. */
const MAX_HEAD_BYTES = 16 * 1024;
const FIRST_BYTES = Buffer.from('HTTP/1.');

export interface HttpHead {
  readonly status: number;
  readonly statusText: string;
  /** Lower-case names; a repeated header is joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Length of the head, blank line included. */
  readonly bytes: number;
}

export class HttpHeadReader {
  private readonly store = new ByteStore();

  /**
   * @returns where the body starts in `bytes`, with the head; or undefined while it is incomplete.
   * @throws Error when what arrives is no HTTP/1.1 response head.
   */
  feed(bytes: Buffer, start: number, end: number): { head: HttpHead; bodyAt: number } | undefined {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      this.store.appendByte(byte);
      const { length } = this.store;
      // Told at once, because what speaks another protocol may wait for us and never end the line.
      if (length <= FIRST_BYTES.length && byte !== FIRST_BYTES[length - 1]) {
        throw notHttp(bytes.toString('latin1', start, end));
      }
      if (byte === LF && this.endsWithBlankLine(length)) {
        return {
          head: parseHead(this.store.bytes.toString('latin1', 0, length), length),
          bodyAt: at + 1,
        };
      }
      if (length > MAX_HEAD_BYTES)
        throw new Error(`the response head is over ${MAX_HEAD_BYTES} bytes`);
    }
    return undefined;
  }

  private endsWithBlankLine(length: number): boolean {
    const { bytes } = this.store;
    return (
      length >= 4 &&
      bytes[length - 2] === CR &&
      bytes[length - 3] === LF &&
      bytes[length - 4] === CR
    );
  }
}

function parseHead(text: string, bytes: number): HttpHead {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const match = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(statusLine);
  if (match === null) throw notHttp(statusLine);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return { status: Number(match[1]), statusText: match[2] ?? '', headers, bytes };
}

function notHttp(text: string): Error {
  return new Error(`not an HTTP/1.1 answer: ${JSON.stringify(text.slice(0, 40))}`);
}
