/** Which connections are watched, and what each says by itself: the silences that a client can make. */
import type { StreamKind, Talk } from '../../core/records/probe.ts';

const NOTHING: Talk = { kind: 'nothing', everyMs: undefined };
/** Event streams have one kind of connection, so more of them show little more. */
export const MOST_STREAMS = 4;

/**
 * Over WebSocket: two say nothing, two speak without wanting an answer (a pong that nobody asked for,
 * RFC 6455, 5.5.3), and the others ping at intervals from short to nearly as long as the watching.
 * @param connections at most
 */
export function planIdle(transport: StreamKind, connections: number, maxMs: number): Talk[] {
  if (transport === 'sse')
    return Array.from({ length: Math.min(connections, MOST_STREAMS) }, () => NOTHING);
  const chatter: Talk = { kind: 'pong', everyMs: Math.min(2_000, Math.max(200, maxMs / 20)) };
  const fixed = [NOTHING, chatter, NOTHING, chatter].slice(0, Math.max(1, connections));
  const pings = Math.max(0, connections - fixed.length);
  const [shortest, longest] = [Math.min(maxMs / 12, 5_000), maxMs * 0.8];
  return [
    ...fixed,
    ...Array.from({ length: pings }, (_, n): Talk => {
      const share = pings === 1 ? 0 : n / (pings - 1);
      return { kind: 'ping', everyMs: Math.round(shortest * (longest / shortest) ** share) };
    }),
  ];
}
