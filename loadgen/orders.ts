/** Whether all members of a room saw its messages in one and the same order. */
import type { OrderDigest } from './channel-tracks.ts';

/** Members whose digest is not that of most members of their room. */
export function orderDisagreements(digests: readonly OrderDigest[]): number {
  const rooms = new Map<number, Map<number, number>>();
  for (const { channel, digest } of digests) {
    const seen = rooms.get(channel) ?? new Map<number, number>();
    rooms.set(channel, seen.set(digest, (seen.get(digest) ?? 0) + 1));
  }
  let disagreements = 0;
  for (const seen of rooms.values()) {
    const members = [...seen.values()];
    disagreements += members.reduce((sum, count) => sum + count, 0) - Math.max(...members);
  }
  return disagreements;
}
