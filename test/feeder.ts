/**
 * Feeds a decoder as a socket does: piece by piece, every piece in the same buffer, which holds something
 * else before, after and as soon as the decoder returns. A view kept too long, or a byte read past the
 * end, shows up as a wrong result.
 */
import type { Random } from '../core/random.ts';
import type { Decoder } from '../transports/lean/socket.ts';

/** What is around and left behind: bytes that mean something to every parser here. */
const GARBAGE = Buffer.from('\n\r\n:da\x81\x00\xff 5;a');
const MARGIN = 3;

export function feedPieces(decoder: Decoder, stream: Buffer, cuts: readonly number[]): void {
  const shared = Buffer.alloc(stream.length + 2 * MARGIN);
  let from = 0;
  for (const to of [...cuts, stream.length]) {
    shared.fill(GARBAGE);
    stream.copy(shared, MARGIN, from, to);
    decoder.feed(shared, MARGIN, MARGIN + to - from, 0);
    from = to;
  }
  shared.fill(GARBAGE);
}

/** In one piece, cut once at every place there is, and in single bytes. */
export function everyCut(stream: Buffer): readonly (readonly number[])[] {
  const places = Array.from({ length: Math.max(0, stream.length - 1) }, (_, i) => i + 1);
  return [[], ...places.map((place) => [place]), places];
}

/** A few random places, ascending; one may come twice, which makes an empty read. */
export function randomCuts(random: Random, length: number): number[] {
  return Array.from({ length: random.int(6) }, () => random.int(length + 1)).sort((a, b) => a - b);
}
