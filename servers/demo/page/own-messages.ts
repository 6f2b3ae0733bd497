/** Messages this tab has published: when, and which way. Each comes back in both columns. */
import type { Way } from './latency-chart.ts';
import { fieldOf, jsonOf } from './pushed-event.ts';

/** Remembered for a while: a message comes back at once or, after a cut, some seconds later. */
const REMEMBERED = 500;

export interface OwnMessages {
  /** The data to publish; its time starts now. */
  make(text: string, way: Way): unknown;
  /** @returns undefined for what somebody else has published */
  arrived(data: string): { readonly ms: number; readonly way: Way } | undefined;
}

/** @param from what this tab is called */
export function createOwnMessages(from: string): OwnMessages {
  const sent = new Map<number, { readonly atMs: number; readonly way: Way }>();
  let count = 0;
  return {
    make(text, way) {
      count += 1;
      sent.set(count, { atMs: performance.now(), way });
      sent.delete(count - REMEMBERED);
      return { from, n: count, text };
    },
    arrived(data) {
      const now = performance.now();
      const value = jsonOf(data);
      if (fieldOf(value, 'from') !== from) return undefined;
      const found = sent.get(Number(fieldOf(value, 'n')));
      return found === undefined ? undefined : { ms: now - found.atMs, way: found.way };
    },
  };
}
