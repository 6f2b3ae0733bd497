/** What a client says when it connects (docs/push-server.md), from the phase and its number. */
import { channelAt, channelsPerClient, keyName, roomName } from '../core/audience.ts';
import type { ConnectPhase } from '../core/scenario.ts';

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
