/** Splits newline-delimited messages out of a byte stream, in place where a whole line is there. */
import { ByteStore } from '../lean/byte-store.ts';
import type { Decoder } from '../lean/socket.ts';

const LF = 0x0a;

export type OnLine = (bytes: Buffer, start: number, end: number, receivedAt: number) => void;

export class LineParser implements Decoder {
  private readonly partial = new ByteStore();
  private readonly onLine: OnLine;
  limitBytes: number;
  private readonly onTooLong: () => void;

  /**
   * @param onLine gets every line that is not empty; an empty one is a heartbeat
   * @param onTooLong called when a line is longer than `limitBytes`, over or not; the rest is not looked at
   */
  constructor(
    onLine: OnLine,
    limitBytes = Number.POSITIVE_INFINITY,
    onTooLong: () => void = () => undefined,
  ) {
    this.onLine = onLine;
    this.limitBytes = limitBytes;
    this.onTooLong = onTooLong;
  }

  feed(bytes: Buffer, start: number, end: number, receivedAt: number): void {
    let at = start;
    for (let here = start; here < end; here += 1) {
      if (bytes[here] !== LF) continue;
      if (this.partial.length + here - at > this.limitBytes) {
        this.onTooLong();
        return;
      }
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
    if (this.partial.length > this.limitBytes) this.onTooLong();
  }
}
