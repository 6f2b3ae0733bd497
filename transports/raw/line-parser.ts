/** Splits newline-delimited messages out of a byte stream, in place where a whole line is there. */
import { ByteStore } from '../lean/byte-store.ts';
import type { Decoder } from '../lean/socket.ts';

const LF = 0x0a;

export class LineParser implements Decoder {
  private readonly partial = new ByteStore();
  private readonly onLine: (bytes: Buffer, start: number, end: number, receivedAt: number) => void;

  /** @param onLine gets every line that is not empty; an empty one is a heartbeat */
  constructor(onLine: (bytes: Buffer, start: number, end: number, receivedAt: number) => void) {
    this.onLine = onLine;
  }

  feed(bytes: Buffer, start: number, end: number, receivedAt: number): void {
    let at = start;
    for (let here = start; here < end; here += 1) {
      if (bytes[here] !== LF) continue;
      if (this.partial.length > 0) {
        this.partial.append(bytes, at, here);
        this.onLine(this.partial.bytes, 0, this.partial.length, receivedAt);
        this.partial.clear();
      } else if (here > at) {
        this.onLine(bytes, at, here, receivedAt);
      }
      at = here + 1;
    }
    if (at < end) this.partial.append(bytes, at, end);
  }
}
