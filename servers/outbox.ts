/** Frames that wait for a slow session, in order, where its policy keeps any. */
import type { Frame } from '../core/transport.ts';

export class Outbox {
  bytes = 0;
  /** By key where newer ones replace older ones, by a running number where they do not. */
  private readonly frames = new Map<string | number, Frame>();
  private lastSlot = 0;

  get length(): number {
    return this.frames.size;
  }

  push(frame: Frame): void {
    this.lastSlot += 1;
    this.frames.set(this.lastSlot, frame);
    this.bytes += frame.bytes.length;
  }

  /** Puts a frame at the end in place of the one with the same key. @returns whether there was one */
  replace(key: string, frame: Frame): boolean {
    const earlier = this.frames.get(key);
    // Deleted first, so that it goes to the end: what is sent stays in order.
    if (earlier !== undefined) this.remove(key, earlier);
    this.frames.set(key, frame);
    this.bytes += frame.bytes.length;
    return earlier !== undefined;
  }

  shift(): Frame | undefined {
    for (const [slot, frame] of this.frames) {
      this.remove(slot, frame);
      return frame;
    }
    return undefined;
  }

  private remove(slot: string | number, frame: Frame): void {
    this.frames.delete(slot);
    this.bytes -= frame.bytes.length;
  }
}
