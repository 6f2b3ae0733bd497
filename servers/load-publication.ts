/** What a load publishes, as the hub takes it: to everybody, to a room, or under a key. */
import type { Audience } from '../core/scenario.ts';
import type { Publication } from './hub-options.ts';

export function publicationTo({ kind }: Audience, data: Buffer, channel: number): Publication {
  if (kind === 'rooms') return { data, kind: 'json', room: `r${channel}` };
  if (kind === 'keys') return { data, kind: 'json', key: `k${channel}` };
  return { data, kind: 'json' };
}
