/** What a client says when it connects (docs/push-server.md), from the phase and its number. */
import { channelAt, channelsPerClient, keyName, roomName } from '../core/audience.ts';
import { loopbackAddress } from '../core/loopback.ts';
import type { ConnectPhase } from '../core/scenario.ts';
import type { ConnectOptions, Endpoint } from '../core/transport.ts';

/**
 * What a client says that comes back: the same, but for the history, since it knows what it saw last.
 * @param lastEventId '' where it saw nothing, or is not to say so
 */
function comebackQuery(query: string | undefined, lastEventId: string): string | undefined {
  if (lastEventId === '') return query;
  const parts = (query ?? '')
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('history='));
  return [...parts, `last_event_id=${encodeURIComponent(lastEventId)}`].join('&');
}

/**
 * All that one client says. Somebody else's server knows nothing of our query: there it is a number, and a
 * header for who comes back.
 * @param client its number among those of all workers
 * @param lastEventId of who comes back; '' where it saw nothing, or is not to say so
 */
export function wordsOf(
  { dialect }: Endpoint,
  phase: ConnectPhase,
  client: number,
  lastEventId = '',
): Pick<ConnectOptions, 'query' | 'number' | 'lastEventId'> {
  if (dialect !== undefined) return { number: client, lastEventId };
  const query = comebackQuery(connectQuery(phase, client), lastEventId);
  return query === undefined ? {} : { query };
}

/** @returns undefined when there is nothing to say: then the request is the plainest there is */
export function connectQuery(phase: ConnectPhase, client: number): string | undefined {
  const { rooms, keys, addressable, history } = phase;
  const parts: string[] = [];
  if (addressable === true) parts.push('session=new');
  if (rooms !== undefined) parts.push(`room=${roomName(client % rooms)}`);
  if (keys !== undefined) {
    const audience = { kind: 'keys', count: keys.of, each: keys.each } as const;
    for (let place = 0; place < channelsPerClient(audience); place += 1) {
      parts.push(`key=${keyName(channelAt(audience, client, place))}`);
    }
  }
  if (history !== undefined && history > 0) parts.push(`history=${history}`);
  return parts.length === 0 ? undefined : parts.join('&');
}

/**
 * Where client i reaches a server that is at several addresses. Not where it connects from: a port that a
 * client has bound, to whatever address, the system gives to nobody else on the machine.
 */
export function reachOf(
  client: number,
  { addresses = 1 }: Endpoint,
): { readonly reachedAt?: string } {
  return addresses <= 1 ? {} : { reachedAt: loopbackAddress(client % addresses) };
}
