/** What a server sends to keep a connection: comments, pings, and events that repeat themselves. */

import { median } from '../../core/median.ts';
import type { Heartbeat } from '../../core/records/probe.ts';
import type { Arrival } from './connection.ts';
import { gapsOf } from './gaps.ts';

/** Longer events carry something. */
const SHORT = 80;
/** The same often enough, and evenly enough, to be no news. */
const FEWEST_REPEATS = 3;
const EVEN_SHARE = 0.3;
const SAMPLE = 40;
const NAMED = /\b(ping|pong|heart-?_?beat|keep-?_?alive)\b/i;

/** @param arrivals of one connection, in order */
export function heartbeatsOf(arrivals: readonly Arrival[]): Heartbeat[] {
  const beats: Heartbeat[] = [];
  for (const kind of ['comment', 'ping'] as const) {
    const those = arrivals.filter((one) => one.kind === kind);
    if (those.length > 0) beats.push(beatOf(kind, those));
  }
  const repeated = new Map<string, Arrival[]>();
  for (const one of arrivals) {
    if (one.kind !== 'event' || one.text.length > SHORT) continue;
    // Heartbeats often number themselves, or say the time.
    const shape = `${one.event}\n${one.text.replace(/\d+/g, '#')}`;
    repeated.set(shape, [...(repeated.get(shape) ?? []), one]);
  }
  for (const those of repeated.values()) {
    if (isBeat(those)) beats.push(beatOf('repeat', those));
  }
  return beats;
}

/** Either it is called one, or it is the same text over and over at an even pace. */
function isBeat(those: readonly Arrival[]): boolean {
  const [first] = those;
  if (first === undefined) return false;
  if (NAMED.test(first.event) || NAMED.test(first.text)) return true;
  if (those.length < FEWEST_REPEATS || those.some(({ text }) => text !== first.text)) return false;
  const gaps = gapsOf(those.map(({ at }) => at));
  const middle = median(gaps) ?? 0;
  return gaps.every((gap) => Math.abs(gap - middle) <= EVEN_SHARE * middle);
}

function beatOf(kind: Heartbeat['kind'], those: readonly Arrival[]): Heartbeat {
  const [first] = those;
  const text = [first?.event ?? '', first?.text ?? ''].filter((word) => word !== '').join(' ');
  return {
    kind,
    count: those.length,
    everyMs: median(gapsOf(those.map(({ at }) => at))),
    sample: text.length > SAMPLE ? `${text.slice(0, SAMPLE)}…` : text,
  };
}
